package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/internal/server"
)

func TestTheMetricsCanHaveAnotherPath(t *testing.T) {
	h, _ := handler(t, func(s *setup) { s.MetricsPath = "/chat/livechat-metrics" })
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
		"":               "must begin with a slash",
		"metrics":        "must begin with a slash",
		"/metrics/":      "must begin with a slash",
		"/a/../b":        "must begin with a slash",
		"/":              "is taken",
		"/-/ready":       "is taken",
		"/-/healthy":     "is taken",
		"/-/reload":      "is taken",
		"/probe":         "is taken",
		"/sd":            "is taken",
		"/config":        "is taken",
		"/debug/pprof":   "is taken",
		"/debug/pprof/x": "is taken",
		"/{x}":           "may hold only",
		"/a b":           "may hold only",
		"/<script>":      "may hold only",
		"/métriques":     "may hold only",
	} {
		_, err := server.New(server.Options{
			Exporter: prometheus.NewRegistry(), MetricsPath: path, Now: time.Now, Logger: log.NewNopLogger(),
		}, server.Running{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", path, err, want)
		}
	}
}
