// Package backfill makes the past of a workspace: it queries the server for past periods
// within a part of the rate limit, and writes what scrapes at those times would have had as
// OpenMetrics files, one for each UTC day, that Prometheus loads.
//
// Each answer is kept in a journal beside the files, so that a run that was stopped goes
// on where it was. How few answers make all numbers: counter.go and windows.go.
package backfill

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"livechat_exporter/internal/budget"
	"livechat_exporter/internal/config"
	"livechat_exporter/internal/rocketchat"
)

// Options are what to make and how.
type Options struct {
	// From is when the past begins: a duration back such as 22d, or an RFC 3339 time.
	From string
	// Until is when it ends, an RFC 3339 time. Empty is 3 hours ago, where the part of the
	// past ends that Prometheus keeps in memory.
	Until string
	// Step is the distance of two samples. It divides an hour.
	Step time.Duration
	// Windows is whether to make the samples of the configured windows too.
	Windows bool
	// Folder takes the files. It is made if it does not exist.
	Folder string
	// Workspaces are the names of those to make a past of; none for all.
	Workspaces []string
	// Job and Instance are the labels of the target. Without Instance it is the
	// workspace's name.
	Job, Instance string
	// CallsPerMinute is how many calls may be sent; 0 for what rate_limit leaves.
	CallsPerMinute int
	UserAgent      string
	// Transport makes the connections to a workspace.
	Transport func(config.Workspace) http.RoundTripper
	Now       func() time.Time
	// Progress is called after each answer and each day.
	Progress func(Progress)
	// Retrying is called when a call failed that is sent again later.
	Retrying func(workspace string, err error)
}

// Progress is how far a workspace is.
type Progress struct {
	Workspace string
	// Calls have been answered by now. CallsLeft are the most that can follow.
	Calls, CallsLeft int
	// Done and Total count instants.
	Done, Total int
}

// Result is what was made of a workspace.
type Result struct {
	Workspace string
	First     time.Time // The first instant.
	Files     []string  // In the order of time.
	// LeftOut are the days without a file, because their answers contradict each other.
	LeftOut []string
	Calls   int
}

const logoutTimeout = 3 * time.Second // For ending a session.

// chosen are the workspaces to make a past of.
func (o Options) chosen(workspaces []config.Workspace) ([]config.Workspace, error) {
	if len(o.Workspaces) == 0 && o.Instance != "" && len(workspaces) > 1 || o.Instance != "" && len(o.Workspaces) > 1 {
		return nil, errors.New("--instance: two workspaces cannot have one instance: choose one with --workspace")
	}
	for _, name := range o.Workspaces {
		if !slices.ContainsFunc(workspaces, func(ws config.Workspace) bool { return ws.Name == name }) {
			return nil, fmt.Errorf("--workspace: there is no workspace %q in the configuration", name)
		}
	}
	return slices.DeleteFunc(slices.Clone(workspaces), func(ws config.Workspace) bool {
		return len(o.Workspaces) > 0 && !slices.Contains(o.Workspaces, ws.Name)
	}), nil
}

// Run makes the past of the workspaces, one after the other. They are those of the whole
// configuration.
func Run(ctx context.Context, workspaces []config.Workspace, o Options) ([]Result, error) {
	estimates, err := Estimates(workspaces, o) // Whatever is wrong is reported before the first call.
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("--output: %w", err)
	}
	budgets := budget.New(o.Now)
	var results []Result
	for _, e := range estimates {
		result, err := run(ctx, e.workspace, budgets.Server(e.workspace.Address(), e.Limit), o)
		if err != nil {
			return results, fmt.Errorf("workspace %s: %w", e.Workspace, err)
		}
		results = append(results, result)
	}
	return results, nil
}

// run makes the past of one workspace.
func run(ctx context.Context, ws config.Workspace, calls *budget.Server, o Options) (result Result, err error) {
	// A workspace's name can hold what a path cannot.
	base := filepath.Join(o.Folder, url.QueryEscape(ws.Name))
	instance := o.Instance
	if instance == "" {
		instance = ws.Name
	}
	journal, err := openJournal(base+".journal", o.settings(ws, instance), o.Now())
	if err != nil {
		return result, err
	}
	defer journal.close()
	if files, _ := filepath.Glob(base + "-????-??-??.om"); len(files) > 0 && len(journal.answers) == 0 {
		return result, fmt.Errorf("%s is there without a journal that it could be of: use another --output, or remove the folder's files to begin again", files[0])
	}
	p, err := newPlan(ws, o, journal.now)
	if err != nil {
		return result, err
	}
	client := rocketchat.New(rocketchat.Options{
		URL: ws.URL.URL, Transport: o.Transport(ws), Credentials: ws.Credentials(), UserAgent: o.UserAgent,
		Budget: calls, Timeout: time.Duration(ws.Timeout), Observe: func(rocketchat.Call) {}, Now: o.Now,
	})
	defer client.CloseIdleConnections()
	defer logout(ctx, client)

	result = Result{Workspace: ws.Name, First: p.first}
	done := 0 // Instants.
	progress := func() {
		total := p.instants()
		abandoned, opened := p.callsAtMost()
		left := (abandoned + opened) * (total - done) / total
		o.Progress(Progress{Workspace: ws.Name, Calls: result.Calls, CallsLeft: left, Done: done, Total: total})
	}
	answers := &answers{
		client: client, journal: journal, departments: departments{},
		retrying: func(err error) { o.Retrying(ws.Name, err) },
		answered: func(q question) {
			result.Calls++
			if q.opened {
				result.Calls++
			}
			progress()
		},
	}
	var list []rocketchat.Department
	if ws.Departments {
		if list, err = answers.list(ctx); err != nil {
			return result, err
		}
	}
	m := newMaker(&history{plan: p, answers: answers}, list)
	for _, instants := range p.days() {
		date := instants[0].Format(time.DateOnly)
		file := base + "-" + date + ".om"
		_, err := os.Stat(file) // It has its name when it is complete.
		if err != nil {
			err = m.day(ctx, instants, file, label("job", o.Job)+","+label("instance", instance))
		}
		switch {
		case err == nil:
			result.Files = append(result.Files, file)
		case errors.Is(err, errContradiction):
			result.LeftOut = append(result.LeftOut, date)
		default:
			return result, err
		}
		done += len(instants)
		progress()
	}
	return result, nil
}

// logout ends the session, if there is one, also after an interrupt.
func logout(ctx context.Context, client *rocketchat.Client) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), logoutTimeout)
	defer cancel()
	_ = client.Logout(ctx) // It expires by itself.
}

func (o Options) settings(ws config.Workspace, instance string) settings {
	s := settings{
		Workspace: ws.Name, URL: ws.URL.Redacted(), Windows: fmt.Sprintf("%t:", o.Windows), From: o.From, Until: o.Until, Step: o.Step.String(),
		Timezone: ws.Timezone.String(), Counter: ws.Counter, Rooms: ws.Rooms, Departments: ws.Departments, Job: o.Job, Instance: instance,
	}
	for _, w := range ws.Windows {
		s.Windows += fmt.Sprintf(" %s=%s%s", w.Name, w.Duration, w.Calendar)
	}
	return s
}
