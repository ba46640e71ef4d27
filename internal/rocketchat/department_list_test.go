package rocketchat_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// failure is a way in which a call fails.
type failure struct {
	arrange func(*rocketchattest.Settings)
	fault   rocketchattest.Fault
	outcome rocketchat.Outcome
	message string // Part of the error's text: what to do.
}

// failures checks how a question to the route fails, on all releases.
func failures(t *testing.T, route string, ask func(*testing.T, *rocketchat.Client, *rocketchat.Question) error, tests map[string]failure) {
	t.Helper()
	for name, tt := range tests {
		for release, profile := range profiles {
			t.Run(name+"/"+release, func(t *testing.T) {
				ws := rocketchattest.New(profile)
				if tt.arrange != nil {
					ws.Configure(tt.arrange)
				}
				if tt.fault != nil {
					ws.Inject(nil, tt.fault)
				}
				client, observed := connect(t, ws)
				err := ask(t, client, new(rocketchat.Question))
				failed, ok := errors.AsType[*rocketchat.Error](err)
				if !ok || failed.Outcome != tt.outcome || failed.Route != route || !strings.Contains(err.Error(), tt.message) {
					t.Errorf("got %v, want %s and %q", err, tt.outcome, tt.message)
				}
				if got := observed.outcomes(); !slices.Equal(got, []rocketchat.Outcome{tt.outcome}) {
					t.Errorf("observed %v, want one %s", got, tt.outcome)
				}
			})
		}
	}
}

func TestTheListTellsWhatBecameOfEachDepartmentOnEveryRelease(t *testing.T) {
	for name, profile := range profiles {
		t.Run(name, func(t *testing.T) {
			ws := rocketchattest.New(profile)
			ws.Configure(func(s *rocketchattest.Settings) { s.Licensed = false }) // It is in every edition.
			ws.AddDepartments(
				rocketchattest.Department{ID: "d", Name: "Sales", Agents: 3},
				rocketchattest.Department{ID: "b", Name: "Sales", Agents: 7, Description: "Of the same name"},
				rocketchattest.Department{ID: "c", Name: "Archive"},
				rocketchattest.Department{ID: "a", Name: "Paused", Disabled: true},
				rocketchattest.Department{ID: "e", Name: "Back again"},
				rocketchattest.Department{ID: "u", Name: "Unit", Unit: true},
				rocketchattest.Department{ID: "r", Name: "Removed"},
			)
			ws.ArchiveDepartment("c")
			ws.ArchiveDepartment("e")
			ws.UnarchiveDepartment("e")
			ws.RemoveDepartment("r")
			client, observed := connect(t, ws)

			got, err := client.DepartmentList(t.Context(), new(rocketchat.Question))
			if err != nil {
				t.Fatal(err)
			}
			want := rocketchat.DepartmentList{Complete: true, Departments: []rocketchat.ListedDepartment{
				{ID: "a", Name: "Paused"},
				{ID: "b", Name: "Sales", Enabled: true, Agents: 7},
				{ID: "c", Name: "Archive", Archived: true},
				{ID: "d", Name: "Sales", Enabled: true, Agents: 3},
				{ID: "e", Name: "Back again"},
			}}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
			request := ws.Requests()[0]
			if request.Path != "/api/v1/livechat/department" || request.Query.Encode() != "showArchived=true" {
				t.Errorf("asked %s for %v", request.Path, request.Query)
			}
			if call := observed.list[0]; call.Route != "department" || call.Outcome != rocketchat.OK {
				t.Errorf("observed %+v", call)
			}
		})
	}
}

// withList returns a workspace without a rate limit whose list has n departments.
func withList(p rocketchattest.Profile, n int) *rocketchattest.Workspace {
	ws := rocketchattest.New(p)
	ws.Configure(func(s *rocketchattest.Settings) { s.RateLimit.Calls = 0 })
	for i := range n {
		ws.AddDepartments(rocketchattest.Department{ID: fmt.Sprintf("department%06d", i), Name: fmt.Sprintf("Name %d", i/2)})
	}
	return ws
}

func TestAListOfMoreThanOnePageArrivesWhole(t *testing.T) {
	const archived = "showArchived=true"
	finite := func(s *rocketchattest.Settings) {
		s.AllowInfiniteCount = false
		s.Shuffle = func(int, func(i, j int)) {} // Two departments of each name come in one order.
	}
	for name, tt := range map[string]struct {
		departments int
		configure   func(*rocketchattest.Settings)
		first, then []string
	}{
		"one page":             {departments: 50, first: []string{archived}, then: []string{archived}},
		"all at once":          {departments: 151, first: []string{archived, "count=0&" + archived}, then: []string{"count=0&" + archived}},
		"infinite counts off":  {departments: 151, configure: finite, first: []string{archived, "count=0&" + archived, "count=100&" + archived, "count=100&offset=100&" + archived}, then: []string{"count=100&" + archived, "count=100&offset=100&" + archived}},
		"exactly as many rows": {departments: 51, first: []string{archived, "count=0&" + archived}, then: []string{"count=0&" + archived}},
	} {
		for release, profile := range profiles {
			t.Run(name+"/"+release, func(t *testing.T) {
				ws := withList(profile, tt.departments)
				if tt.configure != nil {
					ws.Configure(tt.configure)
				}
				client, _ := connect(t, ws)
				question := new(rocketchat.Question)
				seen := 0
				for attempt, calls := range [][]string{tt.first, tt.then} {
					list, err := client.DepartmentList(t.Context(), question)
					if err != nil {
						t.Fatal(err)
					}
					if len(list.Departments) != tt.departments || !list.Complete {
						t.Errorf("attempt %d: got %d departments, complete %v; want %d", attempt+1, len(list.Departments), list.Complete, tt.departments)
					}
					if got := queries(ws, seen); !slices.Equal(got, calls) {
						t.Errorf("attempt %d: sent %q, want %q", attempt+1, got, calls)
					}
					seen = len(ws.Requests())
				}
			})
		}
	}
}

// Departments of one name come in any order, so that pages can miss some of them.
func TestAListInPagesIsWholeOrSaidNotToBe(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Latest)
	ws.Configure(func(s *rocketchattest.Settings) { s.RateLimit.Calls, s.AllowInfiniteCount = 0, false })
	for i := range 120 {
		ws.AddDepartments(rocketchattest.Department{ID: fmt.Sprintf("department%06d", i), Name: "Same"})
	}
	client, _ := connect(t, ws)
	question, incomplete := new(rocketchat.Question), 0
	for range 50 {
		list, err := client.DepartmentList(t.Context(), question)
		if err != nil {
			t.Fatal(err)
		}
		if list.Complete != (len(list.Departments) == 120) {
			t.Fatalf("got %d of 120 departments, complete %v", len(list.Departments), list.Complete)
		}
		if !list.Complete {
			incomplete++
		}
	}
	if incomplete == 0 {
		t.Error("no page missed anything: this test shows nothing")
	}
}

// Releases up to 7.0 refuse paging parameters on the analytics routes alone.
func TestWhatTheAnalyticsRoutesRefuseIsNotHeldAgainstTheList(t *testing.T) {
	ws := withList(rocketchattest.Old, 60)
	for i := range 60 {
		ws.AddRooms(abandoned(fmt.Sprintf("department%06d", i)))
	}
	client, _ := connect(t, ws)
	for range 2 {
		answer, err := lastDay(t.Context(), client, new(rocketchat.Question))
		if err != nil || answer.Complete {
			t.Fatalf("got complete %v, error %v from a server without paging", answer.Complete, err)
		}
		list, err := client.DepartmentList(t.Context(), new(rocketchat.Question))
		if err != nil || !list.Complete {
			t.Errorf("got %d departments, complete %v, error %v", len(list.Departments), list.Complete, err)
		}
	}
}

func TestFailuresOfTheListSayWhatToDo(t *testing.T) {
	body := func(body string) rocketchattest.Fault { return rocketchattest.RespondJSON(http.StatusOK, body) }
	failures(t, "department", func(t *testing.T, client *rocketchat.Client, question *rocketchat.Question) error {
		t.Helper()
		_, err := client.DepartmentList(t.Context(), question)
		return err
	}, map[string]failure{
		"no permission": {
			arrange: func(s *rocketchattest.Settings) { s.Permissions = []string{rocketchattest.ViewLivechatManager} },
			outcome: rocketchat.Forbidden,
			message: "lacks the permission view-livechat-departments or view-l-room: give it a role that has it (livechat-manager or livechat-monitor)",
		},
		"another token": {
			arrange: func(s *rocketchattest.Settings) { s.AuthToken = "another" },
			outcome: rocketchat.Unauthorized, message: "make a new personal access token",
		},
		"the web app": {
			fault: rocketchattest.HTML(), outcome: rocketchat.NotFound, message: "check url (without /api/v1)",
		},
		"the token as name": {
			fault:   body(`{"departments":[{"_id":"a","name":"x` + rocketchattest.AuthToken + `"}],"total":1,"success":true}`),
			outcome: rocketchat.BadResponse, message: "holds a credential",
		},
		"the token as id": {
			fault:   body(`{"departments":[{"_id":"` + rocketchattest.AuthToken + `","name":"x"}],"total":1,"success":true}`),
			outcome: rocketchat.BadResponse, message: "holds a credential",
		},
		"no departments": {
			fault: body(`{"total":1,"success":true}`), outcome: rocketchat.BadResponse, message: "no departments array",
		},
		"a gigabyte of rows": {
			fault: rocketchattest.EndlessBody(1 << 30), outcome: rocketchat.BadResponse, message: "more than 20000 departments",
		},
		"a gigabyte of id": {
			fault: rocketchattest.EndlessString(1 << 30), outcome: rocketchat.BadResponse, message: "id over",
		},
	})
}

func TestARenamedDepartmentHasItsNewName(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Mid)
	client, _ := connect(t, ws)
	question := new(rocketchat.Question)
	for _, name := range []string{"Sales", "Shop"} {
		ws.AddDepartments(rocketchattest.Department{ID: "a", Name: name})
		list, err := client.DepartmentList(t.Context(), question)
		if err != nil || len(list.Departments) != 1 || list.Departments[0].Name != name {
			t.Errorf("got %+v, error %v, want %s", list, err, name)
		}
	}
}

func TestAllRoutesAreNamedInAFixedOrder(t *testing.T) {
	want := []string{"total-abandoned-chats", "amount-of-chats", "department", "login", "logout", "info"}
	for range 3 {
		if got := rocketchat.Routes(); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
