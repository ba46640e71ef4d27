package rocketchattest

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// opened is an answered room that was opened at a time and not closed.
func opened(at time.Time) Room { return Room{DepartmentID: "d", OpenedAt: at, Answered: true} }

// Both bounds of a period belong to it. A room is abandoned if it was opened and closed
// in it, and the visitor had been silent for the timeout.
func TestWhichRoomsCount(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	start := now.Add(-24 * time.Hour)
	room := func(change func(*Room)) Room {
		r := abandoned("d")
		change(&r)
		return r
	}
	silent := func(d time.Duration) Room { return room(func(r *Room) { r.VisitorInactivity = &d }) }
	closed := func(at time.Time) Room { return room(func(r *Room) { r.ClosedAt = at }) }
	timeout := func(d time.Duration) setting { return func(s *Settings) { s.InactivityTimeout = d } }
	early, late := now.Add(-time.Hour), now.Add(time.Hour)
	for name, tt := range map[string]struct {
		room              Room
		setting           setting
		end               time.Time
		abandoned, opened bool
	}{
		"inside of the period":                  {abandoned("d"), nil, now, true, true},
		"opened at the start":                   {room(func(r *Room) { r.OpenedAt = start }), nil, now, true, true},
		"opened before the start":               {room(func(r *Room) { r.OpenedAt = start.Add(-ms) }), nil, now, false, false},
		"closed at the end":                     {closed(early), nil, early, true, true},
		"closed after the end":                  {closed(early.Add(ms)), nil, early, false, true},
		"open":                                  {closed(time.Time{}), nil, now, false, true},
		"closes in the future":                  {closed(now.Add(ms)), nil, late, false, true},
		"opened at the end":                     {opened(early), nil, early, false, true},
		"opened after the end":                  {opened(early.Add(ms)), nil, early, false, false},
		"opens in the future":                   {opened(now.Add(ms)), nil, late, false, false},
		"no inactivity measured":                {room(func(r *Room) { r.VisitorInactivity = nil }), nil, now, false, true},
		"silent for the timeout":                {silent(time.Hour), nil, now, true, true},
		"silent for less":                       {silent(time.Hour - ms), nil, now, false, true},
		"silent for a shorter timeout":          {silent(5 * time.Minute), timeout(5 * time.Minute), now, true, true},
		"silent for less than a longer timeout": {abandoned("d"), timeout(3 * time.Hour), now, false, true},
		"no timeout":                            {silent(0), timeout(0), now, true, true},
		"an end before the start":               {abandoned("d"), nil, start.Add(-time.Hour), false, false},
	} {
		for _, p := range profiles {
			w := newWorkspace(p, tt.setting)
			w.AddRooms(tt.room)
			query := "?" + period(start, tt.end)
			check := func(what string, counts bool, a answerOf, direct map[string]int) {
				want := map[string]int{}
				if counts {
					want["d"] = 1
				}
				if got := a.counts(); !maps.Equal(got, want) || a.Total != len(want) || !maps.Equal(direct, want) {
					t.Errorf("%s, %s: %s = %v of %d, directly %v; want %v", name, p, what, got, a.Total, direct, want)
				}
			}
			check("abandoned", tt.abandoned, get(t, w, abandonedPath+query), w.AbandonedRooms(start, tt.end))
			check("opened", tt.opened, get(t, w, chatsPath+query+"&answered=true"), w.Rooms(start, tt.end))
		}
	}
}

// Releases up to 7.5 read the absence of answered as both, and later ones as false.
func TestAnsweredRooms(t *testing.T) {
	t.Parallel()
	all, answered, waiting := map[string]int{"a": 3, "": 1}, map[string]int{"a": 2, "": 1}, map[string]int{"a": 1}
	for parameter, want := range map[string]struct{ old, newer map[string]int }{
		"":                {all, waiting},
		"&answered=true":  {answered, answered},
		"&answered=false": {waiting, waiting},
		"&answered=TRUE":  {waiting, waiting},
	} {
		for _, p := range profiles {
			w := newWorkspace(p)
			rooms := w.AddRooms(Room{DepartmentID: "a", OpenedAt: now}, Room{DepartmentID: "a", OpenedAt: now}, abandoned("a"), abandoned(""))
			w.AnswerRoom(rooms[1])
			want := map[Profile]map[string]int{Old: want.old, Mid: want.newer, Latest: want.newer, Nine: want.newer}[p]
			if got := get(t, w, chatsPath+"?"+day+parameter).counts(); !maps.Equal(got, want) {
				t.Errorf("%s: %q counts %v, want %v", p, parameter, got, want)
			}
		}
	}
}

// Some changes rewrite the past.
func TestHistoryChanges(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*Workspace, []RoomID)
		want   map[string]int
	}{
		"a department is removed":         {func(w *Workspace, _ []RoomID) { w.RemoveDepartment("a") }, map[string]int{"": 2, "b": 1}},
		"a department is archived":        {func(w *Workspace, _ []RoomID) { w.ArchiveDepartment("a") }, map[string]int{"a": 2, "b": 1}},
		"a room is reopened":              {func(w *Workspace, r []RoomID) { w.ReopenRoom(r[0]) }, map[string]int{"a": 1, "b": 1}},
		"closed again for the inactivity": {func(w *Workspace, r []RoomID) { w.ReopenRoom(r[0]); w.CloseRoom(r[0], now, new(time.Hour)) }, map[string]int{"a": 2, "b": 1}},
	} {
		w := newWorkspace(Latest)
		tt.change(w, w.AddRooms(abandoned("a"), abandoned("a"), abandoned("b")))
		if got := get(t, w, abandonedPath+"?"+day).counts(); !maps.Equal(got, tt.want) {
			t.Errorf("%s: counts = %v, want %v", name, got, tt.want)
		}
	}
}

// Departments are counted on the primary, and their rooms on a secondary.
func TestReplicaLagAndSkew(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest, func(s *Settings) { s.ReplicaLag, s.TotalSkew = 30*time.Second, 3 })
	late, before := abandoned("late"), abandoned("before")
	late.ClosedAt, before.ClosedAt = now.Add(-29*time.Second), now.Add(-30*time.Second)
	w.AddRooms(late, before)
	if got := get(t, w, abandonedPath+"?"+day); !maps.Equal(got.counts(), map[string]int{"before": 1}) || got.Total != 5 {
		t.Errorf("answer = %v of %d, want one of 2 and a skew of 3", got.counts(), got.Total)
	}
}

// The documentation of the public API shows an answer: the double gives the same to rooms
// that make those numbers, but for the order.
func TestDocumentedAnswer(t *testing.T) {
	t.Parallel()
	documented, err := os.ReadFile("testdata/abandoned-chats.json")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorkspace(Old)
	w.Inject(nil, RespondJSON(200, string(documented)))
	want := get(t, w, abandonedPath)
	w = newWorkspace(Old)
	for id, n := range want.counts() {
		for range n {
			w.AddRooms(abandoned(id))
		}
	}
	got := get(t, w, abandonedPath+"?"+day)
	if !maps.Equal(got.counts(), want.counts()) || got.Count != want.Count || got.Total != want.Total || got.Offset != want.Offset {
		t.Errorf("got %+v, want %+v", got, want)
	}
	w = newWorkspace(Mid)
	w.AddRooms(abandoned(""))
	w.AddDepartments(Department{ID: "a", Name: "Sales", Agents: 3})
	w.ArchiveDepartment("a")
	w.UnarchiveDepartment("a") // It stays disabled.
	for target, want := range map[string]string{
		"": `{"departments":[{"_id":null,"abandonedRooms":1}],"count":1,"offset":0,"total":1,"success":true}`,
		departmentPath: `{"departments":[{"_id":"a","enabled":false,"name":"Sales","description":"","numAgents":3,"showOnRegistration":true,` +
			`"showOnOfflineForm":true,"requestTagBeforeClosingChat":false,"chatClosingTags":[],"email":"livechat@example.com",` +
			`"offlineMessageChannelName":"","type":"d","archived":false,"_updatedAt":"2026-03-04T12:00:00.000Z"}],"count":1,"offset":0,"total":1,"success":true}`,
	} {
		if got := send(t, w, request{target: target}).body; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// Of rooms in no department, those without the field and those in which it is null are two
// rows with the same id, and those in which it is empty a third.
func TestRowsWithoutDepartment(t *testing.T) {
	t.Parallel()
	for _, p := range profiles {
		w := newWorkspace(p)
		for i, without := range []Without{Missing, Null, Null, Empty, Empty, Empty} {
			r := abandoned("")
			r.Without = without
			if i == 0 {
				r.DepartmentID = "a" // Its removal leaves no field.
			}
			w.AddRooms(r)
		}
		w.RemoveDepartment("a")
		got := get(t, w, abandonedPath+"?"+day)
		var rows []string
		for _, d := range got.Departments {
			id := "null"
			if d.ID != nil {
				id = strconv.Quote(*d.ID)
			}
			rows = append(rows, fmt.Sprint(id, " ", d.AbandonedRooms))
		}
		slices.Sort(rows)
		if want := []string{`"" 3`, "null 1", "null 2"}; !slices.Equal(rows, want) || got.Total != 3 || w.AbandonedRooms(now.Add(-24*time.Hour), now)[""] != 6 {
			t.Errorf("%s: rows = %q of %d, want %q", p, rows, got.Total, want)
		}
	}
}

// The messages are those of the server's own schemas and of its database.
func TestParameters(t *testing.T) {
	t.Parallel()
	const (
		additional = "must NOT have additional properties [invalid-params]"
		notNumber  = "must be number [invalid-params]"
		notString  = "must be string [invalid-params]"
		noStart    = `The \"start\" query parameter must be a valid date.`
		noEnd      = `The \"end\" query parameter must be a valid date.`
		stage      = "invalid argument to $%s stage: Expected a non-negative number in: $%s: %d"
		dates      = "?start=2026-03-01&end=2026-03-02"
	)
	for target, want := range map[string]struct{ old, newer string }{
		abandonedPath: {"must have required property 'start' [invalid-params]", "must have required property 'start' [invalid-params]"},
		abandonedPath + "?start=2026-03-01&count=1":            {"must have required property 'end' [invalid-params]", "must have required property 'end' [invalid-params]"},
		abandonedPath + dates:                                  {},
		abandonedPath + dates + "&departmentId=":               {},
		abandonedPath + dates + "&departmentId=x":              {},
		abandonedPath + dates + "&departmentId=x&departmentId": {notString, notString},
		abandonedPath + dates + "&start=2026-03-01":            {notString, notString},
		abandonedPath + dates + "&foo":                         {additional, additional},
		abandonedPath + dates + "&fields={}":                   {additional, additional},
		abandonedPath + dates + "&count=0":                     {additional, ""},
		abandonedPath + dates + "&offset=5&sort=x":             {additional, ""},
		abandonedPath + dates + "&count=abc":                   {additional, notNumber},
		abandonedPath + dates + "&count=":                      {additional, notNumber},
		abandonedPath + dates + "&count=NaN":                   {additional, notNumber},
		abandonedPath + dates + "&count=1&count=2":             {additional, notNumber},
		abandonedPath + dates + "&count=-1":                    {additional, fmt.Sprintf(stage, "limit", "limit", -1)},
		abandonedPath + dates + "&offset=-5":                   {additional, fmt.Sprintf(stage, "skip", "skip", -5)},
		abandonedPath + "?start=&end=":                         {noStart, noStart},
		abandonedPath + "?start=1700000000&end=2026-03-01":     {noStart, noStart},
		abandonedPath + "?start=2026-03-01&end=today":          {noEnd, noEnd},
		chatsPath + dates + "&answered=true":                   {},
		chatsPath + dates + "&answered=true&answered=true":     {notString, notString},
		departmentPath + "?departmentId=a":                     {additional, additional},
		departmentPath + "?fields={}":                          {additional, additional},
		abandonedPath + dates + "&count=0x10":                  {additional, ""},
		abandonedPath + dates + "&count=0x1p4":                 {additional, notNumber},
		abandonedPath + "?start=2026-03-01T1:00:00Z&end=":      {noStart, noStart},
		departmentPath + "?count=&offset=":                     {},
		departmentPath + "?count=x":                            {notNumber, notNumber},
		departmentPath + "?onlyMyDepartments=yes":              {"must be equal to one of the allowed values [invalid-params]", "must be equal to one of the allowed values [invalid-params]"},
		departmentPath + "?offset=-5":                          {`BSON field 'skip' value must be \u003e= 0, actual value '-5'`, `BSON field 'skip' value must be \u003e= 0, actual value '-5'`},
	} {
		for _, p := range profiles {
			message := map[Profile]string{Old: want.old, Mid: want.newer, Latest: want.newer, Nine: want.newer}[p]
			status, body := 400, `{"success":false,"error":"`+message+`"}`
			switch {
			case message == "":
				status, body = 200, noRooms
			case strings.HasSuffix(message, "[invalid-params]"):
				body = strings.TrimSuffix(body, "}") + `,"errorType":"invalid-params"}`
			}
			got := send(t, newWorkspace(p), request{target: target})
			if got.status != status || got.body != body && status != 200 {
				t.Errorf("%s: %s is answered %d %s, want %d %s", p, target, got.status, got.body, status, body)
			}
		}
	}
}

// The list took a filter of the database until 9.0, which refuses it.
func TestListTakesNoQuery(t *testing.T) {
	t.Parallel()
	for _, p := range profiles {
		status := map[bool]int{false: 200, true: 400}[p == Nine]
		if got := send(t, newWorkspace(p), request{target: departmentPath + "?query={}"}); got.status != status {
			t.Errorf("%s: query is answered %d %s, want %d", p, got.status, got.body, status)
		}
	}
}

func TestDepartmentList(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"":                                "paused sales support",
		"?showArchived=true":              "gone paused sales support",
		"?showArchived=false":             "paused sales support",
		"?enabled=true":                   "sales support",
		"?enabled=false":                  "paused sales support",
		"?enabled=true&showArchived=true": "sales support",
		"?text=PP":                        "support",
		"?excludeDepartmentId=sales":      "paused support",
		"?count=2&offset=1":               "sales support",
		"?count=-2":                       "paused sales",
	} {
		for _, p := range profiles {
			w := newWorkspace(p)
			w.AddDepartments(Department{ID: "support", Name: "Support"}, Department{ID: "sales", Name: "Sales"},
				Department{ID: "paused", Name: "Paused", Disabled: true}, Department{ID: "gone", Name: "Gone", Archived: true}, Department{ID: "u", Unit: true})
			if got := get(t, w, departmentPath+query).ids(); got != want || len(w.Departments()) != 5 {
				t.Errorf("%s: %q lists %q, want %q", p, query, got, want)
			}
		}
	}
}
