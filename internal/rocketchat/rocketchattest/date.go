package rocketchattest

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The forms of a date that the server's JavaScript engine reads and that programs
// write: ISO 8601, the same with a space for the T, and what JavaScript, HTTP and
// mail print. The engine guesses at many more, such as "3/1" or "12"; the double
// refuses those.
var (
	dateISO = regexp.MustCompile(`^(?P<year>[+-]\d{6}|\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d))?)?` +
		`(?:[Tt]` + clock + `(?P<zone>[Zz]|[+-]\d\d:?\d\d)?)?$`)
	dateSpaced = regexp.MustCompile(`^(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d) ` + clock + zoneSpaced + `$`)
	dateWords  = regexp.MustCompile(`^(?:[A-Z][a-z]{2,8},? )?(?:(?P<name>[A-Z][a-z]{2,8}) (?P<day>\d\d?),?|(?P<day>\d\d?) (?P<name>[A-Z][a-z]{2,8}))` +
		` (?P<year>\d{4})(?: ` + clock + zoneSpaced + `)?$`)
)

const (
	clock      = `(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d+))?)?`
	zoneSpaced = `(?: ?(?P<zone>Z|(?:GMT|UTC)?[+-]\d\d:?\d\d|GMT|UTC)(?: \([^)]*\))?)?`
)

// maxDate is the last moment, in milliseconds from the epoch, that a JavaScript
// date can be.
const maxDate = 8_640_000_000_000_000

// parseDate reads a date as JavaScript's Date.parse does, in milliseconds since
// the epoch. ISO dates without a time are in UTC; all others without an offset
// are in the location of the server's process.
func parseDate(s string, location *time.Location) (milliseconds int64, ok bool) {
	d := readDate(s)
	if d["hour"] == "" && d["name"] == "" {
		location = time.UTC
	}
	month, known := d.month()
	if d == nil || !known || d["year"] == "-000000" || !d.inRange() {
		return 0, false
	}
	if zone := d["zone"]; zone != "" {
		if location, ok = offset(zone); !ok {
			return 0, false
		}
	}
	at := d.in(location, month).UnixMilli()
	return at, -maxDate <= at && at <= maxDate
}

// dateText are the parts of a date by the names of the groups above.
type dateText map[string]string

// readDate takes a date apart. It is nil for a text in none of the forms.
func readDate(s string) dateText {
	for _, form := range []*regexp.Regexp{dateISO, dateSpaced, dateWords} {
		found := form.FindStringSubmatch(s)
		if found == nil {
			continue
		}
		d := make(dateText)
		for i, name := range form.SubexpNames() {
			if found[i] != "" {
				d[name] = found[i]
			}
		}
		return d
	}
	return nil
}

// number is a part that consists of digits, the fallback if it is missing.
func (d dateText) number(part string, fallback int) int {
	n, err := strconv.Atoi(d[part])
	if err != nil {
		return fallback
	}
	return n
}

// milliseconds are the first three digits of the fraction; the rest is cut off.
func (d dateText) milliseconds() int {
	n, _ := strconv.Atoi((d["fraction"] + "000")[:3]) // Digits, by the forms above.
	return n
}

// month is the month, by its number or by the first letters of its name.
func (d dateText) month() (time.Month, bool) {
	name := d["name"]
	if name == "" {
		n := d.number("month", 1)
		return time.Month(n), 1 <= n && n <= 12
	}
	for m := time.January; m <= time.December; m++ {
		if strings.HasPrefix(m.String(), name[:3]) {
			return m, true
		}
	}
	return 0, false
}

// inRange says whether day and time of day are possible. A day can end at 24:00.
func (d dateText) inRange() bool {
	day, hour, minute, second := d.number("day", 1), d.number("hour", 0), d.number("minute", 0), d.number("second", 0)
	if hour == 24 && (minute > 0 || second > 0 || d.milliseconds() > 0) {
		return false
	}
	return 1 <= day && day <= 31 && hour <= 24 && minute <= 59 && second <= 59
}

// in is the moment that the date is in a zone. A day that the month lacks is one
// of the next month; a time of day that the zone skips is that much after the
// skip, as if clocks had not been changed yet.
func (d dateText) in(location *time.Location, month time.Month) time.Time {
	at := func(l *time.Location) time.Time {
		return time.Date(d.number("year", 0), month, d.number("day", 1),
			d.number("hour", 0), d.number("minute", 0), d.number("second", 0), d.milliseconds()*int(time.Millisecond), l)
	}
	t := at(location)
	_, seconds := t.Zone()
	if skipped := at(time.UTC).Sub(t.Add(time.Duration(seconds) * time.Second)); skipped > 0 {
		return t.Add(skipped)
	}
	return t
}

// offset is the zone of an offset such as "Z", "+02:00" and "GMT-0500".
func offset(zone string) (*time.Location, bool) {
	zone = strings.TrimPrefix(strings.TrimPrefix(zone, "GMT"), "UTC")
	digits := strings.ReplaceAll(strings.TrimLeft(zone, "+-Zz"), ":", "")
	if digits == "" {
		return time.UTC, true
	}
	n, _ := strconv.Atoi(digits) // Four digits, by the forms above.
	hours, minutes := n/100, n%100
	if hours > 23 || minutes > 59 {
		return nil, false
	}
	seconds := hours*3600 + minutes*60
	if zone[0] == '-' {
		seconds = -seconds
	}
	return time.FixedZone("", seconds), true
}
