package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// A token that the workspace refuses: the page and the scrape are whole, livechat_up
// tells, no number is made up, the log says it once, and nobody sees the token, not
// even if the answer repeats it.
func TestWrongToken(t *testing.T) {
	t.Parallel()
	const token = "wR0ngT0ken-wR0ngT0ken-wR0ngT0ken-wR0ngT0ken"
	for name, profile := range map[string]rocketchattest.Profile{
		"old": rocketchattest.Old, "mid": rocketchattest.Mid, "latest": rocketchattest.Latest, "repeated in the answer": rocketchattest.Latest,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := startWorkspace(t, profile)
			w.AddRooms(history(10, time.Now(), departments(3))...)
			if name == "repeated in the answer" {
				w.Inject(nil, rocketchattest.RespondJSON(http.StatusUnauthorized, `{"success":false,"error":"no session `+token+`"}`))
			}
			e := startExporter(t, configWithToken(t, w, token, "6h", "24h", "7d"), "--log.level=debug")
			p := startPrometheus(t, scrape("livechat", e.address))
			windows := []string{"6h", "24h", "7d"}
			for _, window := range windows { // On a busy machine the first calls can outlive the first scrape.
				p.becomes(t, series("livechat_refresh_success", "resource", "abandoned_rooms", "window", window), 0)
			}
			for range 3 {
				checkUnauthorizedPage(t, p.scrapedSince(t, "livechat", time.Now()), windows)
			}
			if got := p.ever(t, "livechat_department_abandoned_rooms"); len(got) > 0 {
				t.Errorf("numbers that nobody gave: %v", got)
			}
			if lines := e.lines("level=(warn|error)"); len(lines) != 1 || !strings.Contains(lines[0], "reason=unauthorized") {
				t.Errorf("got the warnings and errors\n%s\nwant one line that says unauthorized", strings.Join(lines, "\n"))
			}
			wantNowhere(t, e, p, token)
		})
	}
}

// checkUnauthorizedPage compares a page with what there is to say when every window's
// call was refused.
func checkUnauthorizedPage(t *testing.T, page scraped, windows []string) {
	t.Helper()
	want := values{"up": 1, "livechat_up": 0}
	for _, window := range windows {
		want[series("livechat_refresh_success", "resource", "abandoned_rooms", "window", window)] = 0
	}
	for s, value := range want {
		if got := page.values.get(t, s); got != value {
			t.Errorf("%s of %v: got %v, want %v", s, page.at, got, value)
		}
	}
	calls := series("livechat_api_requests_total", "route", "total-abandoned-chats", "outcome", "unauthorized")
	if got := page.values.get(t, calls); got < float64(len(windows)) {
		t.Errorf("%s of %v: got %v, want one for each window or more", calls, page.at, got)
	}
	for _, metric := range []string{
		"livechat_department_abandoned_rooms", "livechat_refresh_complete", "livechat_refresh_timestamp_seconds",
		"livechat_window_start_timestamp_seconds", "livechat_window_end_timestamp_seconds",
	} {
		if got := page.values.named(metric); len(got) > 0 {
			t.Errorf("the page of %v has\n%s", page.at, got)
		}
	}
}

// A workspace that is not there yet, comes, goes, and comes again. Prometheus'
// scrapes succeed throughout; the numbers last as long as an answer may age, and return
// with the workspace.
func TestWorkspaceComesAndGoes(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	w.AddRooms(history(12, time.Now(), departments(3))...)
	w.down(t)
	e := startExporter(t, config(t, w, "24h", "7d")+"max_age: 3s\n")
	p := startPrometheus(t, scrape("livechat", e.address))

	p.becomes(t, "livechat_up", 0)
	if got := p.ever(t, "livechat_department_abandoned_rooms"); len(got) > 0 {
		t.Errorf("numbers of a workspace that never was: %v", got)
	}

	w.up(t)
	p.becomes(t, "livechat_up", 1)
	checkPage(t, w, p.answeredSince(t, time.Now(), []string{"24h", "7d"}), []string{"24h", "7d"})

	w.down(t)
	success := series("livechat_refresh_success", "resource", "abandoned_rooms", "window", "24h")
	p.becomes(t, success, 0)
	eventually(t, "the end of the numbers", func() error {
		if got := p.now(t, "livechat_department_abandoned_rooms"); len(got) > 0 {
			return fmt.Errorf("there are\n%s", got)
		}
		return nil
	})
	page := p.scrapedSince(t, "livechat", time.Now())
	// A good answer speaks for the workspace for two minutes, longer than this test
	// takes; when the last one was asked for is known for ever.
	if got := page.values.get(t, "livechat_up"); got != 1 {
		t.Errorf("livechat_up: got %v right after the workspace went, want 1", got)
	}
	page.values.get(t, series("livechat_refresh_timestamp_seconds", "resource", "abandoned_rooms", "window", "24h"))

	w.up(t)
	p.becomes(t, success, 1)
	checkPage(t, w, p.answeredSince(t, time.Now(), []string{"24h", "7d"}), []string{"24h", "7d"})

	for _, page := range p.pages(t, "livechat") {
		if page.values.get(t, "up") != 1 {
			t.Errorf("up of %v: got 0, want 1", page.at)
		}
	}
	log := strings.Join(e.lines("Refresh"), "\n")
	if fails, good := strings.Count(log, `msg="Refresh fails"`), strings.Count(log, `msg="Refresh succeeds again"`); fails < 2 || good < 2 || fails+good > 8 {
		t.Errorf("got %d lines of failing and %d of succeeding again, want 2 of each and a few at most:\n%s", fails, good, log)
	}
	wantNowhere(t, e, p, rocketchattest.AuthToken)
}

// becomes waits until a series has a value.
func (p *prometheus) becomes(t *testing.T, series string, value float64) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s is %v", series, value), func() error {
		if got, ok := p.now(t, series)[series]; !ok || got != value {
			return fmt.Errorf("it is %v, there: %t", got, ok)
		}
		return nil
	})
}

// scrapedTimes waits for a number of scrapes of a job.
func (p *prometheus) scrapedTimes(t *testing.T, job string, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d scrapes", n), func() error {
		if got := len(p.pages(t, job)); got < n {
			return fmt.Errorf("%d so far", got)
		}
		return nil
	})
}

// wantNowhere looks for a secret wherever the exporter could have written it: the
// log, its pages, and all that Prometheus knows of it.
func wantNowhere(t *testing.T, e *exporter, p *prometheus, secret string) {
	t.Helper()
	places := map[string]string{
		"the log":             e.stderr.String(),
		"the standard output": e.stdout.String(),
		"Prometheus' log":     p.stderr.String(),
	}
	for _, address := range []string{
		"http://" + e.address + "/metrics", "http://" + e.address + "/probe?target=main",
		"http://" + e.address + "/", "http://" + e.address + "/sd", "http://" + e.address + "/config",
		"http://" + p.address + "/api/v1/query?query=%7Bjob=~%22.%2B%22%7D%5B1h%5D",
		"http://" + p.address + "/api/v1/targets", "http://" + p.address + "/api/v1/metadata",
	} {
		status, body, err := get(t.Context(), http.DefaultClient, address)
		if err != nil || status != http.StatusOK {
			t.Fatalf("%s: status %d, error %v", address, status, err)
		}
		places[address] = body
	}
	for place, text := range places {
		if strings.Contains(text, secret) {
			t.Errorf("%s tells the token", place)
		}
	}
}
