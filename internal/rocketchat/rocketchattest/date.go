package rocketchattest

import (
	"regexp"
	"time"
)

// dateForm is what of Go's dates JavaScript reads too, whose hours have two digits and
// whose offsets end at 23:59.
var dateForm = regexp.MustCompile(`^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)?)?$`)

// parseDate reads the dates that programs write as JavaScript's Date.parse does, in
// milliseconds since the epoch: those without a time are in UTC, those with a time and
// without an offset are in the location of the server's process. JavaScript guesses at
// many more; the double refuses those.
// In the hour that a change of the clocks skips, the two differ.
func parseDate(s string, location *time.Location) (milliseconds int64, ok bool) {
	if !dateForm.MatchString(s) {
		return 0, false
	}
	for _, form := range []struct {
		layout   string
		location *time.Location
	}{
		{"2006-01-02T15:04:05Z07:00", time.UTC}, // A fraction of the second can follow it.
		{"2006-01-02T15:04Z07:00", time.UTC},
		{"2006-01-02T15:04:05", location},
		{"2006-01-02T15:04", location},
		{"2006-01-02", time.UTC},
	} {
		if at, err := time.ParseInLocation(form.layout, s, form.location); err == nil {
			return at.UnixMilli(), true
		}
	}
	return 0, false
}
