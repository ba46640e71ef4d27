package server_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/internal/server"
)

func TestTheOwnPageHasTheOnlyWorkspace(t *testing.T) {
	for name, tt := range map[string]struct{ before, after, warning, says string }{
		"another":             {"a", "b", "has another workspace's metrics", "workspace=b before=a"},
		"one more":            {"a", "a b", "no longer has a workspace's metrics", "before=a"},
		"none":                {"a", "", "no longer has a workspace's metrics", "before=a"},
		"one less":            {"a b", "b", "has the metrics of the only workspace too", "workspace=b"},
		"the first":           {"", "a", "has the metrics of the only workspace too", "workspace=a"},
		"the same":            {"a", "a", "", ""},
		"others, but several": {"a b", "c d e", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			running := func(names string) (r server.Running) {
				for name := range strings.FieldsSeq(names) {
					r.Workspaces = append(r.Workspaces, exporting(name))
				}
				return r
			}
			h, logged := handler(t, func(s *setup) { s.Running = running(tt.before) })
			check := func(names string) {
				t.Helper()
				status, _, body := get(t, h, http.MethodGet, "/metrics")
				for _, name := range []string{"a", "b", "c", "d", "e"} {
					if has := strings.Contains(body, roomsOf(name)); status != 200 || has != (name == names) {
						t.Errorf("with workspaces %q: got %d, %s on the page: %t", names, status, name, has)
					}
				}
				if !strings.Contains(body, "exporter_own_total 0") {
					t.Errorf("with workspaces %q: the exporter's own metrics are not on the page", names)
				}
			}
			check(tt.before)
			h.Replace(running(tt.after))
			check(tt.after)
			lines := 0
			if tt.warning != "" {
				lines = 1
			}
			if got := logged.String(); strings.Count(got, "level=warn path=/metrics ") != lines || strings.Count(got, "\n") != lines ||
				!strings.Contains(got, tt.warning) || !strings.Contains(got, tt.says) {
				t.Errorf("logged %q, want %q and %q", got, tt.warning, tt.says)
			}
		})
	}
}

func TestARequestEndsOnWhatItBeganWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		proceed := make(chan struct{})
		h, _ := handler(t, func(s *setup) {
			s.Workspaces = []server.NamedWorkspace{{Name: "main", Workspace: workspace{collect: func(_ context.Context, ch chan<- prometheus.Metric) {
				<-proceed
				ch <- prometheus.MustNewConstMetric(roomsDesc, prometheus.GaugeValue, 1, "old")
			}}}}
		})
		var began sync.WaitGroup
		for _, path := range []string{"/metrics", "/probe?target=main"} {
			began.Go(func() {
				if status, _, body := get(t, h, http.MethodGet, path); status != 200 || !strings.Contains(body, roomsOf("old")) {
					t.Errorf("%s: got %d and %s", path, status, body)
				}
			})
		}
		synctest.Wait()
		h.Replace(server.Running{Workspaces: []server.NamedWorkspace{exporting("new"), exporting("newer")}, Config: []byte("new")})
		for path, want := range map[string]string{
			"/probe?target=new":  roomsOf("new"),
			"/probe?target=main": "no workspace of that name",
			"/sd":                `"__param_target":"newer"`,
			"/config":            "new",
			"/":                  "newer",
		} {
			if _, _, body := get(t, h, http.MethodGet, path); !strings.Contains(body, want) {
				t.Errorf("%s: got %s, want %s", path, body, want)
			}
		}
		close(proceed)
		began.Wait()
	})
}

// Every page is of one configuration, however often that is replaced.
func TestNoPageMixesConfigurations(t *testing.T) {
	configuration := func(n int) server.Running {
		return server.Running{
			Workspaces: []server.NamedWorkspace{exporting(fmt.Sprint("a", n)), exporting(fmt.Sprint("b", n))},
			Config:     fmt.Append(nil, "a", n, " b", n, "\n"),
		}
	}
	h, _ := handler(t, func(s *setup) { s.Running = configuration(0) })
	var work sync.WaitGroup
	replaced := make(chan struct{})
	work.Go(func() {
		defer close(replaced)
		for n := range 100 {
			h.Replace(configuration(n))
		}
	})
	for _, path := range []string{"/sd", "/config", "/"} {
		work.Go(func() {
			for running := true; running; {
				select {
				case <-replaced:
					running = false
				default:
				}
				_, _, body := get(t, h, http.MethodGet, path)
				var a, b int
				if path == "/config" {
					if _, err := fmt.Sscanf(body, "a%d b%d", &a, &b); err != nil || a != b {
						t.Errorf("got %s", body)
					}
					continue
				}
				_, after, _ := strings.Cut(body, "target=a")
				if path == "/sd" {
					_, after, _ = strings.Cut(body, `"__param_target":"a`)
				}
				if _, err := fmt.Sscanf(after, "%d", &a); err != nil || !strings.Contains(body, fmt.Sprintf("b%d\"", a)) {
					t.Errorf("got %s", body)
				}
			}
		})
	}
	work.Wait()
}

func TestTheServerKeepsItsOwnOrder(t *testing.T) {
	names := []server.NamedWorkspace{exporting("b"), exporting("a")}
	h, _ := handler(t, func(s *setup) { s.Workspaces = names })
	if names[0].Name != "b" {
		t.Error("the caller's list was changed")
	}
	for _, name := range []string{"a", "b"} {
		if status, _, _ := get(t, h, http.MethodGet, "/probe?target="+name); status != 200 {
			t.Errorf("%s: got %d", name, status)
		}
	}
}
