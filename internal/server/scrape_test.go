package server_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/internal/server"
)

func TestScrapeDeadline(t *testing.T) {
	const refused = "X-Prometheus-Scrape-Timeout-Seconds must be a positive number of seconds\n"
	for header, want := range map[string]string{
		"":     "\ntest_deadline_seconds 10\n",
		"15":   "\ntest_deadline_seconds 14.5\n",
		"2.25": "\ntest_deadline_seconds 1.75\n",
		"0.6":  "\ntest_deadline_seconds 0.1\n",
		"0.5":  "\ntest_deadline_seconds 0.25\n", // Not more than the offset: half of it.
		"0.1":  "\ntest_deadline_seconds 0.05\n",
		"1e99": "\ntest_deadline_seconds 86399.5\n",
		"0":    refused, "-1": refused, "x": refused, "10s": refused, "NaN": refused, "+Inf": refused, " ": refused,
	} {
		for _, path := range []string{"/metrics", "/probe?target=main"} {
			synctest.Test(t, func(t *testing.T) {
				h, _ := handler(t, nil)
				w := get(t, h, path, timeoutHeader, header)
				if (w.Code == 400) != (want == refused) || !strings.Contains(w.Body.String(), want) {
					t.Errorf("%s with header %q: got %d and %s, want %q", path, header, w.Code, w.Body, want)
				}
			})
		}
	}
}

func TestProbeServesOneWorkspace(t *testing.T) {
	names := []string{"sales", "a b&c=d/ü"}
	h, _ := handler(t, func(s *setup) { s.Workspaces = named(names...) })
	for query, want := range map[string]string{
		"target=sales": "sales", "module=x&target=sales&Target=y&x": "sales",
		"target=a%20b%26c%3Dd%2f%C3%BC": "a b&c=d/ü", "target=a+b%26c%3Dd%2f%C3%BC": "a b&c=d/ü",
	} {
		w := get(t, h, "/probe?"+query)
		for _, name := range names {
			if has := strings.Contains(w.Body.String(), roomsLine(name)); w.Code != 200 || has != (name == want) || strings.Contains(w.Body.String(), "exporter_own") {
				t.Errorf("%s: got %d and %s", query, w.Code, w.Body)
			}
		}
	}
	if w := get(t, h, "/metrics"); !strings.Contains(w.Body.String(), `promhttp_metric_handler_requests_total{code="200"} 4`) {
		t.Errorf("the scrapes of workspaces are not counted: %s", w.Body)
	}
}

func TestProbeRefusesOtherTargets(t *testing.T) {
	const one, unknown = "there must be one target", "no workspace of that name is configured"
	h, logged := handler(t, func(s *setup) { s.Workspaces = []server.NamedWorkspace{unscraped(t, "main"), unscraped(t, "other")} })
	for query, want := range map[string]string{
		"": one, "targets=main": one, "target=": one, "target": one,
		"target=main&target=other": one, "target=main&target=main": one, "target=main&target=": one,
		"target=x": unknown, "target=Main": unknown, "target=main%20": unknown, "target=http://192.0.2.1/": unknown, "target=%3Cscript%3E": unknown,
		"target=%zz": one, "target=main;target=other": one,
	} {
		w := get(t, h, "/probe?"+query)
		if body := w.Body.String(); w.Code != 400 || !strings.Contains(body, want) || strings.Contains(body, "script") {
			t.Errorf("%s: got %d and %q, want 400 and %q", query, w.Code, body, want)
		}
	}
	if logged.Len() > 0 {
		t.Errorf("logged %s", logged)
	}
}

// pipes is a listener whose connections a synctest bubble can wait for.
type pipes chan net.Conn

func (pipes) Close() error   { return nil }
func (pipes) Addr() net.Addr { return &net.UnixAddr{} }

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, side := net.Pipe()
	p <- side
	return client, nil
}

// serve serves the handler with the timeouts of the program, until the test ends.
func serve(t *testing.T, h http.Handler) pipes {
	t.Helper()
	listener := make(pipes)
	srv := &http.Server{Handler: h, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, Protocols: new(http.Protocols)}
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = srv.Serve(listener) }()
	t.Cleanup(func() {
		close(listener)
		_ = srv.Close()
	})
	return listener
}

// HTTP/2 ends a stream at the write timeout, even if nothing is being written.
func TestAnswersAfterTheWriteTimeout(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		for path, method := range map[string]string{"/metrics": http.MethodGet, "/-/reload": http.MethodPost} {
			synctest.Test(t, func(t *testing.T) {
				h, _ := handler(t, func(s *setup) {
					s.Workspaces = hanging("main")
					s.Reload = func(context.Context) error { time.Sleep(time.Minute); return nil }
				})
				transport := &http.Transport{DialContext: serve(t, h).dial, Protocols: new(http.Protocols)}
				defer transport.CloseIdleConnections()
				transport.Protocols.SetHTTP1(!http2)
				transport.Protocols.SetUnencryptedHTTP2(http2)
				r := httptest.NewRequestWithContext(t.Context(), method, "http://exporter"+path, http.NoBody)
				r.Header.Set(timeoutHeader, "60")
				response, err := transport.RoundTrip(r)
				if err != nil {
					t.Fatalf("%s, HTTP/2: %t: %v", path, http2, err)
				}
				defer response.Body.Close()
				if _, err = io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK || (response.ProtoMajor == 2) != http2 {
					t.Errorf("%s: got %s %s and error %v", path, response.Proto, response.Status, err)
				}
			})
		}
	}
}

// A page that is not read holds its place among the requests for 10 s after it is
// complete, whatever timeout its header states.
func TestClientThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, logged := handler(t, func(s *setup) {
			s.MaxRequests = 1
			s.Workspaces = collecting("main", func(_ context.Context, ch chan<- prometheus.Metric) {
				time.Sleep(20 * time.Second)
				for i := range 2000 { // More than fits the buffers.
					ch <- rooms(strconv.Itoa(i))
				}
			})
		})
		client, _ := serve(t, h).dial(t.Context(), "", "")
		defer func() { _ = client.Close() }()
		if _, err := io.WriteString(client, "GET /metrics HTTP/1.1\r\nHost: x\r\n"+timeoutHeader+": 86400\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(29 * time.Second)
		before := get(t, h, "/metrics").Code
		time.Sleep(2 * time.Second)
		if after := get(t, h, "/metrics").Code; before != 503 || after != 200 {
			t.Errorf("got %d after 29 s and %d after 31 s, want 503 and 200", before, after)
		}
		if _, err := io.ReadAll(client); err != nil || strings.Contains(logged.String(), "level=error") {
			t.Errorf("got error %v and not the end of the connection, or an error in the log: %s", err, logged)
		}
	})
}

func TestRequestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := handler(t, func(s *setup) {
			s.MaxRequests = 2
			s.Workspaces = append(hanging("main"), named("other")...)
		})
		for range 3 { // A refused request is not in flight.
			get(t, h, "/probe?target=main", timeoutHeader, "x")
		}
		served := make(chan int)
		for range 2 {
			go func() { served <- get(t, h, "/probe?target=main").Code }()
		}
		synctest.Wait()
		if w := get(t, h, "/probe?target=main"); w.Code != 503 || w.Body.String() != "2 requests for this workspace are being served, which is the limit (--web.max-requests)\n" {
			t.Errorf("got %d and %s", w.Code, w.Body)
		}
		for _, path := range []string{"/probe?target=other", "/metrics", "/", "/sd", "/config", "/-/healthy", "/-/ready"} {
			if w := get(t, h, path); w.Code != 200 {
				t.Errorf("%s: got %d and %s", path, w.Code, w.Body)
			}
		}
		h.Replace(server.Running{Workspaces: named("main")}) // The requests stay in flight.
		got := []int{get(t, h, "/metrics").Code, <-served, <-served, get(t, h, "/metrics").Code}
		if want := []int{503, 200, 200, 200}; !slices.Equal(got, want) {
			t.Errorf("got %v from one too many, the two within the limit, and one after them, want %v", got, want)
		}
	})
}

func TestFormats(t *testing.T) {
	h, _ := handler(t, func(s *setup) { s.Workspaces = named("a\"b\n\\") })
	for accept, want := range map[string]string{
		"": "\n" + roomsLine(`a\"b\n\\`),
		"application/openmetrics-text;version=1.0.0":                                                       "\n" + `livechat_department_abandoned_rooms{department_id="a\"b\n\\"} 1.0` + "\n",
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.5": "a\"b\n\\",
	} {
		w := get(t, h, "/metrics", "Accept", accept)
		format, _, _ := strings.Cut(cmp.Or(accept, "text/plain"), ";")
		if !strings.HasPrefix(w.Header().Get("Content-Type"), format) || !strings.Contains(w.Body.String(), want) || strings.Contains(w.Body.String(), "_created") {
			t.Errorf("%s: got %s: %s", accept, w.Header().Get("Content-Type"), w.Body)
		}
	}
}

func TestInvalidMetricsAreAnError(t *testing.T) {
	twice := func(_ context.Context, ch chan<- prometheus.Metric) { ch <- rooms("x"); ch <- rooms("x") }
	h, logged := handler(t, func(s *setup) { s.Workspaces = collecting("main", twice) })
	w := get(t, h, "/metrics")
	if w.Code != 500 || strings.Count(logged.String(), "\n") != 1 || !strings.Contains(logged.String(), "level=error") {
		t.Errorf("got %d, logged %s; want 500 and one line", w.Code, logged)
	}
}

// brokenPipe is the writer of a client that has gone.
type brokenPipe struct{ http.ResponseWriter }

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestClientThatHangsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, logged := handler(t, func(s *setup) { s.Workspaces = hanging("main") })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		h.ServeHTTP(brokenPipe{httptest.NewRecorder()}, httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics", http.NoBody))
		if took := time.Since(begin); took != time.Second || strings.Contains(logged.String(), "level=error") || !strings.Contains(logged.String(), "level=debug") {
			t.Errorf("the scrape took %v, want the 1 s until its client has gone; logged %s, want no error", took, logged)
		}
	})
}

func TestExporterMetricsIncludeTheScrapeOfTheirPage(t *testing.T) {
	calls := prometheus.NewCounter(prometheus.CounterOpts{Name: "calls_total", Help: "Calls."})
	h, _ := handler(t, func(s *setup) {
		s.Exporter.MustRegister(calls)
		s.Workspaces = collecting("main", func(context.Context, chan<- prometheus.Metric) { calls.Inc() })
	})
	if w := get(t, h, "/metrics"); !strings.Contains(w.Body.String(), "\ncalls_total 1\n") {
		t.Errorf("got %s", w.Body)
	}
}
