package server_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"livechat_exporter/collector"
	"livechat_exporter/internal/server"
)

// now is the moment at which the landing page is looked at.
var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// standing is a workspace whose resources stand so. It must not be asked.
func standing(t *testing.T, name string, resources ...collector.ResourceStatus) server.NamedWorkspace {
	t.Helper()
	return server.NamedWorkspace{Name: name, Workspace: asStanding{t, resources}}
}

type asStanding struct {
	t         *testing.T
	resources []collector.ResourceStatus
}

func (w asStanding) Scrape(context.Context) collector.Scrape {
	w.t.Error("a workspace was asked")
	return nil
}

func (w asStanding) Status() []collector.ResourceStatus { return w.resources }

// asked is a resource whose last good answer was asked for that long ago.
func asked(ago time.Duration) collector.ResourceStatus {
	return collector.ResourceStatus{
		Resource: "abandoned_rooms", Window: "24h", Route: "total-abandoned-chats",
		Attempted: true, Succeeded: true, Outcome: "ok", AskedAt: now.Add(-ago), Exported: true, CallsLeft: 6,
	}
}

// landingPage returns the page for these workspaces.
func landingPage(t *testing.T, workspaces ...server.NamedWorkspace) string {
	t.Helper()
	h, logged := handler(t, func(s *setup) {
		s.Workspaces = workspaces
		s.Now = func() time.Time { return now }
	})
	status, header, body := get(t, h, http.MethodGet, "/")
	if status != 200 || header.Get("Content-Type") != "text/html; charset=utf-8" || logged.Len() > 0 {
		t.Fatalf("got %d, %s and %s, logged %s", status, header.Get("Content-Type"), body, logged)
	}
	return body
}

// rows are the cells of all tables, row by row.
func rows(page string) (list []string) {
	for _, row := range regexp.MustCompile(`<tr><td.*</tr>`).FindAllString(page, -1) {
		row = strings.ReplaceAll(row, "</td>", "|")
		list = append(list, regexp.MustCompile(`<[^>]*>`).ReplaceAllString(row, ""))
	}
	return list
}

func TestTheLandingPageShowsHowResourcesStand(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*collector.ResourceStatus)
		want   string
	}{
		"good":                   {func(*collector.ResourceStatus) {}, "abandoned_rooms|24h|42 s ago|ok|6|at once|"},
		"without a window":       {func(s *collector.ResourceStatus) { s.Resource, s.Window = "departments", "" }, "departments||42 s ago|ok|6|at once|"},
		"minutes old":            {func(s *collector.ResourceStatus) { s.AskedAt = now.Add(-2 * time.Minute) }, "abandoned_rooms|24h|2 min ago|ok|6|at once|"},
		"hours old":              {func(s *collector.ResourceStatus) { s.AskedAt = now.Add(-47 * time.Hour) }, "abandoned_rooms|24h|47 h ago|ok|6|at once|"},
		"days old":               {func(s *collector.ResourceStatus) { s.AskedAt = now.Add(-72 * time.Hour) }, "abandoned_rooms|24h|3 d ago|ok|6|at once|"},
		"from the future":        {func(s *collector.ResourceStatus) { s.AskedAt = now.Add(time.Hour) }, "abandoned_rooms|24h|0 s ago|ok|6|at once|"},
		"no limit":               {func(s *collector.ResourceStatus) { s.CallsLeft = -1 }, "abandoned_rooms|24h|42 s ago|ok|no limit|at once|"},
		"no calls left":          {func(s *collector.ResourceStatus) { s.CallsLeft, s.NextCall = 0, now.Add(17*time.Second+1) }, "abandoned_rooms|24h|42 s ago|ok|0|in 18 s|"},
		"calls allowed again":    {func(s *collector.ResourceStatus) { s.NextCall = now }, "abandoned_rooms|24h|42 s ago|ok|6|at once|"},
		"failing":                {func(s *collector.ResourceStatus) { s.Succeeded, s.Outcome = false, "forbidden" }, "abandoned_rooms|24h|42 s ago|forbidden|6|at once|"},
		"failing from the start": {func(s *collector.ResourceStatus) { s.Succeeded, s.Outcome, s.AskedAt = false, "timeout", time.Time{} }, "abandoned_rooms|24h|none yet|timeout|6|at once|"},
		"too old":                {func(s *collector.ResourceStatus) { s.Exported = false }, "abandoned_rooms|24h|42 s ago, no longer exported|ok|6|at once|"},
		"being asked":            {func(s *collector.ResourceStatus) { s.Running = true }, "abandoned_rooms|24h|42 s ago|ok, being asked|6|at once|"},
		"being asked at first": {func(s *collector.ResourceStatus) {
			*s = collector.ResourceStatus{Resource: "rooms", Window: "7d", Running: true}
		}, "rooms|7d|none yet|not asked yet, being asked|0|at once|"},
		"not asked yet": {func(s *collector.ResourceStatus) {
			*s = collector.ResourceStatus{Resource: "rooms", Window: "7d", CallsLeft: 10}
		}, "rooms|7d|none yet|not asked yet|10|at once|"},
	} {
		t.Run(name, func(t *testing.T) {
			status := asked(42 * time.Second)
			tt.change(&status)
			page := landingPage(t, standing(t, "main", status))
			if got := rows(page); len(got) != 1 || got[0] != tt.want {
				t.Errorf("got %q, want %q in %s", got, tt.want, page)
			}
		})
	}
}

func TestTheLandingPageSumsWorkspacesUp(t *testing.T) {
	fails := func(outcome string) collector.ResourceStatus {
		return collector.ResourceStatus{Resource: "rooms", Attempted: true, Outcome: outcome}
	}
	for name, tt := range map[string]struct {
		resources []collector.ResourceStatus
		want      string
	}{
		"good":          {[]collector.ResourceStatus{asked(time.Second), asked(42 * time.Second), asked(2 * time.Second)}, `<span class="good">good</span> <span class="say">oldest answer 42 s ago</span>`},
		"not asked":     {[]collector.ResourceStatus{{}, {}}, `<span class="unasked">not asked yet</span> <span class="say"></span>`},
		"no resources":  {nil, `<span class="unasked">not asked yet</span>`},
		"failing":       {[]collector.ResourceStatus{fails("forbidden"), fails("timeout"), fails("forbidden")}, `<span class="failing">failing</span> <span class="say">3 of 3 (forbidden, timeout)</span>`},
		"some failing":  {[]collector.ResourceStatus{asked(time.Second), fails("forbidden"), {}}, `1 of 3 (forbidden), 1 of 3 not asked yet, oldest answer 1 s ago`},
		"some good yet": {[]collector.ResourceStatus{{}, asked(time.Second)}, `<span class="good">good</span> <span class="say">1 of 2 not asked yet, oldest answer 1 s ago`},
	} {
		t.Run(name, func(t *testing.T) {
			if page := landingPage(t, standing(t, "main", tt.resources...)); !strings.Contains(page, tt.want) {
				t.Errorf("got %s, want %s", page, tt.want)
			}
		})
	}
}

func TestTheLandingPagePutsFirstWhatFails(t *testing.T) {
	failed := collector.ResourceStatus{Attempted: true, Outcome: "network"}
	var workspaces []server.NamedWorkspace
	var failing, unasked, good []string
	for i := range 500 {
		name := fmt.Sprintf("w%03d", i)
		status := asked(time.Minute)
		switch {
		case i%7 == 3:
			status = failed
			failing = append(failing, name)
		case i%11 == 5:
			status = collector.ResourceStatus{}
			unasked = append(unasked, name)
		default:
			good = append(good, name)
		}
		workspaces = append(workspaces, standing(t, name, status))
	}
	page := landingPage(t, workspaces...)
	var got []string
	for _, match := range regexp.MustCompile(`<summary><strong>(.*?)</strong>`).FindAllStringSubmatch(page, -1) {
		got = append(got, match[1])
	}
	if want := slices.Concat(failing, unasked, good); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if strings.Contains(page, "<details open>") {
		t.Error("500 workspaces are shown with all of their resources")
	}
	want := fmt.Sprintf(`<p class="counts"><span class="failing">%d failing</span> <span class="unasked">%d not asked yet</span> <span class="good">%d good</span> </p>`,
		len(failing), len(unasked), len(good))
	if !strings.Contains(page, want) {
		t.Errorf("want %s in %.3000s", want, page)
	}
	if page = landingPage(t, workspaces[:10]...); strings.Count(page, "<details open>") != 10 {
		t.Error("10 workspaces are not shown with all of their resources")
	}
}

func TestTheLandingPageEscapesWhatItShows(t *testing.T) {
	const markup = `<script>"'&`
	hostile := collector.ResourceStatus{Resource: markup, Window: markup, Attempted: true, Outcome: markup}
	page := landingPage(t, standing(t, markup, hostile))
	if strings.Contains(page, "<script") {
		t.Errorf("got %s", page)
	}
	if !strings.Contains(page, `href="/probe?target=%3Cscript%3E%22%27%26"`) {
		t.Errorf("the link to the workspace is not in %s", page)
	}
}

func TestTheLandingPageLinksToWhatThereIs(t *testing.T) {
	link := regexp.MustCompile(`href="([^"]*)"`)
	for _, profiles := range []bool{false, true} {
		h, _ := handler(t, func(s *setup) {
			s.EnableProfiles, s.MetricsPath = profiles, "/own"
			s.Workspaces = []server.NamedWorkspace{exporting("a"), exporting("b&c d")}
		})
		_, _, page := get(t, h, http.MethodGet, "/")
		want := map[string]bool{"/own": true, "/sd": true, "/config": true, "/-/healthy": true, "/-/ready": true, "/probe?target=a": true, "/probe?target=b%26c&#43;d": true}
		if profiles {
			want["/debug/pprof/"] = true
		}
		links := link.FindAllStringSubmatch(page, -1)
		for _, match := range links {
			if !want[match[1]] {
				t.Errorf("profiles %t: unexpected link to %s", profiles, match[1])
			}
			if status, _, body := get(t, h, http.MethodGet, strings.ReplaceAll(match[1], "&#43;", "+")); status != 200 {
				t.Errorf("the link to %s has %d: %s", match[1], status, body)
			}
		}
		if len(links) != len(want) {
			t.Errorf("profiles %t: got %d links, want %d", profiles, len(links), len(want))
		}
	}
}

func TestTheLandingPageWithoutWorkspaces(t *testing.T) {
	if page := landingPage(t); !strings.Contains(page, "None is configured.") || strings.Contains(page, "<details") {
		t.Errorf("got %s", page)
	}
}

func BenchmarkLandingPage(b *testing.B) {
	h, _ := handler(&testing.T{}, func(s *setup) {
		s.Workspaces = nil
		for i := range 500 {
			resources := make([]collector.ResourceStatus, 10)
			for j := range resources {
				resources[j] = asked(time.Minute)
			}
			s.Workspaces = append(s.Workspaces, standing(&testing.T{}, strconv.Itoa(i), resources...))
		}
	})
	var size int
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/", http.NoBody))
		size = w.Body.Len()
	}
	b.ReportMetric(float64(size), "B/page")
}
