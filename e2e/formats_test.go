package e2e

import (
	"io"
	"maps"
	"mime"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// promtool finds nothing to say about the names, the types, the help and the syntax
// of the page.
func TestPromtoolFindsNothing(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	w.AddRooms(history(6, time.Now(), departments(5))...)
	e := startExporter(t, config(t, w, "24h", "today"))

	check := exec.CommandContext(t.Context(), programs.promtool, "check", "metrics")
	page := e.page(t)
	check.Stdin = strings.NewReader(page)
	if output, err := check.CombinedOutput(); err != nil || len(output) > 0 {
		t.Errorf("promtool check metrics: %v\n%s\npage:\n%s", err, output, page)
	}
}

// In whatever format Prometheus asks for the page, it stores the same series.
func TestFormatsBringTheSameSeries(t *testing.T) {
	t.Parallel()
	formats := map[string]string{ // Prometheus' name of each, and the media type.
		"PrometheusText0.0.4":  "text/plain;version=0.0.4",
		"PrometheusText1.0.0":  "text/plain;version=1.0.0",
		"OpenMetricsText0.0.1": "application/openmetrics-text;version=0.0.1",
		"OpenMetricsText1.0.0": "application/openmetrics-text;version=1.0.0",
		"PrometheusProto":      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
	}
	w := startWorkspace(t, rocketchattest.Latest)
	// Chats of some days ago, all of them closed, in a window that is longer: the
	// jobs scrape at different times and must not see different numbers.
	w.AddRooms(history(8, time.Now().Add(-24*time.Hour), departments(5))...)
	e := startExporter(t, config(t, w, "30d"))
	jobs := []job{scrape("native", e.address).with("scrape_native_histograms", true)}
	for format, mediaType := range formats {
		wantContentType(t, "http://"+e.address+"/metrics", mediaType)
		jobs = append(jobs, scrape(format, e.address).with("scrape_protocols", []string{format}))
	}
	p := startPrometheus(t, jobs...)

	reference := p.scrapedSince(t, "PrometheusText0.0.4", time.Time{}).values
	if len(reference.named("livechat_department_abandoned_rooms")) < 5 || reference["up"] != 1 {
		t.Fatalf("too few series to compare:\n%s", reference)
	}
	for format := range formats {
		page := p.scrapedSince(t, format, time.Time{}).values
		got, want := slices.Sorted(maps.Keys(page)), slices.Sorted(maps.Keys(reference))
		if !slices.Equal(got, want) {
			t.Errorf("%s: got the series\n%v\nwant\n%v", format, got, want)
		}
		for _, metric := range []string{"livechat_department_abandoned_rooms", "livechat_up", "livechat_exporter_build_info"} {
			if d := difference(page.named(metric), reference.named(metric)); d != "" {
				t.Errorf("%s:\n%s", format, d)
			}
		}
	}

	// Protobuf brings what the text formats cannot: the native histogram.
	p.scrapedSince(t, "native", time.Time{})
	const count = `histogram_count(livechat_api_request_duration_seconds{job="native"})`
	if got := p.now(t, count)[series("", "route", "total-abandoned-chats")]; got < 1 {
		t.Errorf("%s: got %v, want one or more; all: %v", count, got, p.now(t, count))
	}
}

// wantContentType asks for a page in a format and compares the format of the answer,
// but for its version, which may be an older one.
func wantContentType(t *testing.T, url, mediaType string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", mediaType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err = io.Copy(io.Discard, resp.Body); err != nil {
		t.Error(err)
	}
	got, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	want, _, _ := strings.Cut(mediaType, ";")
	if err != nil || got != want {
		t.Errorf("asked for %s: got the content type %q, want %s", mediaType, resp.Header.Get("Content-Type"), want)
	}
}
