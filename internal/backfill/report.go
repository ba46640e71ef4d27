package backfill

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"livechat_exporter/internal/budget"
	"livechat_exporter/internal/config"
	"livechat_exporter/internal/rocketchat"
)

// Estimate is what a run takes at most.
type Estimate struct {
	Workspace   string
	First, Last time.Time // The first and last instant.
	Limit       budget.Limit
	Calls       int           // Most pasts take fewer than half.
	Time        time.Duration // That of the calls by the limit; 0 if there is none.
	Samples     int           // Those of each department.

	workspace config.Workspace
}

// Estimates returns what runs for the workspaces take, without sending anything.
func Estimates(workspaces []config.Workspace, o Options) ([]Estimate, error) {
	chosen, err := o.chosen(workspaces)
	if err != nil {
		return nil, err
	}
	var all []Estimate
	for _, ws := range chosen {
		p, err := newPlan(ws, o, o.Now())
		if err != nil {
			return nil, err
		}
		limit, err := o.limit(ws, workspaces)
		if err != nil {
			return nil, err
		}
		abandoned, opened := p.callsAtMost()
		e := Estimate{workspace: ws, Workspace: ws.Name, First: p.first, Last: p.last, Limit: limit, Calls: 1 + abandoned + opened}
		if limit.Calls > 0 { // Each route has its own.
			e.Time = time.Duration((max(abandoned, opened)+limit.Calls-1)/limit.Calls) * time.Duration(limit.Per)
		}
		series := 1 + len(p.windows)
		if p.counted {
			series += 2
		}
		if p.roomsWindow > 0 {
			series++
		}
		e.Samples = series * p.instants()
		all = append(all, e)
	}
	return all, nil
}

// accepted is how many calls of a route Rocket.Chat accepts in a minute by default
// (API_Enable_Rate_Limiter_Limit_Calls_Default).
const accepted = 10

// limit is how many calls may be sent to a workspace: what rate_limit, which a running
// exporter can use up, leaves of what the server accepts. The server counts the calls of
// both together.
func (o Options) limit(ws config.Workspace, all []config.Workspace) (budget.Limit, error) {
	limit := budget.Limit{Calls: o.CallsPerMinute, Per: model.Minute}
	if limit.Calls > 0 || ws.RateLimit.Calls == 0 {
		return limit, nil
	}
	limit.Calls = accepted - int(model.Duration(ws.RateLimit.Calls)*model.Minute/ws.RateLimit.Per)
	if limit.Calls > 0 {
		return limit, nil
	}
	round := 0
	for _, c := range config.Costs(all) {
		if c.Address == ws.Address() && c.Route == rocketchat.TotalAbandonedChats.Name {
			round = c.Calls
		}
	}
	return limit, fmt.Errorf("workspace %s: rate_limit lets a running exporter send %d calls in %s, which leaves none of the %d that Rocket.Chat accepts in a minute: "+
		"if none runs, set --calls-per-minute=%d; otherwise set rate_limit: {calls: %d, per: 1m}, or {calls: 0} if the server does not limit the account (role bot), reload the exporter, and run this command again",
		ws.Name, ws.RateLimit.Calls, ws.RateLimit.Per, accepted, accepted, min(round, accepted-1))
}

// String is the estimate for people.
func (e Estimate) String() string {
	const form = "2006-01-02 15:04 MST"
	duration := "that of the calls, one after the other"
	if e.Limit.Calls > 0 {
		duration = fmt.Sprintf("at most %s, with %d calls of a route in %s", model.Duration(e.Time), e.Limit.Calls, e.Limit.Per)
	}
	return fmt.Sprintf("%s: %s to %s\n  calls    at most %d; nights and quiet days take few\n  time     %s\n  samples  %d for each department\n",
		e.Workspace, e.First.Format(form), e.Last.Format(form), e.Calls, duration, e.Samples)
}

// Report is what was made, and how to load it, for people.
func Report(results []Result, folder string) string {
	var text strings.Builder
	first := results[0].First
	for _, r := range results {
		fmt.Fprintf(&text, "%s: %d files, %d calls\n", r.Workspace, len(r.Files), r.Calls)
		first = earlier(first, r.First)
		if len(r.LeftOut) > 0 {
			fmt.Fprintf(&text, "  left out: %s\n            Their answers contradict each other, because the past was changed meanwhile: a department was removed,\n"+
				"            or a chat was reopened or deleted. To make them, start again with an empty folder.\n", strings.Join(r.LeftOut, ", "))
		}
	}
	files := "'" + strings.ReplaceAll(folder, "'", `'\''`) + "'" + string(filepath.Separator) + "*.om" // A word of a shell's command.
	fmt.Fprintf(&text, `
Before loading: Prometheus must keep samples since %s. By default it deletes what is older than 15 days:
start it with a longer --storage.tsdb.retention.time.

Load into Prometheus, with its folder of data in place of DATA; it finds the blocks within minutes:
  for file in %s; do promtool tsdb create-blocks-from openmetrics --quiet --max-block-duration=720h "$file" DATA || break; done
Or into VictoriaMetrics:
  for file in %s; do curl --fail --silent --show-error --data-binary "@$file" http://localhost:8428/api/v1/import/prometheus || break; done
`, first.Format(time.DateOnly), files, files)
	return text.String()
}
