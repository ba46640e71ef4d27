package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"livechat_exporter/internal/server"
)

// discover asks for the list under a host.
func discover(t *testing.T, h http.Handler, host string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/sd", http.NoBody)
	r.Host = host
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestWorkspacesAreDiscoveredInOrder(t *testing.T) {
	for name, tt := range map[string]struct {
		workspaces []string
		want       string
	}{
		"none": {nil, "[]\n"},
		"one": {
			[]string{"main"},
			`[{"targets":["exporter:10098"],"labels":{"__metrics_path__":"/probe","__param_target":"main","instance":"main"}}]` + "\n",
		},
		"several": {
			[]string{"us", "eu", "ap \"1\""},
			`[{"targets":["exporter:10098"],"labels":{"__metrics_path__":"/probe","__param_target":"ap \"1\"","instance":"ap \"1\""}},` +
				`{"targets":["exporter:10098"],"labels":{"__metrics_path__":"/probe","__param_target":"eu","instance":"eu"}},` +
				`{"targets":["exporter:10098"],"labels":{"__metrics_path__":"/probe","__param_target":"us","instance":"us"}}]` + "\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := handler(t, func(s *setup) {
				s.Workspaces = nil
				for _, name := range tt.workspaces {
					s.Workspaces = append(s.Workspaces, exporting(name))
				}
			})
			w := discover(t, h, "exporter:10098")
			if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" || w.Body.String() != tt.want {
				t.Errorf("got %d, %s and %s, want %s", w.Code, w.Header().Get("Content-Type"), w.Body, tt.want)
			}
		})
	}
}

// What Prometheus makes of the list: the address that it scrapes has the page of the
// workspace.
func TestTheDiscoveredAddressHasTheWorkspace(t *testing.T) {
	names := []string{"main", "a&target=main", "ü/%20+"}
	h, _ := handler(t, func(s *setup) {
		s.Workspaces = nil
		for _, name := range names {
			s.Workspaces = append(s.Workspaces, exporting(name))
		}
	})
	var groups []struct {
		Targets []string
		Labels  map[string]string
	}
	if err := json.Unmarshal(discover(t, h, "[2001:db8::1]:80").Body.Bytes(), &groups); err != nil || len(groups) != len(names) {
		t.Fatalf("got %v and error %v", groups, err)
	}
	var found []string
	for _, group := range groups {
		if !slices.Equal(group.Targets, []string{"[2001:db8::1]:80"}) {
			t.Errorf("got targets %q", group.Targets)
		}
		query := url.Values{"target": {group.Labels["__param_target"]}}
		_, _, body := get(t, h, http.MethodGet, group.Labels["__metrics_path__"]+"?"+query.Encode())
		if name := group.Labels["instance"]; !strings.Contains(body, roomsOf(name)) {
			t.Errorf("the address of %q has %s", name, body)
		}
		found = append(found, group.Labels["instance"])
	}
	slices.Sort(names)
	if !reflect.DeepEqual(found, names) {
		t.Errorf("got %q, want %q", found, names)
	}
}

func TestOnlyAHostIsATargetToScrape(t *testing.T) {
	h, _ := handler(t, nil)
	for _, host := range []string{
		"localhost", "localhost:10098", "exporter.monitoring.svc:10098", "my_host-1:1", "192.0.2.1:65535", "[::1]:10098", "[2001:db8::1]", "EXAMPLE.com.",
	} {
		if w := discover(t, h, host); w.Code != 200 || !strings.Contains(w.Body.String(), `"targets":["`+host+`"]`) {
			t.Errorf("%q: got %d and %s", host, w.Code, w.Body)
		}
	}
	for _, host := range []string{
		"", ":10098", "host:", "host:0", "host:65536", "host:-1", "host:+1", "host:http", "a:b:1", "::1", "::1:10098", "[::1", "[::1]x", "[]", "[]:1", "[x]:1",
		"[localhost]:1", "[192.0.2.1]:1", "[fe80::1%25eth0]:1", "[fe80::1%eth0]", "user@host:1", "host/path", "host?x", "a b", "a,b", "a\"b", "<b>", "höst", "a\x00b", "__name__{}",
		strings.Repeat("a", 254),
	} {
		w := discover(t, h, host)
		if w.Code != 400 || !strings.Contains(w.Body.String(), "the Host header must be") || len(host) > 9 && strings.Contains(w.Body.String(), host) {
			t.Errorf("%q: got %d and %s", host, w.Code, w.Body)
		}
	}
}

func FuzzHost(f *testing.F) {
	for _, host := range []string{"localhost:10098", "[::1]:1", "[::1%25a]", "a:b:c", "x@y"} {
		f.Add(host)
	}
	h, _ := handler(&testing.T{}, func(s *setup) { s.Workspaces = []server.NamedWorkspace{exporting("main")} })
	f.Fuzz(func(t *testing.T, host string) {
		w := discover(t, h, host)
		if w.Code == 400 {
			return
		}
		// Whoever parses the target as part of an address finds it to be the host.
		address, err := url.Parse("http://" + host + "/probe")
		if w.Code != 200 || err != nil || address.Host != host || address.User != nil || address.Path != "/probe" || address.Hostname() == "" {
			t.Errorf("%q: got %d, and as an address %+v, error %v", host, w.Code, address, err)
		}
	})
}
