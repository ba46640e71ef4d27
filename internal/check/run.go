package check

import (
	"context"
	"sync"
	"time"
)

// Options are how to check.
type Options struct {
	// Offline sends nothing.
	Offline bool
	// Interval is the time between two scrapes.
	Interval time.Duration
	// TimeLimit bounds the whole check.
	TimeLimit time.Duration
	// Now is the clock.
	Now func() time.Time
}

// maxServers is how many servers are tried at once.
const maxServers = 32

// Run checks the workspaces. Those of one server address are tried one after the other,
// because they share its budget. It returns when TimeLimit has passed or ctx has ended;
// then what was not tried has failed.
func Run(ctx context.Context, workspaces []Workspace, options Options) Report {
	report := Report{FormatVersion: FormatVersion, Offline: options.Offline, Workspaces: make([]WorkspaceReport, len(workspaces))}
	ctx, cancel := context.WithTimeout(ctx, options.TimeLimit)
	defer cancel()
	turns := make(chan struct{}, maxServers)
	var all sync.WaitGroup
	for _, places := range byAddress(workspaces) {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			for _, i := range places {
				report.Workspaces[i] = one(ctx, workspaces[i], options)
			}
		})
	}
	all.Wait()
	report.Configuration = []Result{{Check: Configuration, Status: OK, Found: "the configuration is right: " + many(len(workspaces), "workspace") + " to check"}}
	report.close()
	return report
}

// byAddress returns the places of the workspaces of each server address.
func byAddress(workspaces []Workspace) map[string][]int {
	places := make(map[string][]int)
	for i, w := range workspaces {
		places[w.Address] = append(places[w.Address], i)
	}
	return places
}

// one checks one workspace.
func one(ctx context.Context, w Workspace, options Options) WorkspaceReport {
	a := newAttempt(w, options)
	if !options.Offline {
		a.run(ctx)
	}
	results := []Result{a.credentials(), a.windows(), a.budget()}
	if options.Offline {
		results = append(results, unasked()...)
	} else {
		results = append(results, a.reachability(), a.tls(), a.clock(), a.account())
		results = append(results, a.routes()...)
		results = append(results, a.licence(), a.departments(), a.paging(), a.rateLimit())
	}
	return WorkspaceReport{Name: w.Name, URL: a.address(), Release: a.release, Calls: a.sent.reached(), Results: results}
}

// unasked returns the results that only the server can give, where it is not asked.
func unasked() []Result {
	const why = "nothing is sent with --offline"
	results := []Result{skipped(Reachability, why), skipped(TLS, why), skipped(Clock, why), skipped(Account, why)}
	for _, route := range analysed() {
		results = append(results, Result{Check: Route, Route: route, Status: Skipped, Found: why})
	}
	return append(results, skipped(Licence, why), skipped(Departments, why), skipped(Paging, why), skipped(RateLimit, why))
}

func skipped(name, why string) Result {
	return Result{Check: name, Status: Skipped, Found: why}
}
