package rocketchattest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// A room is in the queue until an agent takes it or it is closed. Until then its visitor
// has the last word.
func TestQueue(t *testing.T) {
	t.Parallel()
	clock := now
	w := newWorkspace(Latest, func(s *Settings) { s.Now = func() time.Time { return clock } })
	w.AddDepartments(Department{ID: "s", Name: "Sales"}, Department{ID: "d", Name: "Support"})
	w.AddRooms(
		Room{DepartmentID: "s", OpenedAt: now, Queued: 2 * time.Minute, Answered: true},
		Room{DepartmentID: "d", OpenedAt: now, Queued: 2 * time.Minute, ClosedAt: now.Add(time.Minute)},
		Room{DepartmentID: "d", OpenedAt: now, Answered: true}, // Taken at once.
		Room{OpenedAt: now.Add(time.Minute), Queued: time.Hour},
	)
	taken := w.AddRooms(Room{OpenedAt: now, Queued: time.Hour})
	for _, step := range []struct {
		after    time.Duration
		waiting  int
		awaiting int // Over all departments.
	}{
		{-time.Second, 0, 0},
		{0, 3, 3},
		{time.Minute, 3, 4}, // A room was closed, another opened.
		{2 * time.Minute, 2, 3},
	} {
		clock = now.Add(step.after)
		awaiting := get(t, w, chatsPath+"?answered=false&"+period(now, now.Add(time.Hour)))
		sum := 0
		for _, n := range awaiting.counts() {
			sum += n
		}
		direct := 0
		for _, n := range w.RoomsAwaitingReply(now, now.Add(time.Hour)) {
			direct += n
		}
		if got := queue(t, w, ""); got.Total != step.waiting || w.ChatsWaiting() != step.waiting || sum != step.awaiting || direct != step.awaiting {
			t.Errorf("after %v: %d (%d) wait and %d (%d) await a reply, want %d and %d", step.after, got.Total, w.ChatsWaiting(), sum, direct, step.waiting, step.awaiting)
		}
	}
	w.AnswerRoom(taken[0])
	if got := queue(t, w, ""); got.Total != 1 {
		t.Errorf("after a room was taken, %d wait", got.Total)
	}
}

type queuePage struct {
	Inquiries []struct{ Name string }
	Total     int
}

func queue(t *testing.T, w *Workspace, query string) (page queuePage) {
	t.Helper()
	got := send(t, w, request{target: inquiriesPath + query})
	if err := json.Unmarshal([]byte(got.body), &page); err != nil || got.status != 200 {
		t.Fatalf("%s is answered %d %s, error %v", query, got.status, got.body, err)
	}
	return page
}

func TestQueuePages(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Nine)
	w.AddDepartments(Department{ID: "s", Name: "Sales"})
	for _, id := range slices.Repeat([]string{"s", ""}, 60) {
		w.AddRooms(Room{DepartmentID: id, OpenedAt: now, Queued: time.Hour})
	}
	for query, want := range map[string][2]int{ // Documents and total.
		"":                           {50, 120},
		"?count=0":                   {120, 120},
		"?count=1&offset=1000000000": {0, 120},
		"?department=s":              {50, 60},
		"?department=Sales&count=5":  {5, 60},
		"?department=unknown":        {50, 120},
	} {
		got := queue(t, w, query)
		if len(got.Inquiries) != want[0] || got.Total != want[1] {
			t.Errorf("%s: %d documents of %d, want %v", query, len(got.Inquiries), got.Total, want)
		}
		for _, document := range got.Inquiries {
			if !strings.HasPrefix(document.Name, "Visitor ") {
				t.Fatalf("%s: a document without a visitor's name: %+v", query, document)
			}
		}
	}
}

func TestAgentsStatus(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Old)
	w.SetAgents(
		Agent{Presence: Online, Accepts: true}, Agent{Presence: Online, Accepts: true, Departments: []string{"s", "d"}},
		Agent{Presence: Online}, Agent{Presence: Offline, Accepts: true, Departments: []string{"s"}},
		Agent{Presence: Busy, Accepts: true, Departments: []string{"d"}}, Agent{Presence: Away, Accepts: true}, Agent{Presence: Away, Accepts: true},
	)
	for query, want := range map[string]string{
		"":                 `{"offline":2,"away":2,"busy":1,"available":2,"success":true}`,
		"?departmentId=s":  `{"offline":1,"away":0,"busy":0,"available":1,"success":true}`,
		"?departmentId=d":  `{"offline":0,"away":0,"busy":1,"available":1,"success":true}`,
		"?departmentId=no": `{"success":true}`,
	} {
		if got := send(t, w, request{target: agentsPath + query}); got.body != want {
			t.Errorf("%s is answered %s, want %s", query, got.body, want)
		}
	}
	if got := w.Agents(); got != (AgentCounts{Offline: 2, Away: 2, Busy: 1, Available: 2}) {
		t.Errorf("the agents are %+v", got)
	}
}
