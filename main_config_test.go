package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// startWith runs the program for a workspace with one window, today, of which nothing
// but the abandoned chats is asked for, and with more lines of configuration.
func startWith(t *testing.T, ws http.Handler, lines string) *program {
	t.Helper()
	chat := httptest.NewServer(ws)
	t.Cleanup(chat.Close)
	file := filepath.Join(t.TempDir(), "config.yml")
	text := fmt.Sprintf("workspaces: {main: {url: %q, user_id: %s, auth_token: %s}}\nwindows: [today]\n"+
		"counter: false\nrooms: false\ndepartments: false\n%s\n",
		chat.URL, rocketchattest.UserID, rocketchattest.AuthToken, lines)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return start(t, environment(), "--config.file="+file)
}

// sample is the value of a series on a page.
func sample(t *testing.T, page, series string) float64 {
	t.Helper()
	match := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\S+)$`).FindStringSubmatch(page)
	if match == nil {
		t.Fatalf("no %s on the page\n%s", series, page)
	}
	value, err := strconv.ParseFloat(match[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestTheConfiguredTimeoutEndsACall(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Latest)
	ws.Inject(nil, rocketchattest.Hang())
	p := startWith(t, ws, "timeout: 100ms")
	begin := time.Now()
	_, page := p.get(t, "/metrics")
	// Without it, the scrape's own deadline would be 10 s.
	if took := time.Since(begin); took > 5*time.Second || took < 100*time.Millisecond {
		t.Errorf("the page took %v, want a little over 100 ms", took)
	}
	if got := sample(t, page, `livechat_api_requests_total{outcome="timeout",route="total-abandoned-chats"}`); got != 1 {
		t.Errorf("got %v calls that timed out, want 1", got)
	}
	p.stopped(t)
}

func TestTheConfiguredInactivityTimeoutIsExported(t *testing.T) {
	p := startWith(t, rocketchattest.New(rocketchattest.Latest), "inactivity_timeout: 30m")
	_, page := p.get(t, "/metrics")
	if got := sample(t, page, "livechat_visitor_inactivity_timeout_seconds"); got != 1800 {
		t.Errorf("got %v, want 1800", got)
	}
	p.stopped(t)
}

func TestCalendarWindowsBeginInTheConfiguredZone(t *testing.T) {
	const name = "Pacific/Kiritimati" // 14 hours ahead of UTC: midnight is never the same.
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	ws := rocketchattest.New(rocketchattest.Latest)
	p := startWith(t, ws, "timezone: "+name)
	_, page := p.get(t, "/metrics")
	const labels = `{resource="abandoned_rooms",window="today"}`
	start := time.Unix(int64(sample(t, page, "livechat_window_start_timestamp_seconds"+labels)), 0)
	end := time.Unix(int64(sample(t, page, "livechat_window_end_timestamp_seconds"+labels)), 0).In(zone)
	want := time.Date(end.Year(), end.Month(), end.Day(), 0, 0, 0, 0, zone)
	if !start.Equal(want) {
		t.Errorf("today begins at %v, want %v", start.In(zone), want)
	}
	asked, err := time.Parse(time.RFC3339, ws.Requests()[0].Query.Get("start"))
	if err != nil || !asked.Equal(want) {
		t.Errorf("the workspace was asked from %v, %v; want %v", asked, err, want)
	}
	p.stopped(t)
}

// A workspace that sends far more header than any server has costs its call, not the
// exporter's memory, and is one line of the log.
func TestTheHeaderOfAnAnswerIsBounded(t *testing.T) {
	for name, tt := range map[string]struct {
		size  int
		up    float64
		lines int
	}{
		"that of a talkative proxy": {size: 60 << 10, up: 1},
		"too much":                  {size: 65 << 10, lines: 1},
		"1 MiB":                     {size: 1 << 20, lines: 1},
	} {
		t.Run(name, func(t *testing.T) {
			ws := rocketchattest.New(rocketchattest.Latest)
			ws.Inject(nil, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				w.Header().Set("X-Filler", strings.Repeat("x", tt.size))
				next.ServeHTTP(w, r)
			})
			p := startWith(t, ws, "")
			_, page := p.get(t, "/metrics")
			if up := sample(t, page, "livechat_up"); up != tt.up {
				t.Errorf("got livechat_up %v, want %v", up, tt.up)
			}
			network := sample(t, page, `livechat_api_requests_total{outcome="network",route="total-abandoned-chats"}`)
			badResponse := sample(t, page, `livechat_api_requests_total{outcome="bad_response",route="total-abandoned-chats"}`)
			if got, want := network+badResponse, 1-tt.up; got != want {
				t.Errorf("got %v failed calls, want %v", got, want)
			}
			p.stopped(t)
			if lines := strings.Count(p.stderr.String(), "level=warn") + strings.Count(p.stderr.String(), "level=error"); lines != tt.lines {
				t.Errorf("got %d warnings and errors, want %d: %s", lines, tt.lines, p.stderr.String())
			}
			if len(p.stderr.String()) > 10<<10 {
				t.Error("the header is in the log")
			}
		})
	}
}
