package server

import (
	"context"
	"slices"
	"strings"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"livechat_exporter/collector"
)

// Workspace is what the server needs of a workspace. It must be safe for concurrent
// use.
type Workspace interface {
	// Scrape makes one scrape, which ends when ctx does.
	Scrape(ctx context.Context) collector.Scrape
	// Status says how each resource stands. It asks the workspace nothing.
	Status() []collector.ResourceStatus
}

// NamedWorkspace is a workspace with its name in the configuration, which is its
// target in /probe and its instance in /sd.
type NamedWorkspace struct {
	Name      string
	Workspace Workspace
}

// Running is a configuration as the server serves it. It is a value: nothing may
// change in it once it has been handed over.
type Running struct {
	// Workspaces are those of the configuration. Their names differ.
	Workspaces []NamedWorkspace
	// Config is the text of the configuration, as /config shows it: without
	// secrets.
	Config []byte
}

// ordered returns a copy with its workspaces in the order of their names, in which
// they are found and listed.
func ordered(r Running) *Running {
	r.Workspaces = slices.SortedFunc(slices.Values(r.Workspaces), func(a, b NamedWorkspace) int {
		return strings.Compare(a.Name, b.Name)
	})
	return &r
}

// find returns the workspace of that name.
func (r *Running) find(name string) (workspace NamedWorkspace, ok bool) {
	i, ok := slices.BinarySearchFunc(r.Workspaces, name, func(w NamedWorkspace, name string) int {
		return strings.Compare(w.Name, name)
	})
	if !ok {
		return NamedWorkspace{}, false
	}
	return r.Workspaces[i], true
}

// only returns the workspace whose metrics stand on the page of the exporter's own:
// the one that is configured, where there is no more than one.
func (r *Running) only() (workspace NamedWorkspace, ok bool) {
	if len(r.Workspaces) != 1 {
		return NamedWorkspace{}, false
	}
	return r.Workspaces[0], true
}

// Replace puts another configuration in the place of the one that is served.
// Requests that have begun end on what they began with. It may be called at any
// time; of two calls at once, either may be the last.
func (s *Server) Replace(running Running) {
	next := ordered(running)
	before := s.running.Swap(next)
	warnOfMovedMetrics(s.options.Logger, s.options.MetricsPath, before, next)
}

// warnOfMovedMetrics warns where a scrape of the page of the exporter's own metrics
// finds other workspace's metrics there than before: nothing else would tell why
// series end, are there twice, or go on with another workspace's numbers.
func warnOfMovedMetrics(logger log.Logger, metricsPath string, before, after *Running) {
	was, had := before.only()
	is, has := after.only()
	logger = log.With(level.Warn(logger), "path", metricsPath)
	switch {
	case had && has && was.Name != is.Name:
		_ = logger.Log("msg", "The page now has another workspace's metrics: where it is scraped, have the workspace discovered from "+discoveryPath+" instead, so that its series keep their instance",
			"workspace", is.Name, "before", was.Name)
	case had && !has:
		_ = logger.Log("msg", "The page no longer has a workspace's metrics, because there is not exactly one workspace: have them discovered from "+discoveryPath+", or scrape "+probePath+"?target=NAME",
			"before", was.Name)
	case has && !had:
		_ = logger.Log("msg", "The page now has the metrics of the only workspace too: scrape either it or "+probePath+"?target=NAME, so that they are not stored twice",
			"workspace", is.Name)
	}
}
