package collector

import (
	"strconv"
	"testing"
	"time"
	_ "time/tzdata" // The zones of these tests must not depend on the machine.
)

const layout = "2006-01-02 15:04:05.000 -0700"

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

func TestARollingWindowEndsNowAndHasItsLength(t *testing.T) {
	now := time.Date(2026, 3, 29, 3, 30, 0, 123_987_654, zone(t, "Europe/Berlin"))
	got := RollingWindow("24h", 24*time.Hour).Period(now)
	end := time.Date(2026, 3, 29, 1, 30, 0, 123_000_000, time.UTC)
	if !got.End.Equal(end) || !got.Start.Equal(end.Add(-24*time.Hour)) {
		t.Errorf("got %v to %v, want whole milliseconds and 24 hours, over a change of the clocks", got.Start, got.End)
	}
}

func TestCalendarWindowsCoverTheirDays(t *testing.T) {
	tests := map[string]struct {
		calendar   Calendar
		zone, now  string
		start, end string // In the zone; an end of "now" is now.
	}{
		"today":                         {Today, "UTC", "2026-11-23T07:26:56Z", "2026-11-23 00:00:00.000 +0000", "now"},
		"today at its first instant":    {Today, "UTC", "2026-11-23T00:00:00Z", "2026-11-23 00:00:00.000 +0000", "now"},
		"today, east of UTC":            {Today, "Asia/Tokyo", "2026-11-22T20:00:00Z", "2026-11-23 00:00:00.000 +0900", "now"},
		"today, west of UTC":            {Today, "America/Los_Angeles", "2026-11-23T07:00:00Z", "2026-11-22 00:00:00.000 -0800", "now"},
		"today, half an hour off":       {Today, "Asia/Kolkata", "2026-11-23T07:26:56Z", "2026-11-23 00:00:00.000 +0530", "now"},
		"today, 23 hours":               {Today, "Europe/Berlin", "2026-03-29T20:00:00Z", "2026-03-29 00:00:00.000 +0100", "now"},
		"today, 25 hours":               {Today, "Europe/Berlin", "2026-10-25T22:30:00Z", "2026-10-25 00:00:00.000 +0200", "now"},
		"yesterday":                     {Yesterday, "UTC", "2026-11-23T07:26:56Z", "2026-11-22 00:00:00.000 +0000", "2026-11-22 23:59:59.999 +0000"},
		"yesterday, 23 hours":           {Yesterday, "Europe/Berlin", "2026-03-30T08:00:00Z", "2026-03-29 00:00:00.000 +0100", "2026-03-29 23:59:59.999 +0200"},
		"yesterday, 25 hours":           {Yesterday, "Europe/Berlin", "2026-10-26T08:00:00Z", "2026-10-25 00:00:00.000 +0200", "2026-10-25 23:59:59.999 +0100"},
		"yesterday, another year":       {Yesterday, "UTC", "2027-01-01T00:00:00Z", "2026-12-31 00:00:00.000 +0000", "2026-12-31 23:59:59.999 +0000"},
		"this week on a Monday":         {ThisWeek, "UTC", "2026-11-23T07:26:56Z", "2026-11-23 00:00:00.000 +0000", "now"},
		"this week on a Sunday":         {ThisWeek, "UTC", "2026-11-29T23:59:59Z", "2026-11-23 00:00:00.000 +0000", "now"},
		"this week over a month's turn": {ThisWeek, "UTC", "2026-12-02T12:00:00Z", "2026-11-30 00:00:00.000 +0000", "now"},
		"last week":                     {LastWeek, "UTC", "2026-11-23T07:26:56Z", "2026-11-16 00:00:00.000 +0000", "2026-11-22 23:59:59.999 +0000"},
		"last week, one hour short":     {LastWeek, "Europe/Berlin", "2026-03-30T08:00:00Z", "2026-03-23 00:00:00.000 +0100", "2026-03-29 23:59:59.999 +0200"},
		"this month":                    {ThisMonth, "America/New_York", "2026-11-23T07:26:56Z", "2026-11-01 00:00:00.000 -0400", "now"},
		"last month":                    {LastMonth, "UTC", "2026-03-31T12:00:00Z", "2026-02-01 00:00:00.000 +0000", "2026-02-28 23:59:59.999 +0000"},
		"last month in January":         {LastMonth, "UTC", "2026-01-31T12:00:00Z", "2025-12-01 00:00:00.000 +0000", "2025-12-31 23:59:59.999 +0000"},
		"last month of a leap year":     {LastMonth, "UTC", "2028-03-01T00:00:00Z", "2028-02-01 00:00:00.000 +0000", "2028-02-29 23:59:59.999 +0000"},

		// Clocks that went forward at midnight: the day began at one o'clock.
		"a day without midnight, Brazil":      {Today, "America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04 01:00:00.000 -0200", "now"},
		"the day before one without midnight": {Yesterday, "America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-03 00:00:00.000 -0300", "2018-11-03 23:59:59.999 -0300"},
		"the day after one without midnight":  {Yesterday, "America/Sao_Paulo", "2018-11-05T12:00:00Z", "2018-11-04 01:00:00.000 -0200", "2018-11-04 23:59:59.999 -0200"},
		"a day without midnight, Lebanon":     {Today, "Asia/Beirut", "2026-03-29T12:00:00Z", "2026-03-29 01:00:00.000 +0300", "now"},
		"a day without midnight, Egypt":       {Today, "Africa/Cairo", "2026-04-24T12:00:00Z", "2026-04-24 01:00:00.000 +0300", "now"},
		"a week without its first midnight":   {ThisWeek, "America/Asuncion", "2017-10-04T12:00:00Z", "2017-10-02 00:00:00.000 -0300", "now"},
		"a month without its first midnight":  {ThisMonth, "America/Asuncion", "2017-10-04T12:00:00Z", "2017-10-01 01:00:00.000 -0300", "now"},
		"a midnight that came twice":          {Today, "America/Havana", "2026-11-01T12:00:00Z", "2026-11-01 00:00:00.000 -0400", "now"},
		"in the first of two such hours":      {Today, "America/Havana", "2026-11-01T04:30:00Z", "2026-11-01 00:00:00.000 -0400", "now"},
		"in the second of two such hours":     {Today, "America/Havana", "2026-11-01T05:30:00Z", "2026-11-01 00:00:00.000 -0400", "now"},
		"a day that ended twice, Brazil":      {Yesterday, "America/Sao_Paulo", "2018-02-18T12:00:00Z", "2018-02-17 00:00:00.000 -0200", "2018-02-17 23:59:59.999 -0300"},
		"the day after one that never was":    {Today, "Pacific/Apia", "2011-12-30T20:00:00Z", "2011-12-31 00:00:00.000 +1400", "now"},
		"the day before one that never was":   {Yesterday, "Pacific/Apia", "2011-12-30T20:00:00Z", "2011-12-29 00:00:00.000 -1000", "2011-12-29 23:59:59.999 -1000"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			now := instant(t, tt.now)
			got := CalendarWindow(name, tt.calendar, zone(t, tt.zone)).Period(now)
			if start := got.Start.Format(layout); start != tt.start {
				t.Errorf("got start %s, want %s", start, tt.start)
			}
			if tt.end == "now" {
				tt.end = now.In(got.End.Location()).Format(layout)
			}
			if end := got.End.Format(layout); end != tt.end {
				t.Errorf("got end %s, want %s", end, tt.end)
			}
		})
	}
}

func TestAnUnknownCalendarWordCoversNothing(t *testing.T) {
	got := CalendarWindow("x", "fortnight", time.UTC).Period(instant(t, "2026-11-23T07:26:56Z"))
	if !got.End.Before(got.Start) {
		t.Errorf("got %v to %v, want nothing", got.Start, got.End)
	}
}

// changingZones have each changed their clocks in a way of their own.
var changingZones = []string{
	"UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "America/St_Johns", "America/Havana",
	"Africa/Cairo", "Asia/Beirut", "America/Asuncion", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kwajalein",
	"Antarctica/Troll", "Africa/Casablanca", "Europe/Dublin", "Asia/Gaza", "Asia/Pyongyang", "America/Scoresbysund",
}

func TestCalendarWindowsHoldAroundEveryChangeOfTheClocks(t *testing.T) {
	for _, name := range changingZones {
		t.Run(name, func(t *testing.T) {
			end := instant(t, "2037-12-31T00:00:00Z")
			for at := instant(t, "1970-01-02T00:00:00Z").In(zone(t, name)); !at.IsZero() && at.Before(end); _, at = at.ZoneBounds() {
				for _, d := range []time.Duration{-25 * time.Hour, -time.Hour, -time.Millisecond, 0, time.Millisecond, 59 * time.Minute, 25 * time.Hour} {
					checkCalendarWindows(t, at.Add(d))
				}
			}
		})
	}
}

// At the end of a leap year the standard library has been seen to give a bound of a
// zone's offset that has passed already, which must not be waited for.
func TestCalendarWindowsEndAtTheTurnOfEveryYear(t *testing.T) {
	for _, name := range changingZones {
		for year := 2026; year <= 2060; year++ {
			for _, day := range []string{"-01-01T00:30:00Z", "-01-31T12:00:00Z", "-02-01T12:00:00Z", "-12-31T12:00:00Z"} {
				checkCalendarWindows(t, instant(t, strconv.Itoa(year)+day).In(zone(t, name)))
			}
		}
	}
}

func FuzzCalendarWindows(f *testing.F) {
	for i := range changingZones {
		f.Add(uint8(i), int64(1774749600))
	}
	f.Fuzz(func(t *testing.T, i uint8, seconds int64) {
		const century = 100 * 365 * 24 * 60 * 60
		checkCalendarWindows(t, time.Unix(seconds%century, 0).In(zone(t, changingZones[int(i)%len(changingZones)])))
	})
}

// checkCalendarWindows checks what holds in every zone at every moment: a current
// period ends now, the one before ends right before it, and both begin with the
// first day that there was.
func checkCalendarWindows(t *testing.T, now time.Time) {
	t.Helper()
	for current, last := range map[Calendar]Calendar{Today: Yesterday, ThisWeek: LastWeek, ThisMonth: LastMonth} {
		this := CalendarWindow("", current, now.Location()).Period(now)
		before := CalendarWindow("", last, now.Location()).Period(now)
		if this.Start.After(now) || !this.End.Equal(now) {
			t.Errorf("%s at %v: %v to %v", current, now, this.Start, this.End)
		}
		if !before.End.Equal(this.Start.Add(-time.Millisecond)) || !before.Start.Before(before.End) {
			t.Errorf("%s at %v: %v to %v, but %s begins %v", last, now, before.Start, before.End, current, this.Start)
		}
		if sameDay(this.Start, before.End) {
			t.Errorf("%s at %v begins within a day, %v", current, now, this.Start)
		}
		if longest := 33 * 24 * time.Hour; now.Sub(this.Start) > longest || before.End.Sub(before.Start) > longest {
			t.Errorf("%s at %v begins %v, %s %v", current, now, this.Start, last, before.Start)
		}
		// A zone that skipped the first day begins with the second.
		if !firstOf(current, this.Start) && firstOf(current, this.Start.Add(-time.Millisecond)) {
			t.Errorf("%s at %v begins %v, not with its first day", current, now, this.Start)
		}
	}
}

// firstOf reports whether the day is one that the calendar period begins with.
func firstOf(c Calendar, day time.Time) bool {
	switch c {
	case ThisWeek:
		return day.Weekday() == time.Monday
	case ThisMonth:
		return day.Day() == 1
	default:
		return true
	}
}

func sameDay(a, b time.Time) bool {
	y1, m1, d1 := a.Date()
	y2, m2, d2 := b.Date()
	return y1 == y2 && m1 == m2 && d1 == d2
}
