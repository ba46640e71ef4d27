package server_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

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

func (w workspace) Scrape(ctx context.Context) prometheus.Collector { return scrape{ctx, w} }

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

// handler makes a server with a counter of its own as the exporter's metrics.
func handler(t *testing.T, change func(*server.Options)) (http.Handler, *bytes.Buffer) {
	t.Helper()
	logged := new(bytes.Buffer)
	exporter := prometheus.NewRegistry()
	exporter.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "exporter_own_total", Help: "Its own."}))
	options := server.Options{
		Workspace: workspace{}, Exporter: exporter, MetricsPath: "/metrics", TimeoutOffset: 500 * time.Millisecond,
		Version: "1.2.3", InstrumentHandler: true, Logger: log.NewLogfmtLogger(logged),
	}
	if change != nil {
		change(&options)
	}
	h, err := server.New(options)
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
		"landing page":        {http.MethodGet, "/", 200, `href="/metrics"`},
		"its version":         {http.MethodGet, "/", 200, "1.2.3"},
		"metrics":             {http.MethodGet, "/metrics", 200, "test_deadline_seconds"},
		"its own metrics":     {http.MethodGet, "/metrics", 200, "exporter_own_total 0"},
		"requests for it":     {http.MethodGet, "/metrics", 200, "promhttp_metric_handler_requests_total"},
		"healthy":             {http.MethodGet, "/-/healthy", 200, "healthy"},
		"ready":               {http.MethodGet, "/-/ready", 200, "ready"},
		"unknown":             {http.MethodGet, "/metric", 404, ""},
		"below the metrics":   {http.MethodGet, "/metrics/x", 404, ""},
		"no profiling":        {http.MethodGet, "/debug/pprof/", 404, ""},
		"posted metrics":      {http.MethodPost, "/metrics", 405, ""},
		"posted landing page": {http.MethodPost, "/", 405, ""},
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
	h, _ := handler(t, func(o *server.Options) {
		o.Workspace = workspace{collect: func(context.Context, chan<- prometheus.Metric) { t.Error("the workspace was asked") }}
	})
	for _, path := range []string{"/", "/-/healthy", "/-/ready"} {
		get(t, h, http.MethodGet, path)
	}
}

func TestAScrapeEndsBeforeTheScraperGivesUp(t *testing.T) {
	for name, tt := range map[string]struct{ header, want string }{
		"no header":                 {"", "10"},
		"less the offset":           {"15", "14.5"},
		"a fraction":                {"2.25", "1.75"},
		"just over the offset":      {"0.6", "0.1"},
		"the offset":                {"0.5", "0.25"},
		"less than the offset":      {"0.1", "0.05"},
		"longer than a duration is": {"1e300", "86399.5"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, _ := handler(t, nil)
				var headers []string
				if tt.header != "" {
					headers = []string{"X-Prometheus-Scrape-Timeout-Seconds", tt.header}
				}
				status, _, body := get(t, h, http.MethodGet, "/metrics", headers...)
				if want := "\ntest_deadline_seconds " + tt.want + "\n"; status != 200 || !strings.Contains(body, want) {
					t.Errorf("got %d and %s, want %q", status, body, want)
				}
			})
		})
	}
}

func TestAnUnusableScrapeTimeoutIsRefused(t *testing.T) {
	for _, header := range []string{"0", "-1", "x", "10s", "NaN", "Inf", "+Inf", "-Inf", " "} {
		h, _ := handler(t, func(o *server.Options) {
			o.Workspace = workspace{collect: func(context.Context, chan<- prometheus.Metric) { t.Error("the workspace was asked") }}
		})
		status, _, body := get(t, h, http.MethodGet, "/metrics", "X-Prometheus-Scrape-Timeout-Seconds", header)
		if status != 400 || !strings.Contains(body, "X-Prometheus-Scrape-Timeout-Seconds must be a positive number") {
			t.Errorf("%q: got %d and %q, want 400 and what to do", header, status, body)
		}
	}
}

func FuzzScrapeTimeout(f *testing.F) {
	for _, text := range []string{"10", "0.5", "1e-320", "NaN", "0x1p-2"} {
		f.Add(text)
	}
	h, _ := handler(&testing.T{}, nil)
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
		r.Header["X-Prometheus-Scrape-Timeout-Seconds"] = []string{header}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 && w.Code != 400 {
			t.Errorf("%q: got %d", header, w.Code)
		}
	})
}

func TestTheScraperGoingAwayEndsTheScrape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := handler(t, func(o *server.Options) {
			o.Workspace = workspace{collect: func(ctx context.Context, _ chan<- prometheus.Metric) { <-ctx.Done() }}
		})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		begin := time.Now()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics", http.NoBody))
		if took := time.Since(begin); took != time.Second {
			t.Errorf("the scrape took %v, want 1 s", took)
		}
	})
}

func TestEveryFormatIsServed(t *testing.T) {
	h, _ := handler(t, func(o *server.Options) {
		o.Workspace = workspace{collect: func(_ context.Context, ch chan<- prometheus.Metric) {
			ch <- prometheus.MustNewConstMetric(roomsDesc, prometheus.GaugeValue, 77, "a\"b\n\\")
		}}
	})
	for name, format := range map[string]expfmt.Format{
		"text":     expfmt.NewFormat(expfmt.TypeTextPlain),
		"protobuf": expfmt.NewFormat(expfmt.TypeProtoDelim),
	} {
		t.Run(name, func(t *testing.T) {
			_, header, body := get(t, h, http.MethodGet, "/metrics", "Accept", string(format))
			decoder := expfmt.NewDecoder(strings.NewReader(body), expfmt.ResponseFormat(header))
			found := false
			for {
				family := new(dto.MetricFamily)
				if err := decoder.Decode(family); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				if family.GetName() == "livechat_department_abandoned_rooms" {
					m := family.GetMetric()[0]
					found = m.GetGauge().GetValue() == 77 && m.GetLabel()[0].GetValue() == "a\"b\n\\"
				}
			}
			if !found {
				t.Errorf("the number is not on the page: %q", body)
			}
		})
	}
	t.Run("OpenMetrics", func(t *testing.T) {
		_, header, body := get(t, h, http.MethodGet, "/metrics", "Accept", "application/openmetrics-text;version=1.0.0")
		if !strings.HasPrefix(header.Get("Content-Type"), "application/openmetrics-text") || !strings.HasSuffix(body, "# EOF\n") ||
			!strings.Contains(body, `livechat_department_abandoned_rooms{department_id="a\"b\n\\"} 77.0`) {
			t.Errorf("got %s: %s", header.Get("Content-Type"), body)
		}
		if strings.Contains(body, "_created") {
			t.Error("the page has _created lines")
		}
	})
	t.Run("compressed", func(t *testing.T) {
		_, header, _ := get(t, h, http.MethodGet, "/metrics", "Accept-Encoding", "gzip")
		if header.Get("Content-Encoding") != "gzip" {
			t.Errorf("got encoding %q", header.Get("Content-Encoding"))
		}
	})
}

func TestABrokenCollectorIsAnErrorAndALogLine(t *testing.T) {
	h, logged := handler(t, func(o *server.Options) {
		o.Workspace = workspace{collect: func(_ context.Context, ch chan<- prometheus.Metric) {
			for range 2 {
				ch <- prometheus.MustNewConstMetric(roomsDesc, prometheus.GaugeValue, 1, "twice")
			}
		}}
	})
	status, _, _ := get(t, h, http.MethodGet, "/metrics")
	if status != 500 || strings.Count(logged.String(), "\n") != 1 || !strings.Contains(logged.String(), "level=error") {
		t.Errorf("got %d, logged %s; want 500 and one line", status, logged)
	}
}

// hungUp is a scraper that is gone before the page is written.
type hungUp struct{ http.ResponseWriter }

func (hungUp) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestAScraperThatHangsUpIsNoErrorOfTheExporter(t *testing.T) {
	h, logged := handler(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.ServeHTTP(hungUp{httptest.NewRecorder()}, httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics", http.NoBody))
	if strings.Contains(logged.String(), "level=error") || !strings.Contains(logged.String(), "level=debug") {
		t.Errorf("logged %s", logged)
	}
}

func TestTheExportersMetricsCanBeLeftOut(t *testing.T) {
	h, _ := handler(t, func(o *server.Options) { o.InstrumentHandler = false })
	get(t, h, http.MethodGet, "/metrics")
	if _, _, body := get(t, h, http.MethodGet, "/metrics"); strings.Contains(body, "promhttp_") {
		t.Errorf("got %s", body)
	}
}

func TestTheMetricsCanHaveAnotherPath(t *testing.T) {
	h, _ := handler(t, func(o *server.Options) { o.MetricsPath = "/chat/livechat-metrics" })
	if status, _, _ := get(t, h, http.MethodGet, "/chat/livechat-metrics"); status != 200 {
		t.Errorf("got %d", status)
	}
	if status, _, _ := get(t, h, http.MethodGet, "/metrics"); status != 404 {
		t.Errorf("the default path answers %d, want 404", status)
	}
	if _, _, body := get(t, h, http.MethodGet, "/"); !strings.Contains(body, `href="/chat/livechat-metrics"`) {
		t.Errorf("the landing page does not lead there: %s", body)
	}
}

func TestAPathThatCannotLeadToTheMetricsIsRefused(t *testing.T) {
	for path, want := range map[string]string{
		"":           "must begin with a slash",
		"metrics":    "must begin with a slash",
		"/metrics/":  "must begin with a slash",
		"/a/../b":    "must begin with a slash",
		"/":          "is taken",
		"/-/ready":   "is taken",
		"/-/healthy": "is taken",
		"/{x}":       "may hold only",
		"/a b":       "may hold only",
		"/<script>":  "may hold only",
		"/métriques": "may hold only",
	} {
		_, err := server.New(server.Options{
			Workspace: workspace{}, Exporter: prometheus.NewRegistry(), MetricsPath: path, Logger: log.NewNopLogger(),
		})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", path, err, want)
		}
	}
}
