package backfill_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	"livechat_exporter/collector"
	"livechat_exporter/internal/backfill"
	"livechat_exporter/internal/budget"
	"livechat_exporter/internal/config"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// exporter is a running exporter of the workspace, at the same address as the backfill.
func (s *scenario) exporter(t *testing.T, transport http.RoundTripper) (w *collector.Workspace, ws config.Workspace) {
	t.Helper()
	ws = s.workspaces(t)[0]
	client := rocketchat.New(rocketchat.Options{
		URL: ws.URL.URL, Transport: transport, Credentials: ws.Credentials(), UserAgent: "exporter",
		Budget: budget.New(time.Now).Server(ws.Address(), ws.RateLimit), Timeout: time.Duration(ws.Timeout),
		Observe: func(rocketchat.Call) {}, Now: time.Now,
	})
	w = collector.NewWorkspace(collector.Options{
		API: client, Metrics: collector.NewAPIMetrics(ws.Routes()), Windows: ws.Windows, Rooms: ws.Rooms, Counter: ws.Counter,
		Departments: ws.Departments, Zone: ws.Timezone.Location, InactivityTimeout: time.Duration(ws.InactivityTimeout),
		MaxAge: time.Duration(ws.MaxAge), Now: time.Now, Logger: log.NewNopLogger(),
	})
	return w, ws
}

// scrapeEvery scrapes until the context ends, and returns how old the exported numbers
// became.
func scrapeEvery(ctx context.Context, w *collector.Workspace, interval time.Duration) (oldest time.Duration) {
	for ctx.Err() == nil {
		scrape, done := context.WithTimeout(ctx, 10*time.Second)
		_, release, _ := w.Scrape(scrape).Gather()
		release()
		done()
		for _, r := range w.Status() {
			if r.Resource != "departments" && !r.AskedAt.IsZero() {
				oldest = max(oldest, time.Since(r.AskedAt))
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(interval):
		}
	}
	return oldest
}

// The server's limit is divided: the exporter has what its configuration gives it, and the
// backfill the rest, or what its flag gives it.
func TestBesideARunningExporter(t *testing.T) {
	for name, test := range map[string]struct {
		calls, flag int
		interval    time.Duration
	}{
		"scraped each minute":         {calls: 6, interval: time.Minute},
		"scraped each quarter minute": {calls: 6, interval: 15 * time.Second},
		"with a flag":                 {calls: 8, flag: 2, interval: 15 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, office, func(t *testing.T, s *scenario) {
				s.settings = fmt.Sprintf("windows: [6h, 24h, 7d, today]\nrate_limit: {calls: %d, per: 1m}\n", test.calls)
				s.options.From, s.options.CallsPerMinute = "3d", test.flag
				s.Configure(func(settings *rocketchattest.Settings) {
					settings.Permissions = []string{rocketchattest.ViewLivechatManager, rocketchattest.ViewLRoom}
				})
				transport := s.Transport()
				defer transport.CloseIdleConnections()
				s.options.Transport = through(transport)
				w, ws := s.exporter(t, transport)
				defer w.Close()
				ctx, cancel := context.WithCancel(t.Context())
				var oldest time.Duration
				var scraped sync.WaitGroup
				scraped.Go(func() { oldest = scrapeEvery(ctx, w, test.interval) })
				synctest.Wait()
				begin := time.Now()
				result := s.mustRun(t)
				cancel()
				scraped.Wait()
				refused := 0
				for _, r := range s.Requests() {
					if r.Status == http.StatusTooManyRequests {
						refused++
					}
				}
				if refused > 0 {
					t.Errorf("%d calls were answered 429", refused)
				}
				if oldest > time.Duration(ws.MaxAge) {
					t.Errorf("an answer became %s old, want at most %s", oldest, ws.MaxAge)
				}
				t.Logf("%d calls in %s beside the exporter, whose numbers were at most %s old; %d answers 429",
					result.Calls, time.Since(begin).Round(time.Second), oldest, refused)
			})
		})
	}
}

func TestCallsBesideTheExporter(t *testing.T) {
	for limit, want := range map[string]struct {
		calls int
		err   string
	}{
		"{calls: 0}":           {},
		"{calls: 6, per: 1m}":  {calls: 4},
		"{calls: 6, per: 30s}": {err: "set --calls-per-minute=10"},
		"{calls: 10, per: 1m}": {err: "rate_limit: {calls: 6, per: 1m}"},
	} {
		simulate(t, habits{}, func(t *testing.T, s *scenario) {
			s.settings = "windows: [6h, 24h, 7d, today]\nrate_limit: " + limit + "\n"
			estimates, err := backfill.Estimates(s.workspaces(t), s.options)
			if want.err == "" && (err != nil || estimates[0].Limit.Calls != want.calls) || want.err != "" && (err == nil || !strings.Contains(err.Error(), want.err)) {
				t.Errorf("%s: got %+v, %v", limit, estimates, err)
			}
			s.options.CallsPerMinute = 3
			if estimates, err = backfill.Estimates(s.workspaces(t), s.options); err != nil || estimates[0].Limit.Calls != 3 {
				t.Errorf("%s: got %+v, %v with a flag", limit, estimates, err)
			}
		})
	}
}
