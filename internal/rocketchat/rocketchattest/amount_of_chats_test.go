package rocketchattest

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"
)

const chatsPath = "/api/v1/livechat/analytics/departments/amount-of-chats"

// askChats asks how many rooms were opened, and returns the numbers by department
// id, "" for none, and the total.
func askChats(t *testing.T, w *Workspace, query string) (counts map[string]int, total int) {
	t.Helper()
	got := ask(t, w, request{target: chatsPath + "?" + query})
	var page struct {
		Departments []struct {
			ID    *string `json:"_id"`
			Rooms *int
		}
		Count, Offset, Total int
		Success              bool
	}
	if err := json.Unmarshal([]byte(got.body), &page); err != nil || got.status != 200 || !page.Success || page.Count != len(page.Departments) {
		t.Fatalf("%s: %s is answered %d %s, error %v", w.Profile(), query, got.status, got.body, err)
	}
	counts = make(map[string]int)
	for _, d := range page.Departments {
		id := ""
		if d.ID != nil {
			id = *d.ID
		}
		counts[id] += *d.Rooms
	}
	return counts, page.Total
}

func TestRoomsAreCountedByWhetherTheyWereAnswered(t *testing.T) {
	t.Parallel()
	all, answered, waiting := map[string]int{"a": 3, "b": 1, "": 1}, map[string]int{"a": 2, "": 1}, map[string]int{"a": 1, "b": 1}
	for parameter, want := range map[string]struct{ old, later map[string]int }{
		"":                {old: all, later: waiting},
		"&answered=true":  {old: answered, later: answered},
		"&answered=false": {old: waiting, later: waiting},
		"&answered=":      {old: waiting, later: waiting},
		"&answered=TRUE":  {old: waiting, later: waiting},
		"&answered=1":     {old: waiting, later: waiting},
	} {
		for _, p := range profiles {
			w := newWorkspace(p)
			unanswered := Room{DepartmentID: "a", OpenedAt: now.Add(-time.Hour)}
			w.AddRooms(abandoned("a"), abandoned("a"), abandoned(""), unanswered, Room{DepartmentID: "b", OpenedAt: now, ClosedAt: now})
			counts, total := askChats(t, w, day+parameter)
			wanted := want.later
			if p == Old {
				wanted = want.old
			}
			if !maps.Equal(counts, wanted) || total != len(wanted) {
				t.Errorf("%s: %q counts %v of %d, want %v", p, parameter, counts, total, wanted)
			}
			if got := w.Rooms(now.Add(-24*time.Hour), now); !maps.Equal(got, all) {
				t.Errorf("%s: Rooms = %v, want %v", p, got, all)
			}
		}
	}
}

func TestWhichRoomsAreOpenedInAPeriod(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	start := now.Add(-24 * time.Hour)
	for name, tt := range map[string]struct {
		openedAt, closedAt, end time.Time
		counts                  bool
	}{
		"at the start":                    {openedAt: start, counts: true},
		"before the start":                {openedAt: start.Add(-ms)},
		"at the end":                      {openedAt: now.Add(-time.Hour), end: now.Add(-time.Hour), counts: true},
		"after the end":                   {openedAt: now.Add(-time.Hour + ms), end: now.Add(-time.Hour)},
		"and closed in it":                {openedAt: start, closedAt: now.Add(-time.Hour), counts: true},
		"and closed after it":             {openedAt: start, closedAt: now, end: now.Add(-time.Hour), counts: true},
		"in the future":                   {openedAt: now.Add(ms), end: now.Add(time.Hour)},
		"just now, of a period not ended": {openedAt: now, end: now.Add(time.Hour), counts: true},
	} {
		for _, p := range profiles {
			w := newWorkspace(p)
			w.AddRooms(Room{DepartmentID: "d", OpenedAt: tt.openedAt, ClosedAt: tt.closedAt, Answered: true})
			end := tt.end
			if end.IsZero() {
				end = now
			}
			want := map[string]int{}
			if tt.counts {
				want["d"] = 1
			}
			counts, total := askChats(t, w, period(start, end)+"&answered=true")
			if !maps.Equal(counts, want) || total != len(want) {
				t.Errorf("%s: opened %s: endpoint = %v of %d, want %v", p, name, counts, total, want)
			}
			if got := w.Rooms(start, end); !maps.Equal(got, want) {
				t.Errorf("%s: opened %s: Rooms = %v, want %v", p, name, got, want)
			}
		}
	}
}

func TestARoomThatIsAnsweredWaitsNoMore(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	rooms := w.AddRooms(Room{DepartmentID: "d", OpenedAt: now}, Room{DepartmentID: "d", OpenedAt: now})
	w.AnswerRoom(rooms[1])
	for _, answered := range []string{"true", "false"} {
		if counts, _ := askChats(t, w, day+"&answered="+answered); counts["d"] != 1 {
			t.Errorf("answered=%s counts %v, want one each", answered, counts)
		}
	}
}

func TestAmountOfChatsIsLikeTheOtherAnalyticsRoutes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		settings setting
		query    string
		status   int
		body     string // a part
		profiles []Profile
	}{
		"the field":             {query: day, status: 200, body: `{"departments":[{"_id":"d","rooms":1}],"count":1,"offset":0,"total":1,"success":true}`},
		"another department":    {query: day + "&departmentId=x", status: 200, body: `{"departments":[],"count":0,"offset":0,"total":0,"success":true}`},
		"skew":                  {settings: func(s *Settings) { s.TotalSkew = 4 }, query: day, status: 200, body: `"total":5`},
		"no start":              {query: "answered=true", status: 400, body: noStart},
		"no date":               {query: "start=x&end=x", status: 400, body: `must be a valid date`},
		"answered twice":        {query: day + "&answered=true&answered=true", status: 400, body: notString},
		"an unknown parameter":  {query: day + "&fields={}", status: 400, body: additional},
		"paging, old":           {query: day + "&count=0", status: 400, body: additional, profiles: []Profile{Old}},
		"paging":                {query: day + "&count=1&offset=1", status: 200, body: `{"departments":[],"count":0,"offset":1,"total":1,"success":true}`, profiles: []Profile{Mid, Latest}},
		"a negative count":      {query: day + "&count=-1", status: 400, body: "$limit", profiles: []Profile{Mid, Latest}},
		"no permission":         {settings: func(s *Settings) { s.Permissions = []string{ViewLRoom} }, query: day, status: 403, body: noPermission},
		"no licence, old":       {settings: unlicensed, query: day, status: 200, body: webPage, profiles: []Profile{Old}},
		"no licence":            {settings: unlicensed, query: day, status: 400, body: noLicense, profiles: []Profile{Mid, Latest}},
		"too many calls":        {settings: exhausted, query: day, status: 429, body: tooMany},
		"a lagging replica":     {settings: func(s *Settings) { s.ReplicaLag = 6 * time.Hour }, query: day, status: 200, body: `{"departments":[],"count":0,"offset":0,"total":1,"success":true}`},
		"a replica lags behind": {settings: func(s *Settings) { s.ReplicaLag = 5 * time.Hour }, query: day, status: 200, body: `"count":1`},
	} {
		if tt.profiles == nil {
			tt.profiles = profiles
		}
		for _, p := range tt.profiles {
			w := newWorkspace(p)
			if tt.settings != nil {
				w.Configure(tt.settings)
			}
			w.AddRooms(Room{DepartmentID: "d", OpenedAt: now.Add(-5 * time.Hour)})
			if got := ask(t, w, request{target: chatsPath + "?" + tt.query}); got.status != tt.status || !strings.Contains(got.body, tt.body) {
				t.Errorf("%s, %s: answer = %d %s, want %d %s", name, p, got.status, got.body, tt.status, tt.body)
			}
		}
	}
}

func TestEachRouteHasALimitOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	targets := []string{abandonedPath + "?" + day, chatsPath + "?" + day, departmentPath}
	for i := range 10 {
		for _, target := range targets {
			limited(t, ask(t, w, request{target: target}), 200, 9-i, now.Add(time.Minute))
		}
	}
	for _, target := range targets {
		limited(t, ask(t, w, request{target: target}), 429, 0, now.Add(time.Minute))
	}
	for i := range 10 {
		limited(t, ask(t, w, rightLogin), 200, 9-i, now.Add(time.Minute))
	}
	limited(t, ask(t, w, rightLogin), 429, 0, now.Add(time.Minute))
}

func TestFaultsStandBeforeEveryRoute(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Mid)
	for _, q := range []request{{target: chatsPath + "?" + day}, {target: departmentPath}, rightLogin, {method: "POST", target: logoutPath}} {
		remove := w.Inject(nil, DatabaseError("not primary"))
		if got := ask(t, w, q); got.status != 400 || got.body != `{"success":false,"error":"not primary"}` {
			t.Errorf("%s: answer = %d %s", q.target, got.status, got.body)
		}
		remove()
		if got := ask(t, w, q); got.status != 200 {
			t.Errorf("%s: answer without the fault = %d %s", q.target, got.status, got.body)
		}
	}
}

func BenchmarkAmountOfChats(b *testing.B) {
	w := newWorkspace(Latest)
	w.Configure(unlimited)
	for i := range 100_000 {
		w.AddRooms(abandoned(fmt.Sprintf("%017d", i%1000)))
	}
	r := request{target: chatsPath + "?" + day + "&count=0&answered=true"}.build(b)
	for b.Loop() {
		if a := w.answer(r, new(w.Settings())); a.status != 200 {
			b.Fatalf("answer = %d %s", a.status, a.body)
		}
	}
}
