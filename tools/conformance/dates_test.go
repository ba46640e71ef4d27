//go:build conformance

package conformance

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// dates are the forms that programs write, right and wrong. The double may refuse what
// JavaScript guesses at, but must read what it reads as JavaScript does.
func dates() (all []string, must int) {
	days := []string{"2026-03-01", "2024-02-29", "1999-12-31", "2026-03-09", "2026-11-01", "2000-01-01"}
	times := []string{"T00:00", "T23:59", "T01:30", "T02:30", "T12:34:56", "T00:00:00.1", "T12:34:56.789", "T12:34:56.7894", "T23:59:59.999999999"}
	for _, day := range days {
		all = append(all, day)
		for _, at := range times {
			for _, offset := range []string{"", "Z", "+02:00", "-03:30", "+00:00"} {
				all = append(all, day+at+offset)
			}
		}
	}
	must = len(all)
	return append(all, "", "today", "1700000000", "1700000000000", "2026", "2026-03", "2026-3-1", "2026-02-30", "2026-13-01", "2026-00-10", "2026-01-32",
		"2026-03-01T24:00:00Z", "2026-03-01T25:00:00Z", "2026-03-01T12:60:00Z", "2026-03-01T12:00:60Z", "2026-03-01T1:00:00Z", "2026-03-01T12:00:00 02:00",
		"2026-03-01T12:00:00,5Z", "2026-03-01T12:00:00.Z", "2026-03-01t12:00:00z", "2026-03-01T12Z", "2026-03-01T12:00:00+0200", "2026-03-01T12:00:00+02",
		"2026-03-01T12:00:00+25:00", "2026-03-01T12:00:00+02:60", "2026-03-01T12:00:00+24:00", "2026-03-01T12:00:00-23:59", "2026-03-01T12:00:00-00:00",
		"+002026-03-01", "-000001-01-01", "-2026-03-01T00:00:00Z", "0000-01-01", " 2026-03-01", "2026-03-01 ", "2026-03-01Z",
		"2026-03-01T", "T12:00:00Z", "2026-03-01T12:00:00ZZ", "20260301", "2026-03-01 12:00:00", "Sun Mar 01 2026", "2026-03-01T24:00:00.001Z", "\x00"), must
}

func TestDates(t *testing.T) {
	type question struct {
		About string `json:"about"`
		Text  string `json:"text"`
	}
	texts, must := dates()
	var questions []question
	for _, text := range texts {
		questions = append(questions, question{"date", text})
	}
	later := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	guesses := 0
	for i, answer := range ask[*int64](t, questions) {
		w, client := workspace(t, rocketchattest.Latest, later)
		query := url.Values{"start": {texts[i]}, "end": {timeText(later.UnixMilli())}, "answered": {"false"}}
		if answer != nil { // Of two rooms a millisecond apart, the period begins with the second.
			w.AddRooms(rocketchattest.Room{DepartmentID: "before", OpenedAt: time.UnixMilli(*answer - 1)},
				rocketchattest.Room{DepartmentID: "at", OpenedAt: time.UnixMilli(*answer)})
		}
		got := get(t, client, chatsRoute, query.Encode())
		switch {
		case got.status == 400 && answer != nil && i >= must:
			guesses++
		case got.status != 200 && answer != nil, got.status == 200 && answer == nil:
			t.Errorf("%q is answered %d %s, in JavaScript it is %v", texts[i], got.status, got.Error, answer)
		case answer != nil && !slices.ContainsFunc(got.Departments, func(r row) bool { return *r.ID == "at" }),
			answer != nil && len(got.Departments) != 1:
			t.Errorf("%q is not %s", texts[i], timeText(*answer))
		}
	}
	t.Logf("%d dates compared, of which JavaScript guesses at %d that the double refuses", len(texts), guesses)
}
