package bench

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// BenchmarkResidentMemory is what the exporter holds after many scrapes of 10,000
// departments, as a multiple of what it held after 100. With -benchtime=10000x they are
// 10,000. The answers are recorded: they are made once.
func BenchmarkResidentMemory(b *testing.B) {
	address, err := url.Parse(startWorkspace(b, 10_000, 0))
	if err != nil {
		b.Fatal(err)
	}
	recorded := httptest.NewServer(&recording{workspace: address, answers: map[string]*httptest.ResponseRecorder{}})
	b.Cleanup(recorded.Close)
	exporter := startExporter(b, recorded.URL, []string{"main"}, nil)
	for range 100 {
		exporter.scrape(b, probe)
	}
	before := exporter.usage(b)
	for b.Loop() {
		exporter.scrape(b, probe)
	}
	after := exporter.usage(b)
	b.ReportMetric(before.resident/1e6, "MB-after-100")
	b.ReportMetric(after.resident/1e6, "resident-MB")
	b.ReportMetric(after.resident/before.resident, "x-memory")
	b.ReportMetric(0, "ns/op")
}

// recording answers each question as it was answered first: a question is the length of
// its period and its other parameters.
type recording struct {
	workspace *url.URL

	mu      sync.Mutex
	answers map[string]*httptest.ResponseRecorder
}

// ServeHTTP implements http.Handler.
func (rec *recording) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	start, _ := time.Parse(time.RFC3339, query.Get("start"))
	end, _ := time.Parse(time.RFC3339, query.Get("end"))
	question := r.URL.Path + " " + end.Sub(start).String() + " " + query.Get("count")
	rec.mu.Lock()
	answer := rec.answers[question]
	if answer == nil {
		answer = httptest.NewRecorder()
		forwarded := r.Clone(r.Context())
		forwarded.RequestURI, forwarded.URL.Scheme, forwarded.URL.Host = "", rec.workspace.Scheme, rec.workspace.Host
		got, err := http.DefaultTransport.RoundTrip(forwarded)
		if err != nil {
			rec.mu.Unlock()
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		_, _ = answer.Body.ReadFrom(got.Body)
		_ = got.Body.Close()
		answer.Code = got.StatusCode
		answer.Header().Set("Content-Type", got.Header.Get("Content-Type"))
		rec.answers[question] = answer
	}
	rec.mu.Unlock()
	w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}
