package e2e

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// values are the samples of one moment by their series, written as by the function
// series.
type values map[string]float64

// series writes a series as Prometheus does. The labels are pairs of name and value, in
// any order; one with an empty value is left out.
func series(name string, labels ...string) string {
	var pairs []string
	for pair := range slices.Chunk(labels, 2) {
		if pair[1] != "" {
			pairs = append(pairs, pair[0]+"="+strconv.Quote(pair[1]))
		}
	}
	slices.Sort(pairs)
	if len(pairs) == 0 {
		return name
	}
	return name + "{" + strings.Join(pairs, ",") + "}"
}

// The series that most tests look at.

func abandoned(department, window string) string {
	return series("livechat_department_abandoned_rooms", "department_id", department, "window", window)
}

// refresh is one of the livechat_refresh_* series of the abandoned rooms.
func refresh(what, window string) string {
	return series("livechat_refresh_"+what, "resource", "abandoned_rooms", "window", window)
}

// calls is the number of calls for abandoned rooms that had an outcome.
func calls(outcome string) string {
	return series("livechat_api_requests_total", "route", "total-abandoned-chats", "outcome", outcome)
}

// labelOf returns the value of a label of a series.
func labelOf(series, label string) string {
	match := regexp.MustCompile(`\b` + label + `="([^"]*)"`).FindStringSubmatch(series)
	if match == nil {
		return ""
	}
	return match[1]
}

// metric are the values of one metric.
func (v values) metric(name string) values {
	found := make(values)
	for s, value := range v {
		if of, _, _ := strings.Cut(s, "{"); of == name {
			found[s] = value
		}
	}
	return found
}

// get returns the value of a series that has to exist.
func (v values) get(t *testing.T, series string) float64 {
	t.Helper()
	value, ok := v[series]
	if !ok {
		t.Fatalf("no series %s among\n%s", series, v)
	}
	return value
}

// String lists the values in order, one a line.
func (v values) String() string {
	var b strings.Builder
	for _, s := range slices.Sorted(maps.Keys(v)) {
		fmt.Fprintf(&b, "%s %v\n", s, v[s])
	}
	return b.String()
}

// diff lists the series that differ; it is "" if none does.
func diff(got, want values) string {
	var b strings.Builder
	all := maps.Clone(got)
	maps.Copy(all, want)
	for _, s := range slices.Sorted(maps.Keys(all)) {
		g, inGot := got[s]
		w, inWant := want[s]
		switch {
		case !inGot:
			fmt.Fprintf(&b, "%s: got no series, want %v\n", s, w)
		case !inWant:
			fmt.Fprintf(&b, "%s: got %v, want no series\n", s, g)
		case g != w:
			fmt.Fprintf(&b, "%s: got %v, want %v\n", s, g, w)
		}
	}
	return b.String()
}

// parsePage reads the gauges and counters of a page in the text format.
func parsePage(page string) (values, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		return nil, fmt.Errorf("parse page: %w\n%s", err, page)
	}
	parsed := make(values)
	for name, family := range families {
		for _, m := range family.GetMetric() {
			var pairs []string
			for _, l := range m.GetLabel() {
				pairs = append(pairs, l.GetName(), l.GetValue())
			}
			switch {
			case m.GetGauge() != nil:
				parsed[series(name, pairs...)] = m.GetGauge().GetValue()
			case m.GetCounter() != nil:
				parsed[series(name, pairs...)] = m.GetCounter().GetValue()
			}
		}
	}
	return parsed, nil
}

// period is from start to end, both included.
type period struct{ start, end time.Time }

// windows are the windows that tests configure: the period of one that is requested at
// now.
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

func rolling(length time.Duration) func(now time.Time) period {
	return func(now time.Time) period { return period{now.Add(-length), now} }
}

func midnight(now time.Time) time.Time { return now.Truncate(24 * time.Hour) }

func timeOf(seconds float64) time.Time {
	return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
}

// exportedPeriod is the period that a page has for a window.
func exportedPeriod(t *testing.T, page values, window string) period {
	t.Helper()
	bound := func(metric string) time.Time {
		return timeOf(page.get(t, series(metric, "resource", "abandoned_rooms", "window", window)))
	}
	return period{bound("livechat_window_start_timestamp_seconds"), bound("livechat_window_end_timestamp_seconds")}
}

// checkPeriods compares the exported periods with the meaning of the windows at the
// time of the request, and with the parameters that the workspace got.
func checkPeriods(t *testing.T, w *workspace, page scrapedPage, names []string) {
	t.Helper()
	requested := make(map[period]bool)
	for _, r := range w.Requests() {
		from, err := time.Parse(time.RFC3339, r.Query.Get("start"))
		to, err2 := time.Parse(time.RFC3339, r.Query.Get("end"))
		if err != nil || err2 != nil {
			t.Errorf("the workspace got a request for %q to %q", r.Query.Get("start"), r.Query.Get("end"))
		}
		requested[period{from.UTC(), to.UTC()}] = true
	}
	for _, name := range names {
		got, at := exportedPeriod(t, page.values, name), timeOf(page.values.get(t, refresh("timestamp_seconds", name)))
		if want := windows[name](at); got != want || !requested[got] {
			t.Errorf("window %s, requested at %v: got %v, want %v; the workspace got this period: %t", name, at, got, want, requested[got])
		}
	}
}

// expectedRooms is what a page has to have for its periods, counted from the rooms of
// the workspace. Windows with a complete answer are zero-filled.
func expectedRooms(t *testing.T, w *workspace, page values, names []string) values {
	t.Helper()
	want := make(values)
	departments := map[string]bool{"none": true}
	for _, name := range names {
		for department, n := range w.abandonedRooms(exportedPeriod(t, page, name)) {
			want[abandoned(department, name)] = float64(n)
			departments[department] = true
		}
	}
	for _, name := range names {
		if page.get(t, refresh("complete", name)) == 1 {
			for department := range departments {
				want[abandoned(department, name)] += 0
			}
		}
	}
	return want
}

// checkRooms compares the numbers of a page with the rooms of the workspace.
func checkRooms(t *testing.T, w *workspace, page values, names []string) {
	t.Helper()
	if d := diff(page.metric("livechat_department_abandoned_rooms"), expectedRooms(t, w, page, names)); d != "" {
		t.Error(d)
	}
}

// checkPage checks all of a page that has current answers.
func checkPage(t *testing.T, w *workspace, page scrapedPage, names []string) {
	t.Helper()
	for _, s := range []string{"up", "livechat_up"} {
		if value := page.values.get(t, s); value != 1 {
			t.Errorf("%s at %v: got %v, want 1", s, page.at, value)
		}
	}
	checkPeriods(t, w, page, names)
	checkRooms(t, w, page.values, names)
}
