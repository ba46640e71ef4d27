package server_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"livechat_exporter/collector"
	"livechat_exporter/internal/server"
)

// now is the time of the landing page.
var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// landing returns the landing page of these workspaces.
func landing(t *testing.T, workspaces ...server.NamedWorkspace) string {
	t.Helper()
	h, logged := handler(t, func(s *setup) {
		s.Workspaces = workspaces
		s.Now = func() time.Time { return now }
	})
	w := get(t, h, "/")
	if w.Code != 200 || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("got %d, %v and %s, logged %s", w.Code, w.Header(), w.Body, logged)
	}
	return w.Body.String()
}

// answered is a resource with a good answer of that age.
func answered(age time.Duration) collector.ResourceStatus {
	return collector.ResourceStatus{
		Resource: "abandoned_rooms", Window: "24h",
		Outcome: "ok", AskedAt: now.Add(-age), Exported: true,
	}
}

func failed(outcome string) collector.ResourceStatus {
	return collector.ResourceStatus{Resource: "rooms", Window: "7d", Outcome: outcome}
}

func TestLandingPageRows(t *testing.T) {
	for want, change := range map[string]func(*collector.ResourceStatus){
		"abandoned_rooms|24h|42s ago|ok":                     func(*collector.ResourceStatus) {},
		"departments||42s ago|ok":                            func(s *collector.ResourceStatus) { s.Resource, s.Window = "departments", "" },
		"abandoned_rooms|24h|1d2h ago|ok":                    func(s *collector.ResourceStatus) { s.AskedAt = now.Add(-26 * time.Hour) },
		"abandoned_rooms|24h|0s ago|ok":                      func(s *collector.ResourceStatus) { s.AskedAt = now.Add(time.Hour) }, // The clock was set back.
		"abandoned_rooms|24h|42s ago, no longer exported|ok": func(s *collector.ResourceStatus) { s.Exported = false },
		"abandoned_rooms|24h|42s ago|ok, being asked":        func(s *collector.ResourceStatus) { s.Running = true },
		"rooms|7d|none yet|timeout":                          func(s *collector.ResourceStatus) { *s = failed("timeout") },
		"rooms|7d|none yet|none yet, being asked": func(s *collector.ResourceStatus) {
			*s = collector.ResourceStatus{Resource: "rooms", Window: "7d", Running: true}
		},
	} {
		status := answered(42 * time.Second)
		change(&status)
		page := landing(t, unscraped(t, "main", status))
		text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(strings.ReplaceAll(page, "</td>\n", "|"), "")
		if !strings.Contains(text, "\n"+want+"|\n") {
			t.Errorf("got %s, want %s", text, want)
		}
	}
}

func TestLandingPageSummary(t *testing.T) {
	for want, resources := range map[string][]collector.ResourceStatus{
		`<span class="good">good</span> <span class="note">oldest answer 42s ago</span>`:                                    {answered(1), answered(42 * time.Second), {}},
		`<span class="unknown">unknown</span> <span class="note"></span>`:                                                   {{}, {}},
		`<span class="failing">failing</span> <span class="note">3 of 3 (forbidden, timeout)</span>`:                        {failed("forbidden"), failed("timeout"), failed("forbidden")},
		`<span class="failing">failing</span> <span class="note">1 of 3 (network), oldest answer 1s ago</span>`:             {answered(time.Second), failed("network"), {}},
		`<li><a href="metrics">Metrics</a> of the exporter and of main</li>`:                                                nil,
		`<p>As of <time>2026-03-04T05:06:07Z</time>. This page asks no workspace: a workspace is asked when it is scraped.`: nil,
	} {
		if page := landing(t, unscraped(t, "main", resources...)); !strings.Contains(page, want) {
			t.Errorf("got %s, want %s", page, want)
		}
	}
}

func TestLandingPageOrder(t *testing.T) {
	var workspaces []server.NamedWorkspace
	for i, status := range []collector.ResourceStatus{answered(1), failed("network"), {}, answered(1), {}, failed("timeout")} {
		workspaces = append(workspaces, unscraped(t, fmt.Sprint("w", i), status))
	}
	page := landing(t, workspaces...)
	names := strings.Join(regexp.MustCompile(`<strong>w.</strong>`).FindAllString(page, -1), "")
	if want := "w1w5w2w4w0w3"; regexp.MustCompile(`<[^>]*>`).ReplaceAllString(names, "") != want {
		t.Errorf("got %s, want %s: failing, unknown, good", names, want)
	}
	if !strings.Contains(page, "<details open>") || strings.Contains(landing(t, slices.Repeat(workspaces, 2)...), "<details open>") {
		t.Error("6 workspaces must be unfolded, 12 folded")
	}
	if page := landing(t); !strings.Contains(page, "None is configured.") {
		t.Errorf("without workspaces: got %s", page)
	}
}

// Relative links work behind a reverse proxy with a path prefix. Names are escaped.
func TestLandingPageLinks(t *testing.T) {
	h, _ := handler(t, func(s *setup) {
		s.EnableProfiles, s.MetricsPath, s.Workspaces = true, "/own/metrics", named("a", "b&c d<i>")
	})
	behind := http.StripPrefix("/chat", h)
	page := get(t, behind, "/chat/").Body.String()
	var got []string
	for _, match := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		got = append(got, match[1])
		if w := get(t, behind, "/chat/"+match[1]); w.Code != 200 {
			t.Errorf("the link to %s leads to %d: %s", match[1], w.Code, w.Body)
		}
	}
	want := []string{"own/metrics", "sd", "config", "-/healthy", "-/ready", "debug/pprof/", "probe?target=a", "probe?target=b%26c%20d%3ci%3e"}
	if !slices.Equal(got, want) || !strings.Contains(page, "<strong>b&amp;c d&lt;i&gt;</strong>") {
		t.Errorf("got links %q, want %q, and the name escaped in %s", got, want, page)
	}
}
