package collector

import "time"

// Calendar is a period of calendar days, by its word in the configuration.
type Calendar string

// The calendar periods. Weeks begin on Monday. The current ones end now, the
// others one millisecond before the current one begins: the server's bounds are
// inclusive.
const (
	Today     Calendar = "today"
	Yesterday Calendar = "yesterday"
	ThisWeek  Calendar = "this_week"
	LastWeek  Calendar = "last_week"
	ThisMonth Calendar = "this_month"
	LastMonth Calendar = "last_month"
)

// period returns what the calendar period covers, in now's zone. An unknown word
// covers nothing.
func (c Calendar) period(now time.Time) Period {
	switch c {
	case Today:
		return Period{Start: startOfDay(now), End: now}
	case Yesterday:
		return before(now, startOfDay)
	case ThisWeek:
		return Period{Start: startOfWeek(now), End: now}
	case LastWeek:
		return before(now, startOfWeek)
	case ThisMonth:
		return Period{Start: startOfMonth(now), End: now}
	case LastMonth:
		return before(now, startOfMonth)
	default:
		return Period{Start: now, End: now.Add(-time.Millisecond)}
	}
}

// before returns the period before the one that start begins. It looks for it
// from its last moment, because arithmetic on dates can land on a day that a zone
// has skipped.
func before(now time.Time, start func(time.Time) time.Time) Period {
	end := start(now).Add(-time.Millisecond)
	return Period{Start: start(end), End: end}
}

// startOfDay returns the first instant of t's day.
func startOfDay(t time.Time) time.Time {
	year, month, day := t.Date()
	return firstInstant(year, month, day, t.Location())
}

// startOfWeek returns the first instant of the Monday of t's week.
func startOfWeek(t time.Time) time.Time {
	year, month, day := t.Date()
	sinceMonday := (int(t.Weekday()) + 6) % 7
	return firstInstant(year, month, day-sinceMonday, t.Location())
}

// startOfMonth returns the first instant of t's month.
func startOfMonth(t time.Time) time.Time {
	year, month, _ := t.Date()
	return firstInstant(year, month, 1, t.Location())
}

// farthestZone is more than any zone has ever been away from UTC.
const farthestZone = 26 * time.Hour

// firstInstant returns the earliest instant whose date in the zone is the given
// one or later. That is not always midnight: some zones put their clocks forward
// at midnight, and some have skipped a whole day.
//
// It looks at the clock of the zone alone. Time.ZoneBounds would spare the search,
// but is wrong on the last day of a leap year in zones that change their clocks.
func firstInstant(year int, month time.Month, day int, zone *time.Location) time.Time {
	midnight := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	before := offset(midnight.Add(-farthestZone), zone)
	first := midnight.Add(-before)
	if offset(first, zone) == before && offset(midnight.Add(farthestZone), zone) == before {
		return first.In(zone) // The clocks do not change.
	}

	reached := func(at time.Time) bool { return !at.Add(offset(at, zone)).Before(midnight) }
	first = midnight.Add(-farthestZone)
	for !reached(first.Add(time.Minute)) {
		first = first.Add(time.Minute)
	}
	for !reached(first) {
		first = first.Add(time.Second)
	}
	return first.In(zone)
}

// offset is how far the zone's clock is ahead of UTC at that instant.
func offset(at time.Time, zone *time.Location) time.Duration {
	_, seconds := at.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}
