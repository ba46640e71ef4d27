package server_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"livechat_exporter/collector"
	"livechat_exporter/internal/server"
)

var (
	roomsDesc   = prometheus.NewDesc("livechat_department_abandoned_rooms", "Rooms.", []string{"department_id"}, nil)
	secondsDesc = prometheus.NewDesc("test_deadline_seconds", "How long the scrape may take.", nil, nil)
)

// workspace exports how long it may take, and what else collect writes.
type workspace struct {
	collect func(ctx context.Context, ch chan<- prometheus.Metric)
}

func (w workspace) Scrape(ctx context.Context) collector.Scrape { return scrape{ctx, w} }

type scrape struct {
	ctx       context.Context //nolint:containedctx // As in a collector for one request.
	workspace workspace
}

func (scrape) Describe(ch chan<- *prometheus.Desc) { ch <- roomsDesc; ch <- secondsDesc }

func (s scrape) Collect(ch chan<- prometheus.Metric) {
	deadline, _ := s.ctx.Deadline()
	ch <- prometheus.MustNewConstMetric(secondsDesc, prometheus.GaugeValue, time.Until(deadline).Seconds())
	if s.workspace.collect != nil {
		s.workspace.collect(s.ctx, ch)
	}
}

// Gather hands over what is collected, as a registry checks it.
func (s scrape) Gather() ([]*dto.MetricFamily, func(), error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(s)
	return prometheus.ToTransactionalGatherer(registry).Gather()
}

func (workspace) Status() []collector.ResourceStatus { return nil }

// setup is what a test may change before the server is made.
type setup struct {
	server.Options
	server.Running
}

// handler makes a server of one workspace, with a counter of its own as the exporter's
// metrics.
func handler(t *testing.T, change func(*setup)) (*server.Server, *bytes.Buffer) {
	t.Helper()
	logged := new(bytes.Buffer)
	s := &setup{
		Options: server.Options{
			Exporter: prometheus.NewRegistry(), MetricsPath: "/metrics", TimeoutOffset: 500 * time.Millisecond,
			Version: "1.2.3", InstrumentHandler: true, Now: time.Now, Logger: log.NewLogfmtLogger(logged),
		},
		Running: server.Running{Workspaces: []server.NamedWorkspace{{Name: "main", Workspace: workspace{}}}, Config: []byte("windows: [24h]\n")},
	}
	s.Exporter.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "exporter_own_total", Help: "Its own."}))
	if change != nil {
		change(s)
	}
	h, err := server.New(s.Options, s.Running)
	if err != nil {
		t.Fatal(err)
	}
	return h, logged
}

// get asks the handler. Headers are pairs of name and value.
func get(t *testing.T, h http.Handler, method, path string, headers ...string) (status int, header http.Header, body string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Header(), w.Body.String()
}

func TestEveryPathHasItsAnswer(t *testing.T) {
	tests := map[string]struct {
		method, path string
		status       int
		body         string
	}{
		"landing page":         {http.MethodGet, "/", 200, `href="/metrics"`},
		"its version":          {http.MethodGet, "/", 200, "1.2.3"},
		"metrics":              {http.MethodGet, "/metrics", 200, "test_deadline_seconds"},
		"its own metrics":      {http.MethodGet, "/metrics", 200, "exporter_own_total 0"},
		"requests for it":      {http.MethodGet, "/metrics", 200, "promhttp_metric_handler_requests_total"},
		"a workspace":          {http.MethodGet, "/probe?target=main", 200, "test_deadline_seconds"},
		"discovery":            {http.MethodGet, "/sd", 200, `"__param_target":"main"`},
		"configuration":        {http.MethodGet, "/config", 200, "windows: [24h]\n"},
		"healthy":              {http.MethodGet, "/-/healthy", 200, "healthy"},
		"ready":                {http.MethodGet, "/-/ready", 200, "ready"},
		"unknown":              {http.MethodGet, "/metric", 404, ""},
		"below the metrics":    {http.MethodGet, "/metrics/x", 404, ""},
		"below a workspace":    {http.MethodGet, "/probe/main", 404, ""},
		"no profiles":          {http.MethodGet, "/debug/pprof/", 404, ""},
		"posted metrics":       {http.MethodPost, "/metrics", 405, ""},
		"posted landing page":  {http.MethodPost, "/", 405, ""},
		"posted probe":         {http.MethodPost, "/probe?target=main", 405, ""},
		"posted configuration": {http.MethodPost, "/config", 405, ""},
		"fetched reload":       {http.MethodGet, "/-/reload", 405, ""},
		"deleted reload":       {http.MethodDelete, "/-/reload", 405, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h, logged := handler(t, nil)
			status, _, body := get(t, h, tt.method, tt.path)
			if status != tt.status || !strings.Contains(body, tt.body) {
				t.Errorf("got %d and %q, want %d and %q", status, body, tt.status, tt.body)
			}
			if strings.Contains(body, "pprof\"") {
				t.Error("the page links to profiles that are not there")
			}
			if logged.Len() > 0 {
				t.Errorf("logged %s", logged)
			}
		})
	}
}

func TestHealthAsksNoWorkspace(t *testing.T) {
	h, _ := handler(t, func(s *setup) {
		s.Workspaces[0].Workspace = workspace{collect: func(context.Context, chan<- prometheus.Metric) { t.Error("the workspace was asked") }}
	})
	for _, path := range []string{"/", "/-/healthy", "/-/ready", "/sd", "/config"} {
		get(t, h, http.MethodGet, path)
	}
}
