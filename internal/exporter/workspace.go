package exporter

import (
	"context"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"livechat_exporter/collector"
	"livechat_exporter/internal/config"
	"livechat_exporter/internal/rocketchat"
)

// workspace is one running workspace, and what it was made of.
type workspace struct {
	config      config.Workspace
	collector   *collector.Workspace
	client      *rocketchat.Client
	credentials rocketchat.Credentials
	metrics     *collector.APIMetrics
	logger      log.Logger
}

// start starts a workspace. Previous is a stopped one of the same account, or nil.
func (e *Exporter) start(ws config.Workspace, previous *workspace) *workspace {
	w := &workspace{config: ws, logger: log.With(e.options.Logger, "workspace", ws.Name)}
	var state *collector.Workspace
	if previous != nil {
		w.credentials, w.metrics, state = previous.credentials, previous.metrics, previous.collector
	} else {
		w.credentials, w.metrics = ws.Credentials(), collector.NewAPIMetrics(ws.Routes())
	}
	w.client = rocketchat.New(rocketchat.Options{
		URL:         ws.URL.URL,
		Transport:   ws.Transport(),
		Credentials: w.credentials,
		UserAgent:   e.options.UserAgent,
		Budget:      e.budgets.Server(ws.Address(), ws.RateLimit),
		Timeout:     time.Duration(ws.Timeout),
		Observe:     w.metrics.Observe,
		Now:         e.options.Now,
	})
	w.collector = collector.NewWorkspace(collector.Options{
		API:               w.client,
		Metrics:           w.metrics,
		Windows:           ws.Windows,
		Rooms:             ws.Rooms,
		Counter:           ws.Counter,
		Live:              ws.Live,
		Departments:       ws.Departments,
		Zone:              ws.Timezone.Location,
		InactivityTimeout: time.Duration(ws.InactivityTimeout),
		MaxAge:            time.Duration(ws.MaxAge),
		Now:               e.options.Now,
		Logger:            w.logger,
		Previous:          state,
	})
	return w
}

// logoutTimeout is how long the server may take to end a session.
const logoutTimeout = 3 * time.Second

// end ends the calls of workspaces, all at once. Their accounts are logged out unless
// another workspace goes on with the sessions.
func end(ctx context.Context, workspaces []*workspace, logout bool) {
	ctx = context.WithoutCancel(ctx)
	var all sync.WaitGroup
	for _, w := range workspaces {
		all.Go(func() {
			w.collector.Close()
			if logout {
				bounded, cancel := context.WithTimeout(ctx, logoutTimeout)
				defer cancel()
				if err := w.client.Logout(bounded); err != nil {
					level.Warn(w.logger).Log("msg", "Logout failed", "err", err)
				}
			}
			w.client.CloseIdleConnections()
		})
	}
	all.Wait()
}
