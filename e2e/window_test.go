package e2e

import (
	"math"
	"regexp"
	"testing"
	"time"
)

// windows are the windows that tests configure: what one covers when a scrape asks
// at now.
var windows = map[string]func(now time.Time) period{
	"2h":    rolling(2 * time.Hour),
	"6h":    rolling(6 * time.Hour),
	"24h":   rolling(24 * time.Hour),
	"7d":    rolling(7 * 24 * time.Hour),
	"today": func(now time.Time) period { return period{midnight(now), now} },
	"yesterday": func(now time.Time) period {
		return period{midnight(midnight(now).Add(-1)), midnight(now).Add(-time.Millisecond)}
	},
}

// period is from start to end, both included.
type period struct {
	start, end time.Time
}

func rolling(length time.Duration) func(now time.Time) period {
	return func(now time.Time) period { return period{now.Add(-length), now} }
}

func midnight(now time.Time) time.Time {
	return now.UTC().Truncate(24 * time.Hour)
}

// statedPeriod is what a page says that a window covers.
func statedPeriod(t *testing.T, page values, window string) period {
	t.Helper()
	bound := func(metric string) time.Time {
		seconds := page.get(t, series(metric, "resource", "abandoned_rooms", "window", window))
		return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
	}
	return period{bound("livechat_window_start_timestamp_seconds"), bound("livechat_window_end_timestamp_seconds")}
}

// checkPeriods compares the periods that a page states with what the windows mean at
// the time of its scrape, and with what the workspace was asked for.
func checkPeriods(t *testing.T, w *workspace, page scraped, names []string) {
	t.Helper()
	asked := make(map[period]bool)
	for _, r := range w.Requests() {
		start, startErr := time.Parse(time.RFC3339, r.Query.Get("start"))
		end, endErr := time.Parse(time.RFC3339, r.Query.Get("end"))
		if startErr != nil || endErr != nil {
			t.Errorf("the workspace was asked for %q to %q", r.Query.Get("start"), r.Query.Get("end"))
		}
		asked[period{start.UTC(), end.UTC()}] = true
	}
	took := time.Duration(page.values.get(t, "scrape_duration_seconds") * float64(time.Second))
	for _, name := range names {
		got := statedPeriod(t, page.values, name)
		if !asked[got] {
			t.Errorf("window %s: the page states %v, which was never asked for", name, got)
		}
		// The exporter asked at some time during the scrape, or a few scrapes before on a
		// machine so busy that the call outlived the scrape. Prometheus may date a scrape a
		// few milliseconds off, so that they are evenly spaced.
		const alignment, busy = 20 * time.Millisecond, 10 * time.Second
		earliest := windows[name](page.at.Add(-busy))
		latest := windows[name](page.at.Add(took + alignment))
		if got.start.Before(earliest.start) || got.start.After(latest.start) || got.end.Before(earliest.end) || got.end.After(latest.end) {
			t.Errorf("window %s: the page of %v states %v, want between %v and %v", name, page.at, got, earliest, latest)
		}
		// Whatever the time was, the length is the window's.
		if want := windows[name](got.end); name != "yesterday" && got.start != want.start {
			t.Errorf("window %s: the page states %v, want it to start at %v", name, got, want.start)
		}
	}
}

// expected is what a page has to say about abandoned rooms in the periods that it
// states, by what the workspace's rooms say.
func expected(t *testing.T, w *workspace, page values, names []string) values {
	t.Helper()
	want := make(values)
	for _, name := range names {
		p := statedPeriod(t, page, name)
		for department, n := range w.abandonedRooms(p.start, p.end) {
			want[series("livechat_department_abandoned_rooms", "department_id", department, "window", name)] = float64(n)
		}
	}
	for _, name := range names {
		if page.get(t, series("livechat_refresh_complete", "resource", "abandoned_rooms", "window", name)) == 1 {
			fillZeros(want, name)
		}
	}
	return want
}

// fillZeros adds a 0 for each department that is named, and for none, where a window
// with a whole answer does not name it.
func fillZeros(want values, window string) {
	departments := map[string]bool{"none": true}
	for s := range want {
		departments[departmentOf.FindStringSubmatch(s)[1]] = true
	}
	for department := range departments {
		s := series("livechat_department_abandoned_rooms", "department_id", department, "window", window)
		want[s] += 0
	}
}

// departmentOf finds the department of a series.
var departmentOf = regexp.MustCompile(`department_id="([^"]*)"`)
