package rocketchattest

import (
	"time"
)

// parseDate reads a date as the server's JavaScript does.
func parseDate(s string, location *time.Location) (milliseconds int64, ok bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, s, location); err == nil {
			return t.UnixMilli(), true
		}
	}
	return 0, false
}
