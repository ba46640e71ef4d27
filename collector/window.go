package collector

import "time"

// Window is a period that moves with the clock. Its zero value is not a window:
// use [RollingWindow] or [CalendarWindow].
type Window struct {
	name    string
	refresh time.Duration
	period  func(now time.Time) Period
	// ends says that the period ends and another one begins, as a day does.
	ends bool
	// meaning tells windows apart that have the same name.
	meaning string
}

// Period is from Start to End, both inclusive and in whole milliseconds, as the
// server compares them.
type Period struct {
	Start, End time.Time
}

// RollingWindow returns the window of that length that ends now. Hours that the
// clocks skip or repeat do not change its length.
func RollingWindow(name string, length time.Duration) Window {
	return Window{name: name, meaning: length.String(), period: func(now time.Time) Period {
		return Period{Start: now.Add(-length), End: now}
	}}
}

// CalendarWindow returns the window of calendar days of the zone.
func CalendarWindow(name string, calendar Calendar, zone *time.Location) Window {
	return Window{name: name, meaning: string(calendar) + " in " + zone.String(), ends: true, period: func(now time.Time) Period {
		return calendar.period(now.In(zone))
	}}
}

// RefreshedEvery returns the window with a least time between two good answers.
func (w Window) RefreshedEvery(interval time.Duration) Window {
	w.refresh = interval
	return w
}

// Name is the window's label.
func (w Window) Name() string { return w.name }

// Period returns what the window covers at that moment.
func (w Window) Period(now time.Time) Period {
	return w.period(now.Truncate(time.Millisecond))
}

// current reports whether the period has not ended: at the turn of the day, an
// answer for today is one for yesterday.
func (w Window) current(p Period, now time.Time) bool {
	return !w.ends || w.Period(now).Start.Equal(p.Start)
}
