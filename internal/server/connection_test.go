package server_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// deadlines records the deadlines that a handler sets, as time from the beginning.
type deadlines struct {
	*httptest.ResponseRecorder

	begin       time.Time
	write, read time.Duration
}

func (d *deadlines) SetWriteDeadline(at time.Time) error {
	d.write = at.Sub(d.begin)
	return nil
}

func (d *deadlines) SetReadDeadline(at time.Time) error {
	d.read = at.Sub(d.begin)
	return nil
}

func TestThePageHasTenSecondsAfterItsScrapeToBeSent(t *testing.T) {
	for name, tt := range map[string]struct {
		header      string
		body        io.Reader
		instrument  bool
		write, read time.Duration
	}{
		"no header":               {instrument: true, write: 20 * time.Second},
		"a header":                {header: "60.5", instrument: true, write: 70 * time.Second},
		"without instrumentation": {header: "60.5", write: 70 * time.Second},
		"a body":                  {header: "60.5", body: strings.NewReader("x"), write: 70 * time.Second, read: 70 * time.Second},
		"a body of unknown size":  {header: "60.5", body: io.MultiReader(), write: 70 * time.Second, read: 70 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, _ := handler(t, func(s *setup) { s.InstrumentHandler = tt.instrument })
				r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", tt.body)
				if tt.header != "" {
					r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", tt.header)
				}
				w := &deadlines{ResponseRecorder: httptest.NewRecorder(), begin: time.Now()}
				h.ServeHTTP(w, r)
				if w.write != tt.write || w.read != tt.read || w.Code != http.StatusOK {
					t.Errorf("got status %d, write deadline %v and read deadline %v, want 200, %v and %v", w.Code, w.write, w.read, tt.write, tt.read)
				}
			})
		})
	}
}

// pipes is a listener of in-process connections, which a bubble can wait for.
type pipes struct {
	connections chan net.Conn
}

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p.connections; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (pipes) Close() error   { return nil }
func (pipes) Addr() net.Addr { return &net.UnixAddr{} }

// A real server without limits of its own, and a client that leaves it waiting: the
// connection ends ten seconds after the scrape.
func TestAClientThatKeepsThePageWaitingIsLeft(t *testing.T) {
	const scrapeTime = "X-Prometheus-Scrape-Timeout-Seconds: 1.5\r\n"
	for name, tt := range map[string]struct {
		request string
		read    bool
	}{
		"never reads":                    {"GET /metrics HTTP/1.1\r\nHost: x\r\n" + scrapeTime + "\r\n", false},
		"never sends its body":           {"GET /metrics HTTP/1.1\r\nHost: x\r\n" + scrapeTime + "Content-Length: 9\r\n\r\n", true},
		"never ends its chunks":          {"GET /metrics HTTP/1.1\r\nHost: x\r\n" + scrapeTime + "Transfer-Encoding: chunked\r\n\r\n5\r\nab", true},
		"never sends its body, or reads": {"GET /metrics HTTP/1.1\r\nHost: x\r\n" + scrapeTime + "Content-Length: 9\r\n\r\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, logged := handler(t, nil)
				closed := make(chan struct{})
				srv := &http.Server{Handler: h, ConnState: func(_ net.Conn, s http.ConnState) { //nolint:gosec // The handler's deadlines alone are to hold.
					if s == http.StateClosed {
						close(closed)
					}
				}}
				listener := pipes{connections: make(chan net.Conn, 1)}
				go func() { _ = srv.Serve(listener) }()
				client, side := net.Pipe()
				defer func() { _ = client.Close() }()
				listener.connections <- side
				begin := time.Now()
				if _, err := io.WriteString(client, tt.request); err != nil {
					t.Fatal(err)
				}
				if tt.read {
					go func() { _, _ = io.Copy(io.Discard, client) }()
				}
				select {
				case <-closed:
					if took := time.Since(begin); took < 11*time.Second || took > 12*time.Second {
						t.Errorf("the connection was closed after %v, want 11 s", took)
					}
				case <-time.After(time.Hour):
					t.Error("the connection is there after an hour")
				}
				if strings.Contains(logged.String(), "level=error") {
					t.Errorf("logged %s", logged)
				}
				close(listener.connections)
			})
		})
	}
}

func TestAWriterWithoutDeadlinesIsServed(t *testing.T) {
	h, logged := handler(t, nil)
	if status, _, body := get(t, h, http.MethodGet, "/metrics"); status != http.StatusOK || body == "" || logged.Len() > 0 {
		t.Errorf("got %d and %q, logged %s", status, body, logged)
	}
	if err := http.NewResponseController(httptest.NewRecorder()).SetWriteDeadline(time.Time{}); !errors.Is(err, http.ErrNotSupported) {
		t.Errorf("the writer of this test has deadlines: %v", err)
	}
}

func TestTheExportersMetricsHaveSeenTheScrapeOfTheirPage(t *testing.T) {
	calls := prometheus.NewCounter(prometheus.CounterOpts{Name: "calls_total", Help: "Calls."})
	h, _ := handler(t, func(s *setup) {
		s.Exporter.MustRegister(calls)
		s.Workspaces[0].Workspace = workspace{collect: func(context.Context, chan<- prometheus.Metric) { calls.Inc() }}
	})
	for _, want := range []string{"\ncalls_total 1\n", "\ncalls_total 2\n"} {
		if _, _, body := get(t, h, http.MethodGet, "/metrics"); !strings.Contains(body, want) {
			t.Errorf("want %q in %s", want, body)
		}
	}
}
