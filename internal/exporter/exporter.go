// Package exporter runs the configured workspaces behind the HTTP server: it loads the
// configuration, builds what it needs, replaces what runs, and ends what is gone.
package exporter

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/internal/budget"
	"livechat_exporter/internal/config"
	"livechat_exporter/internal/server"
)

// Options are what an [Exporter] needs. All are required.
type Options struct {
	// ConfigFile is read at the start and at each reload.
	ConfigFile string
	// LookupEnv looks up the variables of the configuration, as os.LookupEnv does.
	LookupEnv func(string) (string, bool)
	// UserAgent names the program and its version to the workspaces.
	UserAgent string
	// Server are the options of the HTTP server. Its Reload is set here.
	Server server.Options
	// EnableReload allows a reload over HTTP.
	EnableReload bool
	// Now is the clock.
	Now func() time.Time
	// Logger logs reloads, and what the workspaces log.
	Logger log.Logger
}

// Exporter is the running exporter. It is safe for concurrent use.
type Exporter struct {
	options Options
	budgets *budget.Budgets
	server  *server.Server

	turn       chan struct{} // Holds one while the workspaces are replaced.
	workspaces map[string]*workspace

	reloadSuccessful, reloadTimestamp prometheus.Gauge
}

// New loads the configuration and runs it. The error joins all mistakes of the
// configuration, and contains no credential.
func New(ctx context.Context, options Options) (*Exporter, error) {
	e := &Exporter{
		options: options, budgets: budget.New(options.Now), turn: make(chan struct{}, 1),
		reloadSuccessful: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "livechat_exporter_config_last_reload_successful",
			Help: "1 if the latest attempt to load the configuration succeeded, 0 if it failed and an older one is running.",
		}),
		reloadTimestamp: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "livechat_exporter_config_last_reload_success_timestamp_seconds",
			Help: "When the running configuration was loaded.",
		}),
	}
	options.Server.Exporter.MustRegister(e.reloadSuccessful, e.reloadTimestamp)
	if options.EnableReload {
		options.Server.Reload = e.Reload
	}
	cfg, err := config.Load(ctx, options.ConfigFile, options.LookupEnv)
	if err != nil {
		return nil, err
	}
	e.server, err = server.New(options.Server, e.replace(ctx, cfg))
	if err != nil {
		return nil, fmt.Errorf("--web.telemetry-path: %w", err)
	}
	return e, nil
}

// ServeHTTP implements http.Handler.
func (e *Exporter) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.server.ServeHTTP(w, r) }

// Reload loads the configuration and runs it, and returns when that is done. If it returns
// an error, the old configuration is still running. A call during another reload waits
// and then reloads too, so that what was written to the file before the call is always
// read; waiting ends when ctx does.
func (e *Exporter) Reload(ctx context.Context) error {
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return fmt.Errorf("wait for another reload: %w", context.Cause(ctx))
	}
	cfg, err := config.Load(ctx, e.options.ConfigFile, e.options.LookupEnv)
	if err != nil {
		e.reloadSuccessful.Set(0)
		level.Error(e.options.Logger).Log("msg", "Reload failed, the old configuration is still running",
			"err", strings.ReplaceAll(err.Error(), "\n", "; "))
		return err
	}
	e.server.Replace(e.replace(ctx, cfg))
	level.Info(e.options.Logger).Log("msg", "Reloaded the configuration")
	return nil
}

// Close waits for a reload in progress, and ends all workspaces. There is no reload after
// it.
func (e *Exporter) Close(ctx context.Context) {
	e.turn <- struct{}{}
	end(ctx, slices.Collect(maps.Values(e.workspaces)), true)
}

// replace runs the configuration in place of the old one, and returns what to serve.
// Unchanged workspaces run on. A changed one with the same account keeps its answers,
// counters and session; the others end.
func (e *Exporter) replace(ctx context.Context, cfg *config.Config) server.Running {
	var changed, gone []*workspace
	for _, old := range e.workspaces {
		i := slices.IndexFunc(cfg.Workspaces, func(ws config.Workspace) bool { return ws.Name == old.config.Name })
		switch {
		case i < 0 || !old.config.SameAccount(cfg.Workspaces[i]):
			gone = append(gone, old)
			delete(e.workspaces, old.config.Name)
		case !old.config.Equal(cfg.Workspaces[i]), old.config.HTTPClient.TLSConfig.CAFile != "": // Which was read anew.
			changed = append(changed, old)
		}
	}
	end(ctx, changed, false)
	running := server.Running{Config: cfg.Redacted()}
	next := make(map[string]*workspace, len(cfg.Workspaces))
	for _, ws := range cfg.Workspaces {
		old := e.workspaces[ws.Name]
		if next[ws.Name] = old; old == nil || slices.Contains(changed, old) {
			next[ws.Name] = e.start(ws, old)
		}
		running.Workspaces = append(running.Workspaces, server.NamedWorkspace{Name: ws.Name, Workspace: next[ws.Name].collector})
	}
	e.workspaces = next
	end(ctx, gone, true)
	e.reloadSuccessful.Set(1)
	e.reloadTimestamp.Set(float64(e.options.Now().UnixMilli()) / 1e3)
	return running
}
