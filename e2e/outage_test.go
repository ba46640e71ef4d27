package e2e

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// startLimited starts a workspace that limits the account, and takes a while to answer.
func startLimited(t *testing.T, limit rocketchattest.RateLimit, answer time.Duration) *workspace {
	t.Helper()
	w := startWorkspace(t, rocketchattest.Latest)
	w.Configure(func(s *rocketchattest.Settings) {
		s.RateLimit = limit
		s.Permissions = slices.DeleteFunc(s.Permissions, func(p string) bool { return p == rocketchattest.BypassRateLimit })
	})
	w.AddRooms(history(15, time.Now(), departments(5))...)
	w.Inject(nil, rocketchattest.Slow(answer))
	return w
}

// A workspace that is killed in the middle of its answers and comes again, twice,
// under a scrape every second, with a budget that the scrapes spend: the numbers never
// leave Prometheus, they stand still no longer than the outage and until the next call
// that the budget allows, and no call is ever refused.
func TestAnOutageCostsNoMoreThanItLasts(t *testing.T) {
	t.Parallel()
	const answer = 200 * time.Millisecond
	limit := rocketchattest.RateLimit{Calls: 5, Per: 2 * time.Second}
	names := []string{"6h", "24h", "7d"}
	w := startLimited(t, limit, answer)
	limited := fmt.Sprintf("rate_limit: {calls: %d, per: %v}\n", limit.Calls, limit.Per)
	e := startExporter(t, strings.Replace(config(t, w, names...), noLimit, limited, 1))
	p := startPrometheus(t, scrape("workspace", e.address))
	p.scrapedTimes(t, "workspace", 4)

	var outages []period
	for range 2 {
		eventually(t, "a call under way", func() error {
			if calls := w.Requests(); calls[len(calls)-1].Status == 0 {
				return nil
			}
			return errors.New("all have been answered")
		})
		down := time.Now()
		w.down(t)
		p.scrapedTimes(t, "workspace", len(p.pages(t, "workspace"))+3)
		w.up(t)
		outages = append(outages, period{down, time.Now()})
		p.scrapedTimes(t, "workspace", len(p.pages(t, "workspace"))+4)
	}

	pages := fromFirstAnswers(p.pages(t, "workspace"), names)
	for _, page := range pages {
		checkNumbersStand(t, w, page, names)
	}
	for _, name := range names {
		checkStandstill(t, pages, name, outages, limit.Per+scrapeInterval+answer)
	}
	last := pages[len(pages)-1].values
	if got := last.get(t, series("livechat_api_calls_deferred_total", "route", "total-abandoned-chats")); got == 0 {
		t.Error("the budget was never spent: this test shows little")
	}
	for _, call := range w.Requests() {
		if call.Status == http.StatusTooManyRequests {
			t.Errorf("the call of %v was refused", call.Time)
		}
	}
}

// checkNumbersStand compares a page with what the rooms say for the periods that it
// states, whenever those were asked for.
func checkNumbersStand(t *testing.T, w *workspace, page scraped, names []string) {
	t.Helper()
	if page.values.get(t, "up") != 1 {
		t.Errorf("the scrape of %v failed", page.at)
	}
	if d := difference(page.values.named("livechat_department_abandoned_rooms"), expected(t, w, page.values, names)); d != "" {
		t.Errorf("page of %v:\n%s", page.at, d)
	}
}

// checkStandstill looks for how long a window's numbers stayed the same answer, beyond
// the outages that fell into that time.
func checkStandstill(t *testing.T, pages []scraped, window string, outages []period, most time.Duration) {
	t.Helper()
	const busy = 3 * time.Second // What a machine that does much else may add.
	timestamp := series("livechat_refresh_timestamp_seconds", "resource", "abandoned_rooms", "window", window)
	var longest time.Duration
	answers := 0
	before := time.Time{}
	for _, page := range pages {
		at := time.UnixMilli(int64(math.Round(page.values.get(t, timestamp) * 1000)))
		if at.Equal(before) {
			continue
		}
		answers++
		if !before.IsZero() {
			stood := at.Sub(before)
			for _, outage := range outages {
				stood -= max(0, earlier(at, outage.end).Sub(later(before, outage.start)))
			}
			longest = max(longest, stood)
		}
		before = at
	}
	t.Logf("%s: %d answers on %d pages, none for longer than %v beyond an outage", window, answers, len(pages), longest.Round(time.Millisecond))
	if longest > most+busy {
		t.Errorf("%s stood still for %v beyond an outage, want %v at most", window, longest, most)
	}
	if last := pages[len(pages)-1].at; before.Before(outages[len(outages)-1].end) {
		t.Errorf("%s: the answer on the page of %v is of %v, before the workspace came again", window, last, before)
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// A workspace that answers more slowly than the scrapes end, and then not at all: every
// scrape of Prometheus succeeds in its time with all numbers, a slow answer is on a page
// after the scrape that asked for it, and one that never comes is told.
func TestAWorkspaceThatHangsCostsFreshnessAlone(t *testing.T) {
	t.Parallel()
	const interval = 2 * time.Second
	names := []string{"24h", "7d"}
	w := startWorkspace(t, rocketchattest.Latest)
	w.AddRooms(history(16, time.Now(), departments(5))...)
	e := startExporter(t, config(t, w, names...)+"timeout: 4s\n")
	p := startPrometheus(t, scrape("workspace", e.address).with("scrape_interval", interval.String()).with("scrape_timeout", interval.String()))
	p.becomes(t, "livechat_up", 1)

	remove := w.Inject(nil, rocketchattest.Slow(interval*3/2))
	slow := time.Now()
	eventually(t, "a slow answer", func() error {
		asked := p.now(t, "livechat_refresh_timestamp_seconds")
		for s, at := range asked {
			if time.UnixMilli(int64(at * 1000)).Before(slow) {
				return fmt.Errorf("%s is %v", s, at)
			}
		}
		return nil
	})
	remove()
	w.Inject(nil, rocketchattest.Hang())
	p.becomes(t, series("livechat_refresh_success", "resource", "abandoned_rooms", "window", "24h"), 0)
	p.scrapedTimes(t, "workspace", len(p.pages(t, "workspace"))+1)

	for _, page := range fromFirstAnswers(p.pages(t, "workspace"), names) {
		checkNumbersStand(t, w, page, names)
		if took := page.values.get(t, "scrape_duration_seconds"); took > interval.Seconds() {
			t.Errorf("the scrape of %v took %v s", page.at, took)
		}
	}
	timeouts := series("livechat_api_requests_total", "route", "total-abandoned-chats", "outcome", "timeout")
	if got := p.now(t, timeouts).get(t, timeouts); got == 0 {
		t.Errorf("%s is 0", timeouts)
	}
}

// fromFirstAnswers returns the pages from the first one on that has an answer for each
// window: on a busy machine the first calls can outlive the first scrapes.
func fromFirstAnswers(pages []scraped, windows []string) []scraped {
	first := slices.IndexFunc(pages, func(page scraped) bool {
		return !slices.ContainsFunc(windows, func(window string) bool {
			_, asked := page.values[series("livechat_refresh_timestamp_seconds", "resource", "abandoned_rooms", "window", window)]
			return !asked
		})
	})
	return pages[max(0, first):]
}
