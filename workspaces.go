package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/version"

	"livechat_exporter/collector"
	"livechat_exporter/internal/config"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/server"
)

// maxResponseHeaderBytes is what a workspace may send as the header of one answer,
// for each call at a time. Rocket.Chat and a few proxies send some hundred bytes.
const maxResponseHeaderBytes = 64 << 10

// workspaces are the workspaces that run. They are changed by one caller at a time.
type workspaces struct {
	logger  log.Logger
	budgets *rocketchat.Budgets
	byName  map[string]*workspace
}

// workspace is one workspace that runs, and what it was made of.
type workspace struct {
	*collector.Workspace
	config      config.Workspace
	client      *rocketchat.Client
	credentials rocketchat.Credentials
	calls       *collector.APICalls
	logger      log.Logger
}

func newWorkspaces(logger log.Logger) *workspaces {
	return &workspaces{logger: logger, budgets: rocketchat.NewBudgets(time.Now)}
}

// prepare makes all of a configuration that can fail, and changes nothing yet. Then run
// puts it in the place of what runs: what did not change runs on, and what is asked the
// same as the same account keeps its answers and counts.
func (w *workspaces) prepare(ctx context.Context, cfg *config.Config) (run func() server.Running, err error) {
	transports := make(map[string]http.RoundTripper, len(cfg.Workspaces))
	for _, ws := range cfg.Workspaces {
		if running := w.byName[ws.Name]; running != nil && running.config.Equal(ws) {
			continue
		}
		if transports[ws.Name], err = newTransport(ws); err != nil {
			return nil, err
		}
	}
	return func() server.Running {
		w.stop(slices.Collect(maps.Keys(transports)))
		next := make(map[string]*workspace, len(cfg.Workspaces))
		served := server.Running{Config: cfg.Redacted()}
		for _, ws := range cfg.Workspaces {
			running := w.byName[ws.Name]
			if transport, changed := transports[ws.Name]; changed {
				running = w.start(ctx, ws, transport, running)
			}
			next[ws.Name] = running
			served.Workspaces = append(served.Workspaces, server.NamedWorkspace{Name: ws.Name, Workspace: running})
		}
		var gone []*workspace
		for name, running := range w.byName {
			if next[name] == nil {
				gone = append(gone, running)
			}
		}
		w.byName = next
		end(ctx, gone)
		return served
	}, nil
}

// close ends all workspaces.
func (w *workspaces) close(ctx context.Context) {
	end(ctx, slices.Collect(maps.Values(w.byName)))
}

// stop stops the workspaces of these names that run, all at once: each waits for its
// calls to end.
func (w *workspaces) stop(names []string) {
	var all sync.WaitGroup
	for _, name := range names {
		if running := w.byName[name]; running != nil {
			all.Go(running.stop)
		}
	}
	all.Wait()
}

// start starts a workspace in the place of another one of its name, which may be nil
// and has been stopped.
func (w *workspaces) start(ctx context.Context, ws config.Workspace, transport http.RoundTripper, before *workspace) *workspace {
	calls, credentials := collector.NewAPICalls(), credentials(ws)
	var previous *collector.Workspace
	switch {
	case before == nil:
	case before.config.SameAccount(ws):
		calls, credentials, previous = before.calls, before.credentials, before.Workspace
	default:
		end(ctx, []*workspace{before})
	}
	client := newClient(ws, transport, credentials, w.budgets, calls.Observe)
	logger := log.With(w.logger, "workspace", ws.Name)
	return &workspace{
		logger: logger, config: ws, client: client, credentials: credentials, calls: calls,
		Workspace: collector.NewWorkspace(collector.Options{
			API:               client,
			Calls:             calls,
			Windows:           windows(ws),
			Rooms:             ws.Rooms,
			Counter:           ws.Counter,
			Departments:       ws.Departments,
			Zone:              ws.Location,
			InactivityTimeout: ws.InactivityTimeout,
			MaxAge:            ws.MaxAge,
			Now:               time.Now,
			Logger:            logger,
			Previous:          previous,
		}),
	}
}

// newClient returns a client of a workspace that takes its calls from the budgets and
// tells observe of each.
func newClient(
	ws config.Workspace, transport http.RoundTripper, credentials rocketchat.Credentials,
	budgets *rocketchat.Budgets, observe func(rocketchat.Call),
) *rocketchat.Client {
	return rocketchat.New(rocketchat.Options{
		URL:         ws.URL,
		Transport:   transport,
		Credentials: credentials,
		UserAgent:   name + "/" + version.Version,
		Budget:      budgets.Server(ws.Address(), limit(ws)),
		Timeout:     ws.Timeout,
		Observe:     observe,
		Now:         time.Now,
	})
}

// limit is the workspace's rate limit as the client knows it.
func limit(ws config.Workspace) rocketchat.Limit {
	return rocketchat.Limit{Calls: ws.RateLimit.Calls, Per: ws.RateLimit.Per}
}

// stop ends the workspace's calls and connections. Its account stays logged in.
func (w *workspace) stop() {
	w.Close()
	w.client.CloseIdleConnections()
}

// logoutTimeout is how long the server may take to end a session.
const logoutTimeout = 3 * time.Second

// end stops workspaces for good, all at once: their accounts are logged out, if they had
// to log in.
func end(ctx context.Context, workspaces []*workspace) {
	var all sync.WaitGroup
	for _, w := range workspaces {
		all.Go(func() {
			w.Close()
			bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), logoutTimeout)
			defer cancel()
			if err := w.client.Logout(bounded); err != nil {
				_ = level.Warn(w.logger).Log("msg", "The session was not ended", "err", err)
			}
			w.client.CloseIdleConnections()
		})
	}
	all.Wait()
}

// credentials are what the workspace's account proves itself with.
func credentials(ws config.Workspace) rocketchat.Credentials {
	if ws.Username.IsSet() {
		return rocketchat.Login(ws.Username.Read, ws.Password.Read)
	}
	return rocketchat.AccessToken(ws.UserID.Read, ws.AuthToken.Read)
}

// newTransport returns what makes the connections to a workspace.
func newTransport(ws config.Workspace) (http.RoundTripper, error) {
	transport, err := promconfig.NewRoundTripperFromConfig(ws.HTTPClient, name)
	if err != nil {
		return nil, fmt.Errorf("workspaces.%s.http_client: %w", ws.Name, err)
	}
	// With files in tls_config it is a wrapper that makes a transport anew whenever
	// they change, which cannot be told: there Go's own limit of 10 MiB holds.
	if t, ok := transport.(*http.Transport); ok {
		t.MaxResponseHeaderBytes = maxResponseHeaderBytes
		// The library's own dialer keeps a log of each connection in memory, which
		// counts where there are hundreds of workspaces.
		t.DialContext = new(net.Dialer).DialContext
	}
	return transport, nil
}

// windows are the configured windows as the collector knows them.
func windows(ws config.Workspace) []collector.Window {
	windows := make([]collector.Window, 0, len(ws.Windows))
	for _, w := range ws.Windows {
		window := collector.RollingWindow(w.Name, w.Duration)
		if w.Calendar != "" {
			window = collector.CalendarWindow(w.Name, collector.Calendar(w.Calendar), ws.Location)
		}
		windows = append(windows, window.RefreshedEvery(w.Refresh))
	}
	return windows
}
