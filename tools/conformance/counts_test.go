//go:build conformance

package conformance

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// document is a room as the judge reads it. The department is left out, or null, or a text.
type document map[string]any

// question is what the judge runs over the documents.
type question struct {
	About        string     `json:"about"`
	Route        string     `json:"route"`
	Start        int64      `json:"start"`
	End          int64      `json:"end"`
	DepartmentID string     `json:"departmentId,omitempty"`
	Answered     *bool      `json:"answered,omitempty"`
	Timeout      int        `json:"timeout"`
	Offset       int        `json:"offset"`
	Limit        int        `json:"limit"`
	Rooms        []document `json:"rooms"`
}

// verdict is the judge's answer.
type verdict struct {
	Rows []struct {
		ID *string `json:"_id"`
		N  int     `json:"n"`
	} `json:"rows"`
	Length, Total int
}

// world is a workspace with random rooms, and the documents that its database has.
type world struct {
	*rand.Rand
	*rocketchattest.Workspace
	client      *http.Client
	documents   []document
	departments []string
	edges       []int64 // Times at which something happened.
	timeout     int
	now         int64
	settings    rocketchattest.Settings
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func newWorld(t *testing.T, r *rand.Rand) *world {
	t.Helper()
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC).UnixMilli()
	w := &world{Rand: r, timeout: pick(r, 0, 1, 300, 3600, 7200), now: now, edges: []int64{now}, documents: []document{}}
	w.Workspace, w.client = workspace(t, pick(r, profiles...), time.UnixMilli(now))
	w.Configure(func(s *rocketchattest.Settings) {
		s.InactivityTimeout = time.Duration(w.timeout) * time.Second
		s.AllowInfiniteCount, s.UpperCountLimit, s.DefaultCount = r.IntN(3) > 0, pick(r, 100, 7, -1), pick(r, 50, 3, -1)
	})
	w.settings = w.Settings()
	for i := range pick(r, 0, 1, 3, 9, 60, 130) {
		w.departments = append(w.departments, fmt.Sprintf("department%03d", i))
	}
	for range r.IntN(4*len(w.departments) + 10) {
		w.addRoom()
	}
	if len(w.departments) > 0 && r.IntN(3) == 0 {
		removed := pick(r, w.departments...)
		w.RemoveDepartment(removed)
		for _, d := range w.documents {
			if d["departmentId"] == removed {
				delete(d, "departmentId")
			}
		}
	}
	return w
}

// addRoom adds a room in any state: waiting or answered, open, closed with the visitor's
// inactivity or without, reopened, and closed again.
func (w *world) addRoom() {
	// Times repeat and lie a millisecond apart, so that the bounds of periods meet them.
	at := func() int64 { return w.now + int64(w.IntN(40)-36)*3_600_000 + int64(w.IntN(3)-1) }
	room := rocketchattest.Room{OpenedAt: time.UnixMilli(at())}
	d := document{"openedAt": room.OpenedAt.UnixMilli()}
	switch form := w.IntN(8); {
	case form == 0:
	case form == 1:
		room.Without, d["departmentId"] = rocketchattest.Null, nil
	case form == 2:
		room.Without, d["departmentId"] = rocketchattest.Empty, ""
	case len(w.departments) > 0:
		room.DepartmentID = pick(w.Rand, w.departments...)
		d["departmentId"] = room.DepartmentID
	}
	var inactivity *time.Duration
	if w.IntN(4) > 0 {
		n := max(0, w.timeout+pick(w.Rand, -1, 0, 1, -600, 600))
		inactivity = new(time.Duration(n) * time.Second)
		d["inactivity"] = n
	}
	closedAt := max(at(), room.OpenedAt.UnixMilli())
	answered, state := w.IntN(2) == 0, w.IntN(5)
	if state < 2 {
		room.ClosedAt, room.VisitorInactivity = time.UnixMilli(closedAt), inactivity
	}
	room.Answered = answered && w.IntN(2) == 0
	id := w.AddRooms(room)[0]
	if answered && !room.Answered {
		w.AnswerRoom(id)
	}
	switch state {
	case 0, 1:
	case 2: // Closed later.
		w.CloseRoom(id, time.UnixMilli(closedAt), inactivity)
	case 3: // Reopened, and closed again.
		w.CloseRoom(id, time.UnixMilli(closedAt-1), new(time.Duration(0)))
		w.ReopenRoom(id)
		w.CloseRoom(id, time.UnixMilli(closedAt), inactivity)
	case 4:
		if w.IntN(2) == 0 {
			w.CloseRoom(id, time.UnixMilli(closedAt), inactivity)
			w.ReopenRoom(id)
		}
		delete(d, "inactivity")
	}
	if d["waiting"] = !answered; state != 4 && closedAt <= w.now {
		d["closedAt"] = closedAt
	}
	if room.OpenedAt.UnixMilli() <= w.now { // What comes later is not in the database yet.
		w.documents = append(w.documents, d)
	}
	w.edges = append(w.edges, room.OpenedAt.UnixMilli(), closedAt)
}

// ask makes a random question, and the query that asks the double the same.
func (w *world) ask() (q question, query string) {
	edge := func() int64 { return pick(w.Rand, w.edges...) + int64(w.IntN(3)-1) }
	q = question{About: "count", Route: pick(w.Rand, abandonedRoute, chatsRoute), Start: edge(), End: edge(), Timeout: w.timeout, Rooms: w.documents}
	if w.IntN(3) > 0 {
		q.Start, q.End = min(q.Start, q.End, w.now-30*3_600_000), max(q.Start, q.End)
	}
	parameters := period(q.Start, q.End)
	if w.IntN(6) == 0 {
		q.DepartmentID = pick(w.Rand, append(w.departments, "unknown")...)
		parameters.Set("departmentId", q.DepartmentID)
	}
	if q.Route == chatsRoute {
		switch answered := w.IntN(5); {
		case answered < 2:
			q.Answered = new(true)
		case answered < 4 || w.Profile() != rocketchattest.Old: // Absent, it is false in later releases.
			q.Answered = new(false)
		}
		if q.Answered != nil && (*q.Answered || w.IntN(3) > 0 || w.Profile() == rocketchattest.Old) {
			parameters.Set("answered", strconv.FormatBool(*q.Answered))
		}
	}
	byDefault := func(n, fallback int) int {
		if n < 0 {
			return fallback
		}
		return n
	}
	q.Limit = byDefault(w.settings.DefaultCount, 50)
	if w.Profile() != rocketchattest.Old && w.IntN(3) > 0 {
		q.Limit = pick(w.Rand, 0, 0, 1, 3, 50, 100, 1000)
		q.Offset = pick(w.Rand, 0, 0, 1, 5, 60, 1000)
		parameters.Set("count", strconv.Itoa(q.Limit))
		parameters.Set("offset", strconv.Itoa(q.Offset))
	}
	q.Limit = min(q.Limit, byDefault(w.settings.UpperCountLimit, 100))
	if q.Limit == 0 && !w.settings.AllowInfiniteCount {
		q.Limit = byDefault(w.settings.DefaultCount, 50)
	}
	return q, parameters.Encode()
}

func text(id *string, n int) string {
	if id == nil {
		return fmt.Sprint("null ", n)
	}
	return fmt.Sprint(strconv.Quote(*id), " ", n)
}

// The double counts the rooms that the database's own stages count.
func TestCounts(t *testing.T) {
	random := rand.New(rand.NewPCG(seed, seed))
	var (
		questions []question
		replies   []reply
		asked     []string
	)
	for range 400 {
		w := newWorld(t, random)
		for range 10 {
			q, query := w.ask()
			questions, replies = append(questions, q), append(replies, get(t, w.client, q.Route, query))
			asked = append(asked, fmt.Sprintf("%s: %s?%s", w.Profile(), q.Route, query))
		}
		w.client.CloseIdleConnections()
	}
	failures, rows, nulls, counted := 0, 0, 0, 0
	for i, want := range ask[verdict](t, questions) {
		got := replies[i]
		var all, page []string
		for _, r := range want.Rows {
			all = append(all, text(r.ID, r.N))
		}
		for _, r := range got.Departments {
			page = append(page, text(r.ID, r.AbandonedRooms+r.Rooms))
			counted += r.AbandonedRooms + r.Rooms
		}
		if strings.Count(strings.Join(page, "\n"), "null") == 2 {
			nulls++
		}
		rows += len(page)
		// Which rows are on a page is undefined, as their order is.
		if got.status != 200 || !within(page, all) || len(page) != want.Length || got.Count != want.Length || got.Total != want.Total || got.Offset != questions[i].Offset {
			failures++
			if failures <= 10 {
				t.Errorf("%s\ngot  %+v %q\nwant %d of %d: %q", asked[i], got, page, want.Length, want.Total, all)
			}
		}
	}
	t.Logf("%d answers compared, with %d rows of %d rooms; %d have two rows with null, %d differ", len(questions), rows, counted, nulls, failures)
}

// within reports whether all of the part, as often as it has it, is in the whole.
func within(part, whole []string) bool {
	left := slices.Clone(whole)
	for _, s := range part {
		i := slices.Index(left, s)
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return true
}
