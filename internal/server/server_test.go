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

	"livechat_exporter/collector"
	"livechat_exporter/internal/server"
)

const timeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"

// workspace exports how long the scrape may take, and what collect returns.
type workspace struct {
	collect func(ctx context.Context, ch chan<- prometheus.Metric)
	status  []collector.ResourceStatus
}

func (w workspace) Status() []collector.ResourceStatus { return w.status }

func (w workspace) Scrape(ctx context.Context) prometheus.TransactionalGatherer {
	registry, s := prometheus.NewRegistry(), scrape{ctx: ctx, collect: w.collect}
	registry.MustRegister(s)
	s.TransactionalGatherer = prometheus.ToTransactionalGatherer(registry)
	return s
}

type scrape struct {
	prometheus.TransactionalGatherer

	ctx     context.Context
	collect func(ctx context.Context, ch chan<- prometheus.Metric)
}

func (scrape) Describe(chan<- *prometheus.Desc) {}

func (s scrape) Collect(ch chan<- prometheus.Metric) {
	deadline, _ := s.ctx.Deadline()
	desc := prometheus.NewDesc("test_deadline_seconds", "How long the scrape may take.", nil, nil)
	ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, time.Until(deadline).Seconds())
	s.collect(s.ctx, ch)
}

func rooms(department string) prometheus.Metric {
	desc := prometheus.NewDesc("livechat_department_abandoned_rooms", "Rooms.", []string{"department_id"}, nil)
	return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, 1, department)
}

// roomsLine is the line of rooms on a page.
func roomsLine(department string) string {
	return `livechat_department_abandoned_rooms{department_id="` + department + `"} 1` + "\n"
}

// named returns workspaces that export their names as departments.
func named(names ...string) (all []server.NamedWorkspace) {
	for _, name := range names {
		all = append(all, collecting(name, func(_ context.Context, ch chan<- prometheus.Metric) { ch <- rooms(name) })...)
	}
	return all
}

// collecting returns one workspace.
func collecting(name string, collect func(context.Context, chan<- prometheus.Metric)) []server.NamedWorkspace {
	return []server.NamedWorkspace{{Name: name, Workspace: workspace{collect: collect}}}
}

// hanging returns a workspace that does not answer until the scrape ends.
func hanging(name string) []server.NamedWorkspace {
	return collecting(name, func(ctx context.Context, _ chan<- prometheus.Metric) { <-ctx.Done() })
}

// unscraped returns a workspace that must not be scraped.
func unscraped(t *testing.T, name string, status ...collector.ResourceStatus) server.NamedWorkspace {
	t.Helper()
	collect := func(context.Context, chan<- prometheus.Metric) { t.Errorf("workspace %s was scraped", name) }
	return server.NamedWorkspace{Name: name, Workspace: workspace{collect, status}}
}

// setup is what a test may change before the server is made.
type setup struct {
	server.Options
	server.Running
}

// handler returns a server of one workspace, main, and its log.
func handler(t *testing.T, change func(*setup)) (*server.Server, *bytes.Buffer) {
	t.Helper()
	logged := new(bytes.Buffer)
	s := &setup{
		Options: server.Options{
			Exporter: prometheus.NewRegistry(), MetricsPath: "/metrics", TimeoutOffset: 500 * time.Millisecond,
			Version: "1.2.3", InstrumentHandler: true, Now: time.Now, Logger: log.NewLogfmtLogger(logged),
		},
		Running: server.Running{Workspaces: named("main"), Config: []byte("windows: [24h]\n")},
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

// get sends a GET request to the handler. Headers are pairs of name and value.
func get(t *testing.T, h http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPaths(t *testing.T) {
	h, logged := handler(t, func(s *setup) { s.EnableProfiles = true })
	off, _ := handler(t, func(s *setup) { s.InstrumentHandler = false })
	for _, tt := range []struct {
		handler      http.Handler
		method, path string
		status       int
		body         string
	}{
		{h, http.MethodGet, "/", 200, "1.2.3"},
		{h, http.MethodGet, "/metrics", 200, roomsLine("main")},
		{h, http.MethodGet, "/metrics", 200, "\nexporter_own_total 0\n"},
		{h, http.MethodGet, "/metrics", 200, `promhttp_metric_handler_errors_total{cause="gathering"} 0`},
		{h, http.MethodGet, "/probe?target=main", 200, roomsLine("main")},
		{h, http.MethodGet, "/sd", 200, `"__param_target":"main"`},
		{h, http.MethodGet, "/config", 200, "windows: [24h]\n"},
		{h, http.MethodGet, "/-/healthy", 200, "livechat_exporter is healthy.\n"},
		{h, http.MethodGet, "/-/ready", 200, "livechat_exporter is ready.\n"},
		{h, http.MethodGet, "/debug/pprof/", 200, "goroutine"},
		{h, http.MethodGet, "/metric", 404, ""},
		{h, http.MethodPost, "/", 405, ""},
		{h, http.MethodPost, "/metrics", 405, ""},
		{h, http.MethodPost, "/probe?target=main", 405, ""},
		{h, http.MethodPost, "/config", 405, ""},
		{off, http.MethodGet, "/debug/pprof/", 404, ""},
		{off, http.MethodGet, "/metrics", 200, roomsLine("main")},
	} {
		w := httptest.NewRecorder()
		tt.handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, http.NoBody))
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.body) {
			t.Errorf("%s %s: got %d and %s, want %d and %q", tt.method, tt.path, w.Code, w.Body, tt.status, tt.body)
		}
		if tt.handler == off && strings.Contains(w.Body.String(), "promhttp_") {
			t.Errorf("the metrics of the handler are not off: %s", w.Body)
		}
	}
	if logged.Len() > 0 {
		t.Errorf("logged %s", logged)
	}
}

// No page belongs into a frame of another site, unless the web configuration file, which
// exporter-toolkit applies first, says otherwise.
func TestFrames(t *testing.T) {
	h, _ := handler(t, nil)
	for _, path := range []string{"/", "/metrics", "/config", "/nothing"} {
		for configured, want := range map[string]string{"": "deny", "sameorigin": "sameorigin"} {
			w := httptest.NewRecorder()
			w.Header().Set("X-Frame-Options", configured)
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
			if got := w.Header().Get("X-Frame-Options"); got != want {
				t.Errorf("%s: got %q, want %q", path, got, want)
			}
		}
	}
}

func TestMetricsPath(t *testing.T) {
	const slash, taken = "must begin with a slash", "is taken by another page"
	for path, want := range map[string]string{
		"/metrics": "", "/chat/livechat-metrics_1.0~": "",
		"": slash, "metrics": slash, "/metrics/": slash, "/a//b": slash, "/a/../b": slash, "/{x}": slash, "/a b": slash, "/<script>": slash, "/métriques": slash,
		"/": taken, "/-/ready": taken, "/-/healthy": taken, "/-/reload": taken, "/probe": taken, "/sd": taken, "/config": taken,
		"/debug/pprof": taken, "/debug/pprof/x": taken,
	} {
		h, err := server.New(server.Options{Exporter: prometheus.NewRegistry(), MetricsPath: path, Now: time.Now, Logger: log.NewNopLogger()}, server.Running{})
		if ok := err == nil && get(t, h, path).Code == 200; ok != (want == "") || !ok && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want %q", path, err, want)
		}
	}
}
