package server_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/internal/server"
)

// hanging is a workspace that never answers.
func hanging(name string) server.NamedWorkspace {
	return server.NamedWorkspace{Name: name, Workspace: workspace{collect: func(ctx context.Context, _ chan<- prometheus.Metric) { <-ctx.Done() }}}
}

// ask asks for a page in the background, and sends the status when it comes.
func ask(t *testing.T, h http.Handler, path string) <-chan int {
	t.Helper()
	status := make(chan int, 1)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
	go func() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		status <- w.Code
	}()
	synctest.Wait()
	return status
}

func TestHangingWorkspacesTakeNoPageFromOthers(t *testing.T) {
	const workspaces, most = 100, 40
	synctest.Test(t, func(t *testing.T) {
		h, _ := handler(t, func(s *setup) {
			s.MaxRequests = most
			s.Workspaces = []server.NamedWorkspace{exporting("good")}
			for i := range workspaces {
				s.Workspaces = append(s.Workspaces, hanging(fmt.Sprint("hanging", i)))
			}
		})
		var hang sync.WaitGroup
		for i := range workspaces {
			for range most {
				hang.Go(func() {
					if status, _, _ := get(t, h, http.MethodGet, fmt.Sprint("/probe?target=hanging", i)); status != 200 {
						t.Errorf("a workspace that hangs: got %d", status)
					}
				})
			}
		}
		synctest.Wait()
		begin := time.Now()
		for range most + 1 {
			if status, _, body := get(t, h, http.MethodGet, "/probe?target=good"); status != 200 || !strings.Contains(body, roomsOf("good")) {
				t.Errorf("got %d and %s", status, body)
			}
		}
		for _, path := range []string{"/metrics", "/", "/sd", "/-/healthy", "/-/ready", "/config"} {
			if status, _, _ := get(t, h, http.MethodGet, path); status != 200 {
				t.Errorf("%s: got %d", path, status)
			}
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("the pages of others took %v", took)
		}
		hang.Wait()
	})
}

func TestRequestsOverTheLimitAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, logged := handler(t, func(s *setup) {
			s.MaxRequests = 2
			s.Workspaces = []server.NamedWorkspace{hanging("main")}
		})
		first, second := ask(t, h, "/metrics"), ask(t, h, "/probe?target=main") // Both are of one workspace.
		for _, path := range []string{"/metrics", "/probe?target=main"} {
			status, header, body := get(t, h, http.MethodGet, path)
			if status != 503 || body != "2 requests for this workspace are being served, which is the limit (--web.max-requests)\n" || header.Get("Retry-After") != "" {
				t.Errorf("%s: got %d and %q", path, status, body)
			}
		}

		// A configuration with the workspace still in it does not begin to count anew.
		h.Replace(server.Running{Workspaces: []server.NamedWorkspace{exporting("main")}})
		if status := <-ask(t, h, "/metrics"); status != 503 {
			t.Errorf("after the configuration was replaced: got %d, want 503", status)
		}
		h.Replace(server.Running{Workspaces: []server.NamedWorkspace{exporting("a"), exporting("b")}})
		for _, path := range []string{"/metrics", "/probe?target=a", "/probe?target=b"} {
			if status := <-ask(t, h, path); status != 200 {
				t.Errorf("%s of other workspaces: got %d", path, status)
			}
		}
		h.Replace(server.Running{Workspaces: []server.NamedWorkspace{exporting("main")}})

		if a, b := <-first, <-second; a != 200 || b != 200 {
			t.Errorf("those within the limit got %d and %d", a, b)
		}
		if status := <-ask(t, h, "/metrics"); status != 200 {
			t.Errorf("once they are served: got %d", status)
		}
		if strings.Contains(logged.String(), "level=error") {
			t.Errorf("logged %s", logged)
		}
	})
}

func TestALimitOfZeroIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := handler(t, func(s *setup) { s.Workspaces = []server.NamedWorkspace{hanging("main")} })
		var waiting []<-chan int
		for range 1000 {
			waiting = append(waiting, ask(t, h, "/probe?target=main"))
		}
		for _, status := range waiting {
			if got := <-status; got != 200 {
				t.Fatalf("got %d", got)
			}
		}
	})
}

func TestARefusedScrapeTimeoutDoesNotCount(t *testing.T) {
	h, _ := handler(t, func(s *setup) { s.MaxRequests = 1 })
	for range 3 {
		get(t, h, http.MethodGet, "/metrics", "X-Prometheus-Scrape-Timeout-Seconds", "x")
	}
	if status, _, _ := get(t, h, http.MethodGet, "/metrics"); status != 200 {
		t.Errorf("got %d", status)
	}
}
