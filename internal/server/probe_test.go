package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/internal/server"
)

// exporting is a workspace that exports its name as a department.
func exporting(name string) server.NamedWorkspace {
	return server.NamedWorkspace{Name: name, Workspace: workspace{collect: func(_ context.Context, ch chan<- prometheus.Metric) {
		ch <- prometheus.MustNewConstMetric(roomsDesc, prometheus.GaugeValue, 1, name)
	}}}
}

// roomsOf is the line of such a workspace.
func roomsOf(name string) string {
	return `livechat_department_abandoned_rooms{department_id="` + name + `"} 1`
}

func TestAProbeHasTheMetricsOfItsWorkspaceAlone(t *testing.T) {
	names := []string{"sales", "a b&c=d/ü", "eu-1"}
	h, _ := handler(t, func(s *setup) {
		s.Workspaces = nil
		for _, name := range names {
			s.Workspaces = append(s.Workspaces, exporting(name))
		}
	})
	for query, want := range map[string]string{
		"target=sales":                     "sales",
		"target=eu-1":                      "eu-1",
		"target=a%20b%26c%3Dd%2f%C3%BC":    "a b&c=d/ü",
		"target=a+b%26c%3Dd%2f%C3%BC":      "a b&c=d/ü",
		"module=x&target=sales&Target=y&x": "sales",
	} {
		status, _, body := get(t, h, http.MethodGet, "/probe?"+query)
		for _, name := range names {
			if has := strings.Contains(body, roomsOf(name)); status != 200 || has != (name == want) {
				t.Errorf("%s: got %d, %s on the page: %t", query, status, name, has)
			}
		}
		if strings.Contains(body, "exporter_own") || strings.Contains(body, "promhttp_") {
			t.Errorf("%s: the exporter's own metrics are on the page", query)
		}
	}
}

func TestOnlyAConfiguredNameIsATarget(t *testing.T) {
	for name, tt := range map[string]struct{ query, want string }{
		"missing":               {"", "there must be one target"},
		"another parameter":     {"targets=main", "there must be one target"},
		"empty":                 {"target=", "there must be one target"},
		"without a value":       {"target", "there must be one target"},
		"repeated":              {"target=main&target=other", "there must be one target"},
		"repeated, equal":       {"target=main&target=main", "there must be one target"},
		"repeated, one empty":   {"target=main&target=", "there must be one target"},
		"unknown":               {"target=x", "no workspace of that name is configured"},
		"in another case":       {"target=Main", "no workspace of that name is configured"},
		"with white space":      {"target=main%20", "no workspace of that name is configured"},
		"an address":            {"target=http://192.0.2.1/", "no workspace of that name is configured"},
		"markup":                {"target=%3Cscript%3Ealert(1)%3C/script%3E", "no workspace of that name is configured"},
		"a malformed escape":    {"target=%zz", "malformed"},
		"a malformed parameter": {"target=main&x=%zz", "malformed"},
		"semicolons":            {"target=main;target=other", "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			h, logged := handler(t, func(s *setup) {
				s.Workspaces[0].Workspace = workspace{collect: func(context.Context, chan<- prometheus.Metric) { t.Error("a workspace was asked") }}
			})
			status, header, body := get(t, h, http.MethodGet, "/probe?"+tt.query)
			if status != 400 || !strings.Contains(body, tt.want) || !strings.HasPrefix(header.Get("Content-Type"), "text/plain") {
				t.Errorf("got %d, %s and %q, want 400 and %q", status, header.Get("Content-Type"), body, tt.want)
			}
			if strings.Contains(body, "script") || strings.Contains(body, "192.0.2.1") {
				t.Errorf("the answer repeats the request: %q", body)
			}
			if logged.Len() > 0 {
				t.Errorf("logged %s", logged)
			}
		})
	}
}

func TestAProbeEndsBeforeTheScraperGivesUp(t *testing.T) {
	h, _ := handler(t, nil)
	status, _, body := get(t, h, http.MethodGet, "/probe?target=main", "X-Prometheus-Scrape-Timeout-Seconds", "-1")
	if status != 400 || !strings.Contains(body, "must be a positive number of seconds") {
		t.Errorf("got %d and %q", status, body)
	}
	status, _, body = get(t, h, http.MethodGet, "/probe?target=main", "X-Prometheus-Scrape-Timeout-Seconds", "86400000")
	if status != 200 || !strings.Contains(body, "\ntest_deadline_seconds 86399.") {
		t.Errorf("got %d and %s", status, body)
	}
}

func TestTheScrapesOfWorkspacesAreCounted(t *testing.T) {
	h, _ := handler(t, func(s *setup) { s.Workspaces = []server.NamedWorkspace{exporting("a"), exporting("b")} })
	for range 3 {
		get(t, h, http.MethodGet, "/probe?target=a")
	}
	_, _, body := get(t, h, http.MethodGet, "/metrics")
	if !strings.Contains(body, `promhttp_metric_handler_requests_total{code="200"} 3`) {
		t.Errorf("got %s", body)
	}
}

func FuzzTarget(f *testing.F) {
	for _, query := range []string{"target=main", "target=main&target=x", "target=%6dain", "%74arget=main", "target=main;x", "target=http://x/"} {
		f.Add(query)
	}
	h, _ := handler(&testing.T{}, nil)
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/probe", http.NoBody)
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		isMain := len(r.URL.Query()["target"]) == 1 && r.URL.Query().Get("target") == "main"
		if w.Code != 400 && (w.Code != 200 || !isMain) {
			t.Errorf("%q: got %d", query, w.Code)
		}
	})
}
