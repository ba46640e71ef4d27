package main

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/demo/traffic"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// workspace is a simulated workspace and what the exporter exports of it: the same names,
// labels and rules as the exporter's own pages, counted from the rooms.
type workspace struct {
	company     traffic.Generator
	departments map[string]string // names by id, none included
	ledgers     map[string]*ledger
	calls       *calls
	troubles    []trouble
	resources   []resource // in a fixed order
	// every is how many scrapes there are to an answer about a window: the budget reaches
	// for no more.
	every int

	answered map[resource]time.Time
	scrapes  int
}

// resource is something that is asked for, in a window.
type resource struct {
	name, window string
}

// trouble is a time without valid answers of a resource.
type trouble struct {
	resource string
	outcome  string
	from, to time.Time
}

// windows are those of the exporter's default configuration. 0 is today.
var windows = map[string]time.Duration{"6h": 6 * time.Hour, "24h": day, "7d": week, "today": 0}

// mainWorkspace is the company of the demo.
func mainWorkspace(now time.Time, w weather) *workspace {
	departments, incidents := traffic.Departments(), []incident{earlier, present}
	switch {
	case w.departments == 1:
		departments = departments[:1]
	case w.departments > 0:
		departments = traffic.Branches(w.departments)
	}
	if w.quiet {
		incidents = nil
	}
	return newWorkspace(now, w, departments, 1, incidents)
}

// partnersWorkspace is a second one with fewer departments, of the same ids.
func partnersWorkspace(now time.Time, weather weather) *workspace {
	all := traffic.Departments()
	departments := append(slices.Clone(all[:4]), all[len(all)-1])
	for i, name := range []string{"Partner Sales", "Partner Support", "Partner Billing", "Partner Orders"} {
		departments[i].Name = name
	}
	w := newWorkspace(now, weather, departments, 2, nil)
	w.every = 2
	w.troubles = []trouble{
		{resource: "rooms", outcome: "forbidden", from: now.Add(-200 * time.Minute), to: now.Add(-150 * time.Minute)},
		{resource: "abandoned_rooms", outcome: "server_error", from: now.Add(-100 * time.Minute), to: now.Add(-85 * time.Minute)},
		{resource: "abandonments", outcome: "server_error", from: now.Add(-100 * time.Minute), to: now.Add(-85 * time.Minute)},
	}
	return w
}

func newWorkspace(now time.Time, weather weather, departments []traffic.Department, seed uint64, incidents []incident) *workspace {
	rooms := chats(now, departments, seed, incidents)
	w := &workspace{
		company:     company(departments, seed),
		departments: map[string]string{none: "(no department)"},
		ledgers:     ledgers(rooms),
		calls:       newCalls(seed),
		resources:   resources(weather),
		every:       1,
		answered:    make(map[resource]time.Time),
	}
	for i := range departments {
		if d := departments[i].Department; d.ID != "" {
			w.departments[d.ID] = d.Name
		}
	}
	for id := range w.departments {
		if w.ledgers[id] == nil { // No chat yet.
			w.ledgers[id] = new(ledger)
		}
	}
	return w
}

// chats are all chats of a workspace, as far back as the counter looks when the history
// begins.
func chats(now time.Time, departments []traffic.Department, seed uint64, incidents []incident) []rocketchattest.Room {
	rooms := company(departments, seed).Rooms(now.Add(-13*week), now)
	for _, i := range incidents {
		rooms = append(rooms, i.rooms(now)...)
	}
	return rooms
}

func company(departments []traffic.Department, seed uint64) traffic.Generator {
	return traffic.Generator{Seed: seed, Departments: departments, Location: time.UTC}
}

// seconds is how long a scrape takes: longer in the busy hours.
func (*workspace) seconds(at time.Time) float64 {
	busy := math.Exp(-math.Pow(float64(at.Hour())+float64(at.Minute())/60-14, 2) / 18)
	return 0.2 + 0.6*busy + 0.2*rand.New(rand.NewPCG(uint64(at.Unix()), 7)).Float64() //nolint:gosec // G115, G404: it must be repeatable, not secret.
}

// observe implements observer: it asks for everything at a moment.
func (w *workspace) observe(s scrape) prometheus.Collector {
	w.scrapes++
	p := &page{workspace: w, scrape: s, state: make(map[resource]state)}
	for i, r := range w.resources {
		p.state[r] = w.ask(r, s.at, !s.whole || r.window == "" || (w.scrapes+i/2)%w.every == 0)
	}
	return p
}

// resources are all that is asked for.
func resources(w weather) []resource {
	var list []resource
	for _, window := range slices.Sorted(maps.Keys(windows)) {
		list = append(list, resource{"abandoned_rooms", window})
		if !w.lean {
			list = append(list, resource{"rooms", window})
		}
	}
	if !w.lean {
		list = append(list, resource{"abandonments", "month"})
	}
	return append(list, resource{"departments", ""}, resource{"chats_waiting", ""}, resource{"agents", ""})
}

// state is how a resource stands after a scrape.
type state struct {
	failing bool
	asked   time.Time // the last good answer
}

// ask asks for a resource, if an answer is due and the budget reaches for it.
func (w *workspace) ask(r resource, at time.Time, affordable bool) state {
	last := w.answered[r]
	wait := time.Duration(0)
	if r.name == "departments" {
		wait = 5 * time.Minute
	}
	for _, t := range w.troubles {
		if t.resource == r.name && !at.Before(t.from) && at.Before(t.to) {
			w.calls.count(r.name, t.outcome)
			return state{failing: true, asked: last}
		}
	}
	switch {
	case !last.IsZero() && at.Sub(last) < wait:
	case !last.IsZero() && !affordable:
		w.calls.deferred(r.name)
	default:
		w.calls.count(r.name, "ok")
		last = at
		w.answered[r] = at
	}
	return state{asked: last}
}

// period is what a resource's answer covers.
func (r resource) period(asked time.Time) (start, end time.Time) {
	switch r.window {
	case "month":
		return monthOf(asked), asked
	case "today":
		return asked.Truncate(day), asked
	default:
		return asked.Add(-windows[r.window]), asked
	}
}

// monthOf is the beginning of a moment's month.
func monthOf(at time.Time) time.Time {
	return time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// abandonments is the counter: the abandoned rooms that closed since the month began,
// among those that were opened since the month before it.
func (l *ledger) abandonments(at time.Time) int {
	month := monthOf(at)
	before := month.AddDate(0, -1, 0)
	return l.abandonedIn(before, at) - l.abandonedIn(before, month.Add(-time.Millisecond))
}
