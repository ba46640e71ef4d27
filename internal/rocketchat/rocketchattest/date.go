package rocketchattest

import "time"

// parseDate reads the dates that programs write as JavaScript's Date.parse does, in
// milliseconds since the epoch: those without a time are in UTC, those with a time and
// without an offset are in the location of the server's process. JavaScript guesses at
// many more; the double refuses those.
func parseDate(s string, location *time.Location) (milliseconds int64, ok bool) {
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
