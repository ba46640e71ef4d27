package rocketchattest

import (
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"testing"
	"time"
)

func TestProfilesHaveNames(t *testing.T) {
	t.Parallel()
	for p, want := range map[Profile]string{Old: "old", Mid: "mid", Latest: "latest", 7: "Profile(7)"} {
		if got := p.String(); got != want {
			t.Errorf("String() of %d = %q, want %q", int(p), got, want)
		}
		if got := New(p).Profile(); got != p {
			t.Errorf("Profile() = %s, want %s", got, p)
		}
	}
}

func TestDefaultsAreTheServers(t *testing.T) {
	t.Parallel()
	got := New(Latest).Settings()
	if got.InactivityTimeout != time.Hour || got.DefaultCount != 50 || got.UpperCountLimit != 100 || !got.AllowInfiniteCount ||
		got.RateLimit != (RateLimit{Calls: 10, Per: time.Minute}) || !got.Licensed || got.AllowAnonymousRead || got.ForceSSL ||
		got.ReplicaLag != 0 || got.TotalSkew != 0 || got.Location != time.UTC ||
		!reflect.DeepEqual(got.Permissions, []string{ViewLivechatManager, ViewLRoom}) || got.UserID != UserID || got.AuthToken != AuthToken ||
		got.Username != Username || got.Password != Password || got.TwoFactorCode != "" || got.LoginExpiration != 90*24*time.Hour {
		t.Errorf("default settings = %+v", got)
	}
}

func TestSettingsAreACopy(t *testing.T) {
	t.Parallel()
	w := New(Latest)
	w.Settings().Permissions[0] = "another"
	kept := w.Settings()
	w.Configure(func(s *Settings) { s.Permissions[0] = "another" })
	if got := kept.Permissions[0]; got != ViewLivechatManager {
		t.Errorf("permission = %q, want %q", got, ViewLivechatManager)
	}
	if got := w.Settings().Permissions[0]; got != "another" {
		t.Errorf("configured permission = %q, want another", got)
	}
}

func TestRequestsAreRecorded(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	ask(t, w, request{query: "start=a%20b&end=", header: map[string]string{"User-Agent": "test"}, client: "192.0.2.7:4711"})
	ask(t, w, request{method: http.MethodPost, target: "/api/v1/login", stranger: true, header: map[string]string{"X-Real-IP": "192.0.2.8"}})
	got := w.Requests()
	if len(got) != 2 {
		t.Fatalf("recorded %d requests, want 2", len(got))
	}
	if agent := got[0].Header.Get("User-Agent"); agent != "test" {
		t.Errorf("User-Agent = %q, want test", agent)
	}
	for i := range got {
		got[i].Header = nil
	}
	want := []Request{
		{
			Time: now, Client: "192.0.2.7", Method: "GET", Path: abandonedPath,
			Query: map[string][]string{"start": {"a b"}, "end": {""}}, Authenticated: true, Status: 400,
		},
		{Time: now, Client: "192.0.2.8", Method: "POST", Path: "/api/v1/login", Query: map[string][]string{}, Status: 401},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("requests =\n%+v, want\n%+v", got, want)
	}
}

func TestOnlyTheLatestRequestsAreKept(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	w.Configure(func(s *Settings) { s.RequestLog = 3 })
	for i := range 20 {
		ask(t, w, request{target: fmt.Sprintf("/%d", i)})
		got := w.Requests()
		if want := min(i+1, 3); len(got) != want || got[len(got)-1].Path != fmt.Sprintf("/%d", i) {
			t.Errorf("after %d requests the log has %d and ends with %s, want %d", i+1, len(got), got[len(got)-1].Path, want)
		}
	}
	if kept := len(w.log.entries); kept > 6 {
		t.Errorf("the log holds %d requests, want at most 6", kept)
	}
}

// Everything at once: the race detector is the judge, and that each answer is
// whole.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	w := New(Mid)
	w.Configure(unlimited)
	start := time.Now().Add(-24 * time.Hour)
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 50 {
				id := idOf(i)
				rooms := w.AddRooms(Room{DepartmentID: id, OpenedAt: start, ClosedAt: start.Add(time.Hour), VisitorInactivity: new(time.Hour)})
				w.AddDepartments(Department{ID: id})
				got := ask(t, w, request{query: period(start, time.Now())})
				if p := decode(t, got.body); got.status != 200 || p.Count != len(p.counts()) {
					t.Errorf("answer = %d %s", got.status, got.body)
				}
				remove := w.Inject(func(*http.Request) bool { return false }, Blank())
				w.Configure(func(s *Settings) { s.TotalSkew = worker })
				w.ReopenRoom(rooms[0])
				w.CloseRoom(rooms[0], time.Now(), new(time.Hour))
				w.ForwardRoom(rooms[0], "")
				w.AnswerRoom(rooms[0])
				w.ArchiveDepartment(id)
				w.UnarchiveDepartment(id)
				ask(t, w, request{target: departmentPath})
				ask(t, w, rightLogin)
				w.RevokeLoginTokens()
				w.RemoveDepartment(id)
				w.AbandonedRooms(start, time.Now())
				w.Rooms(start, time.Now())
				w.Logins()
				w.LoginTokens()
				w.Departments()
				w.Requests()
				remove()
			}
		})
	}
	group.Wait()
}

func BenchmarkTotalAbandonedChats(b *testing.B) {
	for _, size := range []struct{ departments, rooms int }{{10, 1_000}, {1_000, 100_000}, {5_000, 100_000}} {
		b.Run(fmt.Sprintf("departments=%d/rooms=%d", size.departments, size.rooms), func(b *testing.B) {
			w := newWorkspace(Latest)
			w.Configure(unlimited)
			for i := range size.rooms {
				w.AddRooms(abandoned(fmt.Sprintf("%017d", i%size.departments)))
			}
			r := request{query: day + "&count=0"}.build(b)
			for b.Loop() {
				if a := w.answer(r, new(w.Settings())); a.status != http.StatusOK {
					b.Fatalf("answer = %d %s", a.status, a.body)
				}
			}
		})
	}
}
