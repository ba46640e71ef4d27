package rocketchattest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

const departmentPath = "/api/v1/livechat/department"

// listPage is an answer of the list as a client decodes it.
type listPage struct {
	Departments []struct {
		ID        string `json:"_id"`
		Name      string
		Enabled   bool
		NumAgents int
		Archived  *bool
		Type      string
		UpdatedAt time.Time `json:"_updatedAt"`
	}
	Count, Offset, Total int
	Success              bool
}

func (p listPage) ids() (ids []string) {
	for _, d := range p.Departments {
		ids = append(ids, d.ID)
	}
	return ids
}

func askList(t *testing.T, w *Workspace, query string) listPage {
	t.Helper()
	got := ask(t, w, request{target: departmentPath + "?" + query})
	var page listPage
	if err := json.Unmarshal([]byte(got.body), &page); err != nil || got.status != http.StatusOK || !page.Success || page.Count != len(page.Departments) {
		t.Fatalf("%s: %q is answered %d %s, error %v", w.Profile(), query, got.status, got.body, err)
	}
	return page
}

// company makes a workspace with departments of all kinds.
func company(p Profile) *Workspace {
	w := newWorkspace(p)
	w.AddDepartments(
		Department{ID: "support", Name: "Support (all)", Agents: 7, Description: "Helps"},
		Department{ID: "sales", Name: "Sales", Agents: 3},
		Department{ID: "paused", Name: "Paused", Disabled: true},
		Department{ID: "gone", Name: "Gone", Archived: true, Agents: 1},
		Department{ID: "unit", Name: "A unit", Unit: true},
	)
	return w
}

func TestDepartmentsAreListedByName(t *testing.T) {
	t.Parallel()
	for query, want := range map[string][]string{
		"":                                     {"paused", "sales", "support"},
		"showArchived=true":                    {"gone", "paused", "sales", "support"},
		"showArchived=false":                   {"paused", "sales", "support"},
		"showArchived=yes":                     {"paused", "sales", "support"},
		"enabled=true":                         {"sales", "support"},
		"enabled=false":                        {"paused", "sales", "support"},
		"enabled=true&showArchived=true":       {"sales", "support"},
		"text=S":                               {"paused", "sales", "support"},
		"text=PP":                              {"support"},
		"text=(all)":                           {"support"},
		"text=.*":                              nil,
		"excludeDepartmentId=sales":            {"paused", "support"},
		"excludeDepartmentId=":                 {"paused", "sales", "support"},
		"onlyMyDepartments=true":               {"paused", "sales", "support"},
		"onlyMyDepartments=false":              {"paused", "sales", "support"},
		"query={}":                             {"paused", "sales", "support"},
		"query=":                               {"paused", "sales", "support"},
		`query={"name":"Sales"}`:               {"paused", "sales", "support"},
		`sort={"name":-1}`:                     {"support", "sales", "paused"},
		`sort={"name":1}`:                      {"paused", "sales", "support"},
		`sort={"_id":-1}`:                      {"support", "sales", "paused"},
		`sort={"numAgents":-1}`:                {"support", "sales", "paused"},
		`sort={"enabled":1,"numAgents":-1}`:    {"paused", "support", "sales"},
		`sort={"enabled":-1,"name":1}`:         {"sales", "support", "paused"},
		`sort={"description":-1,"name":1}`:     {"support", "paused", "sales"},
		`sort={"_updatedAt":1,"name":1}`:       {"paused", "sales", "support"},
		`sort={"nothing":1,"name":-1}`:         {"support", "sales", "paused"},
		"count=2":                              {"paused", "sales"},
		"count=2&offset=2":                     {"support"},
		"count=-2":                             {"paused", "sales"},
		"offset=3":                             nil,
		"count=0&showArchived=true&text=&sort": {"gone", "paused", "sales", "support"},
	} {
		for _, p := range profiles {
			if got := askList(t, company(p), strings.NewReplacer("{", "%7B", "}", "%7D", `"`, "%22").Replace(query)).ids(); !slices.Equal(got, want) {
				t.Errorf("%s: %s lists %q, want %q", p, query, got, want)
			}
		}
	}
}

func TestADepartmentIsAWholeDocument(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	w.AddDepartments(Department{ID: "a", Name: "Sales", Description: "Sells", Agents: 3})
	want := `{"departments":[{"_id":"a","enabled":true,"name":"Sales","description":"Sells","numAgents":3,` +
		`"showOnRegistration":true,"showOnOfflineForm":true,"requestTagBeforeClosingChat":false,"chatClosingTags":[],` +
		`"email":"livechat@example.com","offlineMessageChannelName":"","type":"d","_updatedAt":"2026-03-04T12:00:00.000Z"}],` +
		`"count":1,"offset":0,"total":1,"success":true}`
	if got := ask(t, w, request{target: departmentPath}); got.body != want {
		t.Errorf("body =\n%s, want\n%s", got.body, want)
	}
	if got := ask(t, newWorkspace(Old), request{target: departmentPath}); got.body != noRooms {
		t.Errorf("body without departments = %s, want %s", got.body, noRooms)
	}
}

// An archived department is not enabled, and one that comes back stays so. The
// database says of it that it is not archived, and nothing of one that never was.
func TestWhatBecomesOfADepartment(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Mid)
	clock := now
	w.Configure(func(s *Settings) { s.Now = func() time.Time { return clock } })
	check := func(what string, enabled bool, archived string, name string) {
		t.Helper()
		page := askList(t, w, "showArchived=true")
		got := page.Departments[0]
		says := "nothing"
		if got.Archived != nil {
			says = map[bool]string{true: "true", false: "false"}[*got.Archived]
		}
		if got.Enabled != enabled || says != archived || got.Name != name || !got.UpdatedAt.Equal(clock) || got.Type != "d" {
			t.Errorf("%s: %+v with archived %s", what, got, says)
		}
	}
	w.AddDepartments(Department{ID: "a", Name: "Sales"})
	check("added", true, "nothing", "Sales")
	clock = clock.Add(time.Minute)
	w.AddDepartments(Department{ID: "a", Name: "Shop"})
	check("renamed", true, "nothing", "Shop")
	clock = clock.Add(time.Minute)
	w.ArchiveDepartment("a")
	check("archived", false, "true", "Shop")
	clock = clock.Add(time.Minute)
	w.UnarchiveDepartment("a")
	check("taken back", false, "false", "Shop")
	clock = clock.Add(time.Minute)
	w.AddDepartments(Department{ID: "a", Name: "Shop"})
	check("enabled", true, "false", "Shop")
	w.RemoveDepartment("a")
	if got := askList(t, w, "showArchived=true"); got.Total != 0 {
		t.Errorf("a removed department is listed: %+v", got)
	}
	w.AddDepartments(Department{ID: "a", Name: "New"})
	check("made anew", true, "nothing", "New")
}

func TestTheListHasPages(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		settings setting
		query    string
		rows     int
		first    string
		total    int
	}{
		"the default page":            {rows: 50, first: "d000", total: 150},
		"a count":                     {query: "count=60", rows: 60, first: "d000", total: 150},
		"a count over the limit":      {query: "count=120", rows: 100, first: "d000", total: 150},
		"all":                         {query: "count=0", rows: 150, first: "d000", total: 150},
		"all, where that is off":      {settings: finite, query: "count=0", rows: 50, first: "d000", total: 150},
		"an offset":                   {query: "count=100&offset=100", rows: 50, first: "d100", total: 150},
		"a total that is not true":    {settings: func(s *Settings) { s.TotalSkew = 3 }, rows: 50, first: "d000", total: 153},
		"no replica lags behind here": {settings: func(s *Settings) { s.ReplicaLag = time.Hour }, rows: 50, first: "d000", total: 150},
	} {
		for _, p := range profiles {
			w := newWorkspace(p)
			if tt.settings != nil {
				w.Configure(tt.settings)
			}
			for i := range 150 {
				id := fmt.Sprintf("d%03d", i)
				w.AddDepartments(Department{ID: id, Name: id})
			}
			got := askList(t, w, tt.query)
			if len(got.Departments) != tt.rows || got.Departments[0].ID != tt.first || got.Total != tt.total {
				t.Errorf("%s, %s: %d rows from %s of %d, want %d from %s of %d",
					name, p, len(got.Departments), got.Departments[0].ID, got.Total, tt.rows, tt.first, tt.total)
			}
		}
	}
}

func TestDepartmentsOfOneNameComeInAnyOrder(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	w.AddDepartments(Department{ID: "first", Name: "A"}, Department{ID: "last", Name: "Z"})
	for i := range 10 {
		w.AddDepartments(Department{ID: idOf(i), Name: "Same"})
	}
	orders := make(map[string]bool)
	for range 5 {
		ids := askList(t, w, "").ids()
		if ids[0] != "first" || ids[11] != "last" {
			t.Errorf("ids = %q, want them by name", ids)
		}
		orders[strings.Join(ids, " ")] = true
	}
	if len(orders) < 2 {
		t.Errorf("five lists have one order: %v", orders)
	}
	w.Configure(func(s *Settings) { s.Shuffle = func(int, func(i, j int)) {} })
	if ids := askList(t, w, "").ids(); ids[1] != "d00" || ids[10] != "d09" {
		t.Errorf("ids without shuffling = %q, want them as they came", ids)
	}
}

func TestWhatTheListRefuses(t *testing.T) {
	t.Parallel()
	params := func(message string) string {
		return `{"success":false,"error":"` + message + ` [invalid-params]","errorType":"invalid-params"}`
	}
	for query, body := range map[string]string{
		"fields={}":                              params(additional),
		"departmentId=a":                         params(additional),
		"foo":                                    params(additional),
		"count=x":                                params(notNumber),
		"offset=":                                params(notNumber),
		"text=a&text=b":                          params(notString),
		"onlyMyDepartments=":                     params("must be equal to one of the allowed values"),
		"onlyMyDepartments=yes":                  params("must be equal to one of the allowed values"),
		"offset=-5":                              `{"success":false,"error":"BSON field 'skip' value must be \u003e= 0, actual value '-5'"}`,
		"sort=name":                              `{"success":false,"error":"Invalid sort parameter provided: \"name\" [error-invalid-sort]","errorType":"error-invalid-sort"}`,
		"sort=1":                                 `{"success":false,"error":"Invalid sort parameter provided: \"1\" [error-invalid-sort]","errorType":"error-invalid-sort"}`,
		url.Values{"sort": {`{"a":2}`}}.Encode(): `{"success":false,"error":"Invalid sort parameter provided: \"{\"a\":2}\" [error-invalid-sort]","errorType":"error-invalid-sort"}`,
		url.Values{"sort": {`{"a":"1"}`}}.Encode(): "error-invalid-sort",
		"query=x": `{"success":false,"error":"Invalid query parameter provided: \"x\" [error-invalid-query]","errorType":"error-invalid-query"}`,
	} {
		for _, p := range profiles {
			got := ask(t, company(p), request{target: departmentPath + "?" + query})
			if got.status != http.StatusBadRequest || !strings.Contains(got.body, body) {
				t.Errorf("%s: %s is answered %d %s, want 400 %s", p, query, got.status, got.body, body)
			}
		}
	}
}

func TestWhoMaySeeTheList(t *testing.T) {
	t.Parallel()
	permissions := func(list ...string) setting { return func(s *Settings) { s.Permissions = list } }
	for name, tt := range map[string]struct {
		settings []setting
		stranger bool
		status   int
	}{
		"an agent":                  {settings: []setting{permissions(ViewLRoom)}, status: 200},
		"who sees departments":      {settings: []setting{permissions(ViewLivechatDepartments)}, status: 200},
		"who sees both":             {settings: []setting{permissions(ViewLivechatDepartments, ViewLRoom)}, status: 200},
		"who sees the numbers only": {settings: []setting{permissions(ViewLivechatManager)}, status: 403},
		"nobody":                    {settings: []setting{unpermitted}, status: 403},
		"a stranger":                {stranger: true, status: 401},
		"without a licence":         {settings: []setting{unlicensed}, status: 200},
		"too often":                 {settings: []setting{exhausted}, status: 429},
		"without a limit":           {settings: []setting{exhausted, bypassing}, status: 200},
	} {
		for _, p := range profiles {
			w := company(p)
			for _, change := range tt.settings {
				w.Configure(change)
			}
			if got := ask(t, w, request{target: departmentPath, stranger: tt.stranger}); got.status != tt.status {
				t.Errorf("%s, %s: answer = %d %s, want %d", name, p, got.status, got.body, tt.status)
			}
		}
	}
}
