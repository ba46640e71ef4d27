package server_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

func TestEveryFormatIsServed(t *testing.T) {
	h, _ := handler(t, func(s *setup) {
		s.Workspaces[0].Workspace = workspace{collect: func(_ context.Context, ch chan<- prometheus.Metric) {
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
	h, logged := handler(t, func(s *setup) {
		s.Workspaces[0].Workspace = workspace{collect: func(_ context.Context, ch chan<- prometheus.Metric) {
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
	h, _ := handler(t, func(s *setup) { s.InstrumentHandler = false })
	get(t, h, http.MethodGet, "/metrics")
	if _, _, body := get(t, h, http.MethodGet, "/metrics"); strings.Contains(body, "promhttp_") {
		t.Errorf("got %s", body)
	}
}
