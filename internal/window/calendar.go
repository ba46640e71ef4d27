package window

import (
	"strings"
	"time"
)

// Calendar is a period of calendar days, by its word in the configuration.
type Calendar string

// The calendar periods. Weeks begin on Monday. The current ones end now, the others one
// millisecond before the current one begins, because the server's bounds are inclusive.
const (
	Today     Calendar = "today"
	Yesterday Calendar = "yesterday"
	ThisWeek  Calendar = "this_week"
	LastWeek  Calendar = "last_week"
	ThisMonth Calendar = "this_month"
	LastMonth Calendar = "last_month"
)

// Calendars returns all calendar words, in a fixed order.
func Calendars() []Calendar {
	return []Calendar{Today, Yesterday, ThisWeek, LastWeek, ThisMonth, LastMonth}
}

// calendarWords lists them for a message.
func calendarWords() string {
	var words []string
	for _, c := range Calendars() {
		words = append(words, string(c))
	}
	return strings.Join(words, ", ")
}

// period returns what the calendar period covers, in now's location.
func (c Calendar) period(now time.Time) Period {
	switch c {
	case Yesterday:
		return previous(now, startOfDay)
	case ThisWeek:
		return Period{Start: startOfWeek(now), End: now}
	case LastWeek:
		return previous(now, startOfWeek)
	case ThisMonth:
		return Period{Start: StartOfMonth(now), End: now}
	case LastMonth:
		return previous(now, StartOfMonth)
	default:
		return Period{Start: startOfDay(now), End: now}
	}
}

// previous returns the period before the current one. It starts from that period's last
// moment, because arithmetic on dates can hit a day that a zone has skipped.
func previous(now time.Time, start func(time.Time) time.Time) Period {
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

// StartOfMonth returns the first instant of t's month in t's location.
func StartOfMonth(t time.Time) time.Time {
	year, month, _ := t.Date()
	return firstInstant(year, month, 1, t.Location())
}

// maxOffset is more than any zone has ever been away from UTC.
const maxOffset = 26 * time.Hour

// firstInstant returns the earliest instant whose date in the zone is the given one or
// later. That is not always midnight: some zones put their clocks forward at midnight,
// and some have skipped a whole day. time.ZoneBounds would make the search shorter, but
// is wrong on 31 December of leap years in zones with daylight saving time.
func firstInstant(year int, month time.Month, day int, zone *time.Location) time.Time {
	midnight := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	before := offset(midnight.Add(-maxOffset), zone)
	first := midnight.Add(-before)
	if offset(first, zone) == before && offset(midnight.Add(maxOffset), zone) == before {
		return first.In(zone) // The clocks do not change around this day.
	}
	reached := func(at time.Time) bool { return !at.Add(offset(at, zone)).Before(midnight) }
	first = midnight.Add(-maxOffset)
	for _, step := range []time.Duration{time.Minute, time.Second} {
		for !reached(first.Add(step)) {
			first = first.Add(step)
		}
	}
	return first.Add(time.Second).In(zone)
}

// offset is how far the zone's clock is ahead of UTC at that instant.
func offset(at time.Time, zone *time.Location) time.Duration {
	_, seconds := at.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}
