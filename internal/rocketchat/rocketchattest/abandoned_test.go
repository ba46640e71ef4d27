package rocketchattest

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"testing"
	"time"
)

func TestWhichRoomsCount(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	start := now.Add(-24 * time.Hour)
	room := func(change func(*Room)) Room {
		r := abandoned("d")
		change(&r)
		return r
	}
	for name, tt := range map[string]struct {
		room     Room
		settings setting
		end      time.Time
		counts   bool
	}{
		"inside of the period":                       {room: abandoned("d"), counts: true},
		"opened at the start":                        {room: room(func(r *Room) { r.OpenedAt = start }), counts: true},
		"opened within the start's last millisecond": {room: room(func(r *Room) { r.OpenedAt = start.Add(999 * time.Microsecond) }), counts: true},
		"opened before the start":                    {room: room(func(r *Room) { r.OpenedAt = start.Add(-ms) })},
		"closed at the end":                          {room: room(func(r *Room) { r.ClosedAt = now }), counts: true},
		"closed after the end":                       {room: room(func(r *Room) { r.ClosedAt = now.Add(-time.Hour + ms) }), end: now.Add(-time.Hour)},
		"closed at an earlier end":                   {room: abandoned("d"), end: now.Add(-time.Hour), counts: true},
		"open":                                       {room: room(func(r *Room) { r.ClosedAt = time.Time{} })},
		"closes in the future":                       {room: room(func(r *Room) { r.ClosedAt = now.Add(ms) }), end: now.Add(time.Hour)},
		"opens in the future":                        {room: room(func(r *Room) { r.OpenedAt = now.Add(ms) }), end: now.Add(time.Hour)},
		"no inactivity measured":                     {room: room(func(r *Room) { r.VisitorInactivity = nil })},
		"silent for the timeout":                     {room: room(func(r *Room) { r.VisitorInactivity = new(time.Hour) }), counts: true},
		"silent for less":                            {room: room(func(r *Room) { r.VisitorInactivity = new(time.Hour - time.Second) })},
		"silent for a second less, rounded up":       {room: room(func(r *Room) { r.VisitorInactivity = new(time.Hour - ms) })},
		"silent for a shorter timeout":               {room: room(func(r *Room) { r.VisitorInactivity = new(5 * time.Minute) }), settings: func(s *Settings) { s.InactivityTimeout = 5 * time.Minute }, counts: true},
		"silent for less than a longer timeout":      {room: abandoned("d"), settings: func(s *Settings) { s.InactivityTimeout = 3 * time.Hour }},
		"no timeout":                                 {room: room(func(r *Room) { r.VisitorInactivity = new(time.Duration) }), settings: func(s *Settings) { s.InactivityTimeout = 0 }, counts: true},
		"no timeout, no inactivity measured":         {room: room(func(r *Room) { r.VisitorInactivity = nil }), settings: func(s *Settings) { s.InactivityTimeout = -time.Hour }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, p := range profiles {
				w := newWorkspace(p)
				w.AddRooms(tt.room)
				if tt.settings != nil {
					w.Configure(tt.settings)
				}
				end := tt.end
				if end.IsZero() {
					end = now
				}
				want := map[string]int{}
				if tt.counts {
					want["d"] = 1
				}
				got := decode(t, ask(t, w, request{query: period(start, end)}).body)
				if !maps.Equal(got.counts(), want) || got.Total != len(want) {
					t.Errorf("%s: endpoint = %v of %d, want %v of %d", p, got.counts(), got.Total, want, len(want))
				}
				if got := w.AbandonedRooms(start, end); !maps.Equal(got, want) {
					t.Errorf("%s: AbandonedRooms = %v, want %v", p, got, want)
				}
			}
		})
	}
}

func TestRoomsComeIntoBeingAndCloseWithTime(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	room := abandoned("d")
	room.OpenedAt, room.ClosedAt = now.Add(time.Hour), now.Add(4*time.Hour)
	w.AddRooms(room)
	for after, want := range map[time.Duration]int{0: 0, 2 * time.Hour: 0, 4*time.Hour - 1: 0, 4 * time.Hour: 1, 5 * time.Hour: 1} {
		w.Configure(func(s *Settings) { s.Now = func() time.Time { return now.Add(after) } })
		got := decode(t, ask(t, w, request{query: period(now, now.Add(24*time.Hour))}).body)
		if got.counts()["d"] != want {
			t.Errorf("%s later the endpoint counts %d, want %d", after, got.counts()["d"], want)
		}
	}
}

func TestEndBeforeStartIsEmpty(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	w.AddRooms(abandoned("d"))
	if got := ask(t, w, request{query: period(now, now.Add(-24*time.Hour))}); got.status != 200 || got.body != noRooms {
		t.Errorf("answer = %d %s, want 200 %s", got.status, got.body, noRooms)
	}
}

func TestDatesWithoutOffsetAreInTheServersZone(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	w.Configure(func(s *Settings) { s.Location = time.FixedZone("", 2*3600) })
	room := abandoned("d") // from 07:00 to 11:00 UTC
	w.AddRooms(room)
	for query, want := range map[string]int{
		"start=2026-03-04T09:00:00&end=2026-03-04T13:00:00":   1,
		"start=2026-03-04T09:00:01&end=2026-03-04T13:00:00":   0,
		"start=2026-03-04T09:00:00&end=2026-03-04T12:59:59":   0,
		"start=2026-03-04T07:00:00Z&end=2026-03-04T11:00:00Z": 1,
		"start=2026-03-04&end=2026-03-05":                     1,
	} {
		if got := decode(t, ask(t, w, request{query: query}).body); got.counts()["d"] != want {
			t.Errorf("%s counts %d, want %d", query, got.counts()["d"], want)
		}
	}
}

func TestDepartmentFilter(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Old)
	w.AddRooms(abandoned("a"), abandoned("a"), abandoned("b"), abandoned(""))
	for parameter, want := range map[string]map[string]int{
		"":                        {"a": 2, "b": 1, "": 1},
		"&departmentId=":          {"a": 2, "b": 1, "": 1},
		"&departmentId=undefined": {"a": 2, "b": 1, "": 1},
		"&departmentId=a":         {"a": 2},
		"&departmentId=b":         {"b": 1},
		"&departmentId=unknown":   {},
	} {
		got := askPage(t, w, parameter)
		if !maps.Equal(got.counts(), want) || got.Total != len(want) {
			t.Errorf("%q = %v of %d, want %v of %d", parameter, got.counts(), got.Total, want, len(want))
		}
	}
}

func TestRoomsWithoutADepartmentHaveTheIDNull(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Mid)
	w.AddRooms(abandoned(""))
	want := `{"departments":[{"_id":null,"abandonedRooms":1}],"count":1,"offset":0,"total":1,"success":true}`
	if got := ask(t, w, request{}); got.body != want {
		t.Errorf("body = %s, want %s", got.body, want)
	}
}

func TestHistoryChanges(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*Workspace, []RoomID)
		want   map[string]int
	}{
		"nothing": {
			change: func(*Workspace, []RoomID) {},
			want:   map[string]int{"a": 2, "b": 1},
		},
		"a department is removed": {
			change: func(w *Workspace, _ []RoomID) { w.RemoveDepartment("a") },
			want:   map[string]int{"": 2, "b": 1},
		},
		"a removed department's id is used again": {
			change: func(w *Workspace, _ []RoomID) { w.RemoveDepartment("a"); w.AddRooms(abandoned("a")) },
			want:   map[string]int{"": 2, "a": 1, "b": 1},
		},
		"an unknown department is removed": {
			change: func(w *Workspace, _ []RoomID) { w.RemoveDepartment("c") },
			want:   map[string]int{"a": 2, "b": 1},
		},
		"a department is archived": {
			change: func(w *Workspace, _ []RoomID) { w.ArchiveDepartment("a") },
			want:   map[string]int{"a": 2, "b": 1},
		},
		"a room is reopened": {
			change: func(w *Workspace, rooms []RoomID) { w.ReopenRoom(rooms[0]) },
			want:   map[string]int{"a": 1, "b": 1},
		},
		"a reopened room is closed by its visitor": {
			change: func(w *Workspace, rooms []RoomID) { w.ReopenRoom(rooms[0]); w.CloseRoom(rooms[0], now, nil) },
			want:   map[string]int{"a": 1, "b": 1},
		},
		"a reopened room is closed for inactivity": {
			change: func(w *Workspace, rooms []RoomID) {
				w.ReopenRoom(rooms[0])
				w.CloseRoom(rooms[0], now, new(time.Hour))
			},
			want: map[string]int{"a": 2, "b": 1},
		},
		"a room is forwarded": {
			change: func(w *Workspace, rooms []RoomID) { w.ForwardRoom(rooms[0], "c") },
			want:   map[string]int{"a": 1, "b": 1, "c": 1},
		},
		"the timeout is raised": {
			change: func(w *Workspace, _ []RoomID) {
				w.Configure(func(s *Settings) { s.InactivityTimeout = 24 * time.Hour })
			},
			want: map[string]int{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(Latest)
			tt.change(w, w.AddRooms(abandoned("a"), abandoned("a"), abandoned("b")))
			if got := askPage(t, w, "").counts(); !maps.Equal(got, tt.want) {
				t.Errorf("counts = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestDepartments(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	w.AddDepartments(Department{ID: "1", Name: "Sales"}, Department{ID: "2", Name: "Billing"}, Department{ID: "3", Name: "Billing"})
	w.AddDepartments(Department{ID: "1", Name: "Accounts"})
	w.ArchiveDepartment("3")
	w.RemoveDepartment("2")
	want := []Department{{ID: "1", Name: "Accounts"}, {ID: "3", Name: "Billing", Archived: true}}
	if got := w.Departments(); !reflect.DeepEqual(got, want) {
		t.Errorf("departments = %v, want %v", got, want)
	}
}

func TestReplicaLag(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	w.Configure(func(s *Settings) { s.ReplicaLag = 30 * time.Second })
	justClosed := abandoned("just closed")
	justClosed.ClosedAt = now.Add(-29 * time.Second)
	closedBefore := abandoned("closed before")
	closedBefore.ClosedAt = now.Add(-30 * time.Second)
	w.AddRooms(justClosed, closedBefore)

	got := askPage(t, w, "")
	if want := map[string]int{"closed before": 1}; !maps.Equal(got.counts(), want) || got.Total != 2 || got.Count != 1 {
		t.Errorf("answer = %v, count %d of %d, want %v, 1 of 2", got.counts(), got.Count, got.Total, want)
	}
	if got := w.AbandonedRooms(now.Add(-24*time.Hour), now); len(got) != 2 {
		t.Errorf("AbandonedRooms = %v, want both departments", got)
	}
}

func TestTotalSkew(t *testing.T) {
	t.Parallel()
	for skew, want := range map[int]int{0: 3, 4: 7, -2: 1} {
		w := newWorkspace(Latest)
		addDepartments(w, 3)
		w.Configure(func(s *Settings) { s.TotalSkew = skew })
		if got := askPage(t, w, ""); got.Total != want || got.Count != 3 {
			t.Errorf("with a skew of %d: count, total = %d, %d, want 3, %d", skew, got.Count, got.Total, want)
		}
	}
}

// The documentation of the public API shows an answer: the double gives the same
// to rooms that make those numbers.
func TestDocumentedAnswer(t *testing.T) {
	t.Parallel()
	recorded, err := os.ReadFile("testdata/abandoned-chats.json")
	if err != nil {
		t.Fatal(err)
	}
	want := decode(t, string(recorded))
	w := newWorkspace(Old)
	for id, n := range want.counts() {
		for range n {
			w.AddRooms(abandoned(id))
		}
	}
	answer := ask(t, w, request{}).body
	if got := decode(t, answer); !maps.Equal(got.counts(), want.counts()) {
		t.Errorf("counts = %v, want %v", got.counts(), want.counts())
	}
	withoutRows := func(body string) (fields map[string]any) {
		if err := json.Unmarshal([]byte(body), &fields); err != nil {
			t.Fatal(err)
		}
		delete(fields, "departments")
		return fields
	}
	if got, want := withoutRows(answer), withoutRows(string(recorded)); !reflect.DeepEqual(got, want) {
		t.Errorf("fields beside the rows = %v, want %v", got, want)
	}
}

// The endpoint agrees with the rule of the server written down once more, on
// times and not on numbers, over rooms of all kinds.
func TestCountsOfRandomRooms(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 11))
	ids := []string{"", "a", "b", "c"}
	w := newWorkspace(Latest)
	w.Configure(unlimited)
	moment := func() time.Time { return now.Add(time.Duration(random.IntN(60)-50) * time.Hour) }
	rooms := make([]Room, 2000)
	for i := range rooms {
		rooms[i] = Room{DepartmentID: ids[random.IntN(len(ids))], OpenedAt: moment()}
		if random.IntN(4) > 0 {
			rooms[i].ClosedAt = moment()
		}
		if random.IntN(4) > 0 {
			rooms[i].VisitorInactivity = new(time.Duration(random.IntN(120)) * time.Minute)
		}
	}
	w.AddRooms(rooms...)
	some := 0
	for range 200 {
		start, end := moment(), moment()
		want := map[string]int{}
		for _, r := range rooms {
			switch {
			case r.VisitorInactivity == nil, *r.VisitorInactivity < time.Hour:
			case r.ClosedAt.IsZero(), r.ClosedAt.After(now), r.ClosedAt.After(end):
			case r.OpenedAt.After(now), r.OpenedAt.Before(start):
			default:
				want[r.DepartmentID]++
				some++
			}
		}
		if got := decode(t, ask(t, w, request{query: period(start, end)}).body); !maps.Equal(got.counts(), want) {
			t.Errorf("from %s to %s the endpoint counts %v, want %v", start, end, got.counts(), want)
		}
	}
	if some < 1000 {
		t.Errorf("the rule matched %d times: the rooms are no test", some)
	}
}
