package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/collector"
)

// Workspace is what the server needs of a workspace. It must be safe for concurrent use.
type Workspace interface {
	// Scrape returns the metrics of one scrape, which ends when ctx does.
	Scrape(ctx context.Context) prometheus.TransactionalGatherer
	// Status returns the state of each resource. It sends no calls.
	Status() []collector.ResourceStatus
}

// NamedWorkspace is a workspace and its name in the configuration, which is its target in
// /probe and its instance in /sd.
type NamedWorkspace struct {
	Name      string
	Workspace Workspace
}

// Running is a configuration as the server serves it. It must not change once the server
// has it.
type Running struct {
	// Workspaces have unique names. They are listed in this order.
	Workspaces []NamedWorkspace
	// Config is the text of /config, without secrets.
	Config []byte
}

// only returns the workspace whose metrics are on the exporter's own page too: the one
// that is configured. It has no name if there is not exactly one.
func (r *Running) only() (only NamedWorkspace) {
	if len(r.Workspaces) == 1 {
		only = r.Workspaces[0]
	}
	return only
}

// Replace serves another configuration from now on. Requests in flight end on the one
// that they began with.
func (s *Server) Replace(running Running) {
	before, after := s.running.Swap(&running).only().Name, running.only().Name
	if before != after { // Nothing else explains why series end, exist twice or jump there.
		level.Warn(s.options.Logger).Log("msg", "The page has the metrics of the only workspace, which is another one now or none: "+
			"have workspaces discovered from "+discoveryPath+" instead", "path", s.options.MetricsPath, "before", before, "now", after)
	}
}

// config serves the running configuration.
func (s *Server) config(w http.ResponseWriter, _ *http.Request) {
	writeText(w, string(s.running.Load().Config))
}

// reload reloads the configuration and answers when that is done.
func (s *Server) reload(w http.ResponseWriter, r *http.Request) {
	if s.options.Reload == nil {
		http.Error(w, "reloading over HTTP is off: start the exporter with --web.enable-lifecycle, or send it SIGHUP", http.StatusForbidden)
		return
	}
	// A reload can take longer than the server's write timeout, and goes on if the client
	// hangs up.
	setWriteDeadline(w, time.Time{})
	err := s.options.Reload(context.WithoutCancel(r.Context()))
	setWriteDeadline(w, time.Now().Add(sendTimeout))
	if err != nil {
		http.Error(w, fmt.Sprintf("the configuration was not reloaded, the old one is still running:\n%v", err), http.StatusInternalServerError)
		return
	}
	writeText(w, "The configuration was reloaded.\n")
}
