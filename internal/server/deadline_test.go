package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

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
		h, _ := handler(t, func(s *setup) {
			s.Workspaces[0].Workspace = workspace{collect: func(context.Context, chan<- prometheus.Metric) { t.Error("the workspace was asked") }}
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
		h, _ := handler(t, func(s *setup) {
			s.Workspaces[0].Workspace = workspace{collect: func(ctx context.Context, _ chan<- prometheus.Metric) { <-ctx.Done() }}
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
