package window_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // The zones of these tests must not depend on the machine.

	"go.yaml.in/yaml/v4"

	"livechat_exporter/internal/window"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestRollingWindow(t *testing.T) {
	now := time.Date(2026, 3, 29, 3, 30, 0, 123_987_654, zone(t, "Europe/Berlin"))
	w := window.Window{Name: "24h", Duration: 24 * time.Hour}
	got := w.Period(now)
	end := time.Date(2026, 3, 29, 1, 30, 0, 123_000_000, time.UTC)
	if !got.End.Equal(end) || !got.Start.Equal(end.Add(-24*time.Hour)) {
		t.Errorf("got %v to %v, want 24 hours in whole milliseconds over a change of the clocks", got.Start, got.End)
	}
	if w.Ended(got, now.AddDate(1, 0, 0)) {
		t.Error("the period has ended, though a rolling window has no end")
	}
}

func TestCalendarWindows(t *testing.T) {
	tests := map[string]struct {
		calendar   window.Calendar
		zone, now  string
		start, end string // In the zone; an end of "now" is now.
	}{
		"today":                         {window.Today, "UTC", "2026-11-23T07:26:56Z", "2026-11-23 00:00:00.000 +0000", "now"},
		"today at its first instant":    {window.Today, "UTC", "2026-11-23T00:00:00Z", "2026-11-23 00:00:00.000 +0000", "now"},
		"today, east of UTC":            {window.Today, "Asia/Tokyo", "2026-11-22T20:00:00Z", "2026-11-23 00:00:00.000 +0900", "now"},
		"today, west of UTC":            {window.Today, "America/Los_Angeles", "2026-11-23T07:00:00Z", "2026-11-22 00:00:00.000 -0800", "now"},
		"today, half an hour off":       {window.Today, "Asia/Kolkata", "2026-11-23T07:26:56Z", "2026-11-23 00:00:00.000 +0530", "now"},
		"today, 25 hours":               {window.Today, "Europe/Berlin", "2026-10-25T22:30:00Z", "2026-10-25 00:00:00.000 +0200", "now"},
		"yesterday, 23 hours":           {window.Yesterday, "Europe/Berlin", "2026-03-30T08:00:00Z", "2026-03-29 00:00:00.000 +0100", "2026-03-29 23:59:59.999 +0200"},
		"this week on a Sunday":         {window.ThisWeek, "UTC", "2026-11-29T23:59:59Z", "2026-11-23 00:00:00.000 +0000", "now"},
		"this week over a month's turn": {window.ThisWeek, "UTC", "2026-12-02T12:00:00Z", "2026-11-30 00:00:00.000 +0000", "now"},
		"last week, one hour short":     {window.LastWeek, "Europe/Berlin", "2026-03-30T08:00:00Z", "2026-03-23 00:00:00.000 +0100", "2026-03-29 23:59:59.999 +0200"},
		"this month":                    {window.ThisMonth, "America/New_York", "2026-11-23T07:26:56Z", "2026-11-01 00:00:00.000 -0400", "now"},
		"last month in January":         {window.LastMonth, "UTC", "2026-01-31T12:00:00Z", "2025-12-01 00:00:00.000 +0000", "2025-12-31 23:59:59.999 +0000"},
		"last month of a leap year":     {window.LastMonth, "UTC", "2028-03-31T00:00:00Z", "2028-02-01 00:00:00.000 +0000", "2028-02-29 23:59:59.999 +0000"},

		// The clocks went forward at midnight: the day began at one o'clock.
		"day without midnight":              {window.Today, "America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04 01:00:00.000 -0200", "now"},
		"day after one without midnight":    {window.Yesterday, "America/Sao_Paulo", "2018-11-05T12:00:00Z", "2018-11-04 01:00:00.000 -0200", "2018-11-04 23:59:59.999 -0200"},
		"month without its first midnight":  {window.ThisMonth, "America/Asuncion", "2017-10-04T12:00:00Z", "2017-10-01 01:00:00.000 -0300", "now"},
		"second of the two midnight hours":  {window.Today, "America/Havana", "2026-11-01T05:30:00Z", "2026-11-01 00:00:00.000 -0400", "now"},
		"day with its last hour twice":      {window.Yesterday, "America/Sao_Paulo", "2018-02-18T12:00:00Z", "2018-02-17 00:00:00.000 -0200", "2018-02-17 23:59:59.999 -0300"},
		"day after one that did not exist":  {window.Today, "Pacific/Apia", "2011-12-30T20:00:00Z", "2011-12-31 00:00:00.000 +1400", "now"},
		"day before one that did not exist": {window.Yesterday, "Pacific/Apia", "2011-12-30T20:00:00Z", "2011-12-29 00:00:00.000 -1000", "2011-12-29 23:59:59.999 -1000"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			const layout = "2006-01-02 15:04:05.000 -0700"
			now := instant(t, tt.now).In(zone(t, tt.zone))
			got := window.Window{Calendar: tt.calendar}.Period(now)
			if tt.end == "now" {
				tt.end = now.Format(layout)
			}
			if start, end := got.Start.Format(layout), got.End.Format(layout); start != tt.start || end != tt.end {
				t.Errorf("got %s to %s, want %s to %s", start, end, tt.start, tt.end)
			}
		})
	}
}

// Zones that have changed their clocks in unusual ways. All of them take long.
func TestCalendarWindowsAtEachClockChange(t *testing.T) {
	for _, name := range []string{"America/Sao_Paulo", "Pacific/Apia", "America/Havana"} {
		checkClockChanges(t, name)
	}
}

// checkClockChanges checks the calendar windows around each change of the zone's clocks,
// and on days of leap years on which [time.Time.ZoneBounds] is wrong.
func checkClockChanges(t *testing.T, name string) {
	t.Helper()
	end := instant(t, "2037-12-31T00:00:00Z")
	for at := instant(t, "1970-01-02T00:00:00Z").In(zone(t, name)); !at.IsZero() && at.Before(end); _, at = at.ZoneBounds() {
		for _, d := range []time.Duration{-25 * time.Hour, -time.Millisecond, 0, 59 * time.Minute, 25 * time.Hour} {
			checkCalendarWindows(t, at.Add(d))
		}
	}
	for year := 2026; year <= 2060; year++ {
		for _, month := range []time.Month{time.January, time.December} {
			checkCalendarWindows(t, time.Date(year, month, 31, 12, 0, 0, 0, time.UTC).In(zone(t, name)))
		}
	}
}

// checkCalendarWindows checks what holds in every zone at every moment: a current period
// ends now, the one before it ends right before it, and both begin with the first day that
// exists.
func checkCalendarWindows(t *testing.T, now time.Time) {
	t.Helper()
	for _, tt := range []struct {
		current, previous window.Calendar
		first             func(day time.Time) bool // Whether the period begins with that day.
	}{
		{window.Today, window.Yesterday, func(time.Time) bool { return true }},
		{window.ThisWeek, window.LastWeek, func(day time.Time) bool { return day.Weekday() == time.Monday }},
		{window.ThisMonth, window.LastMonth, func(day time.Time) bool { return day.Day() == 1 }},
	} {
		this := window.Window{Calendar: tt.current}.Period(now)
		before := window.Window{Calendar: tt.previous}.Period(now)
		lastMoment := this.Start.Add(-time.Millisecond)
		const longest = 33 * 24 * time.Hour
		switch {
		case this.Start.After(now) || !this.End.Equal(now) || now.Sub(this.Start) > longest,
			!before.End.Equal(lastMoment) || !before.Start.Before(before.End) || before.End.Sub(before.Start) > longest,
			this.Start.Format(time.DateOnly) == lastMoment.Format(time.DateOnly),
			!tt.first(this.Start) && tt.first(lastMoment): // A zone that skipped the first day begins with the second.
			t.Errorf("%s at %v: %v to %v; %s: %v to %v", tt.current, now, this.Start, this.End, tt.previous, before.Start, before.End)
		}
	}
}

func TestEnded(t *testing.T) {
	midnight := instant(t, "2026-11-24T00:00:00Z")
	w := window.Window{Calendar: window.Today}
	p := w.Period(midnight.Add(-time.Millisecond))
	if w.Ended(p, midnight.Add(-time.Millisecond)) || !w.Ended(p, midnight) {
		t.Error("a day must end at midnight")
	}
	if w.Ended(w.Period(midnight), midnight.Add(-time.Hour)) {
		t.Error("a day has ended because the clock was set back")
	}
}

func TestYAML(t *testing.T) {
	tests := map[string]struct {
		want window.Window
		back string // What is written; as it was read if empty.
	}{
		"6h\n":                     {want: window.Window{Name: "6h", Duration: 6 * time.Hour}},
		"1d\n":                     {want: window.Window{Name: "1d", Duration: 24 * time.Hour}},
		"last_week\n":              {want: window.Window{Name: "last_week", Calendar: window.LastWeek}},
		"{calendar: today}":        {want: window.Window{Name: "today", Calendar: window.Today}, back: "today\n"},
		"{name: '', duration: 1h}": {want: window.Window{Name: "1h", Duration: time.Hour}, back: "1h\n"},
		"name: shift\nduration: 8h\nrefresh: 5m\n": {want: window.Window{Name: "shift", Duration: 8 * time.Hour, Refresh: 5 * time.Minute}},
		"name: heute\ncalendar: today\n":           {want: window.Window{Name: "heute", Calendar: window.Today}},
	}
	for text, tt := range tests {
		t.Run(text, func(t *testing.T) {
			var got window.Window
			if err := yaml.Unmarshal([]byte(text), &got); err != nil || got != tt.want {
				t.Fatalf("got %+v, error %v, want %+v", got, err, tt.want)
			}
			if tt.back == "" {
				tt.back = text
			}
			if back, err := yaml.Marshal(got); err != nil || string(back) != tt.back {
				t.Errorf("written as %q, error %v, want %q", back, err, tt.back)
			}
		})
	}
}

func TestBadYAML(t *testing.T) {
	const words = "today, yesterday, this_week, last_week, this_month, last_month"
	for text, want := range map[string]string{
		"[6h]":                            "must be a duration such as 24h, a calendar word such as today, or a mapping of name, duration or calendar, and refresh",
		"fortnight":                       `"fortnight" is neither a duration such as 24h or 7d nor one of ` + words,
		"0s":                              "the duration must be more than 0 and at most 10 years",
		"11y":                             "the duration must be more than 0 and at most 10 years",
		"{length: 1h}":                    `unknown key "length": the keys of a window are name, duration, calendar and refresh`,
		"{duration: [1h]}":                "duration must be a single value",
		"{duration: today}":               `"today" is not a duration: write calendar: today`,
		"{calendar: 6h}":                  "calendar must be one of " + words + `, not "6h"`,
		"{name: shift}":                   "must have either a duration or a calendar word",
		"{duration: 1h, calendar: today}": "must have either a duration or a calendar word",
		"{duration: 1h, refresh: 25h}":    `refresh must be a duration of at most 1d, such as 5m, not "25h"`,
		`{duration: 1h, name: "a\nb"}`:    "the name must have 1 to 64 bytes, all of them printable",
		"{duration: 1h, name: " + strings.Repeat("x", 65) + "}": "the name must have 1 to 64 bytes, all of them printable",
	} {
		t.Run(text, func(t *testing.T) {
			err := yaml.Unmarshal([]byte(text), new(window.Window))
			if err == nil || !strings.HasSuffix(err.Error(), "line 1: "+want) {
				t.Errorf("got error %v, want %s", err, want)
			}
		})
	}
}
