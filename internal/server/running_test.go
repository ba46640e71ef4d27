package server_test

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/internal/server"
)

func TestReplace(t *testing.T) {
	for _, tt := range []struct{ before, after, warning string }{
		{"a", "b", "before=a now=b"},
		{"a", "a b", "before=a now="},
		{"a", "", "before=a now="},
		{"a b", "b", "before= now=b"},
		{"", "a", "before= now=a"},
		{"a", "a", ""},
		{"a b", "c d", ""},
	} {
		h, logged := handler(t, func(s *setup) { s.Workspaces = named(strings.Fields(tt.before)...) })
		for _, names := range []string{tt.before, tt.after} {
			h.Replace(server.Running{Workspaces: named(strings.Fields(names)...)})
			w := get(t, h, "/metrics")
			for _, name := range []string{"a", "b", "c", "d"} { // Only one workspace's metrics are on the page.
				if has := strings.Contains(w.Body.String(), roomsLine(name)); w.Code != 200 || has != (name == names) {
					t.Errorf("workspaces %q: got %d, %s on the page: %t", names, w.Code, name, has)
				}
			}
		}
		got, lines := logged.String(), min(len(tt.warning), 1)
		if strings.Count(got, "level=warn ") != lines || strings.Count(got, "\n") != lines || !strings.Contains(got, tt.warning) {
			t.Errorf("from %q to %q: logged %q, want %q", tt.before, tt.after, got, tt.warning)
		}
	}
}

func TestRequestsInFlightKeepTheirConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := handler(t, func(s *setup) {
			s.Workspaces = collecting("main", func(ctx context.Context, ch chan<- prometheus.Metric) {
				<-ctx.Done()
				ch <- rooms("old")
			})
		})
		page := make(chan string)
		go func() { page <- get(t, h, "/probe?target=main").Body.String() }()
		synctest.Wait()
		h.Replace(server.Running{Workspaces: named("new"), Config: []byte("new")})
		for path, want := range map[string]string{
			"/metrics": roomsLine("new"), "/probe?target=new": roomsLine("new"), "/probe?target=main": "no workspace of that name",
			"/sd": `"__param_target":"new"`, "/config": "new", "/": "probe?target=new",
		} {
			if w := get(t, h, path); !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s: got %s, want %s", path, w.Body, want)
			}
		}
		if got := <-page; !strings.Contains(got, roomsLine("old")) {
			t.Errorf("the page of the old configuration is %s", got)
		}
	})
}

func TestReload(t *testing.T) {
	const reloaded, off = "The configuration was reloaded.\n", "--web.enable-lifecycle"
	bad := errors.New("config.yml:3: windows[0]: x\nconfig.yml:9: workspaces: y")
	for _, tt := range []struct {
		method  string
		enabled bool
		err     error
		status  int
		body    string
	}{
		{http.MethodPost, true, nil, 200, reloaded},
		{http.MethodPut, true, nil, 200, reloaded},
		{http.MethodPost, true, bad, 500, "the old one is still running:\n" + bad.Error() + "\n"},
		{http.MethodPost, false, nil, 403, off},
		{http.MethodGet, true, nil, 405, ""},
		{http.MethodDelete, true, nil, 405, ""},
	} {
		called := false
		h, _ := handler(t, func(s *setup) {
			if tt.enabled {
				s.Reload = func(ctx context.Context) error {
					called = true
					return cmp.Or(tt.err, ctx.Err())
				}
			}
		})
		gone, hangUp := context.WithCancel(t.Context()) // A reload does not end with its request.
		hangUp()
		r := httptest.NewRequestWithContext(gone, tt.method, "/-/reload", http.NoBody)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.body) || called != (tt.status == 200 || tt.err != nil) {
			t.Errorf("%+v: got %d and %s, reloaded: %t", tt, w.Code, w.Body, called)
		}
	}
}

func TestReloadRefusesOtherOrigins(t *testing.T) {
	h, _ := handler(t, func(s *setup) { s.Reload = func(context.Context) error { return nil } })
	for header, status := range map[string]int{
		"Sec-Fetch-Site: same-origin": 200, "Origin: http://example.com": 200, // Of the test's requests.
		"Sec-Fetch-Site: cross-site": 403, "Sec-Fetch-Site: same-site": 403, "Origin: http://evil.example": 403, "Origin: null": 403,
	} {
		r, w := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/-/reload", http.NoBody), httptest.NewRecorder()
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
		h.ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("%s: got %d, want %d", header, w.Code, status)
		}
	}
}

// discover requests the list at a host.
func discover(t *testing.T, h http.Handler, host string, state *tls.ConnectionState) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/sd", http.NoBody)
	r.Host, r.TLS = host, state
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestDiscovery(t *testing.T) {
	one, _ := handler(t, nil)
	two, _ := handler(t, func(s *setup) { s.Workspaces = named("eu", "ap \"1\"") })
	none, _ := handler(t, func(s *setup) { s.Workspaces = nil })
	for _, tt := range []struct {
		handler http.Handler
		tls     *tls.ConnectionState
		want    string
	}{
		{two, nil, `[{"targets":["exporter:10098"],"labels":{"__metrics_path__":"/probe","__param_target":"eu","instance":"eu"}},` +
			`{"targets":["exporter:10098"],"labels":{"__metrics_path__":"/probe","__param_target":"ap \"1\"","instance":"ap \"1\""}}]`},
		{one, &tls.ConnectionState{}, `[{"targets":["exporter:10098"],"labels":{"__metrics_path__":"/probe","__param_target":"main","__scheme__":"https","instance":"main"}}]`},
		{none, nil, "[]"},
	} {
		w := discover(t, tt.handler, "exporter:10098", tt.tls)
		if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" || w.Body.String() != tt.want+"\n" {
			t.Errorf("got %d, %s and %s, want %s", w.Code, w.Header().Get("Content-Type"), w.Body, tt.want)
		}
	}
}
