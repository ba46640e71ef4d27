package rocketchattest

import (
	"encoding/json"
	"net/http"
	"testing"
)

// roomsPage is an answer of the endpoint as a client decodes it.
type roomsPage struct {
	Departments []struct {
		ID             *string `json:"_id"`
		AbandonedRooms int     `json:"abandonedRooms"`
	} `json:"departments"`
	Count, Offset, Total int
	Success              bool
}

// askPage asks for the day that ends at now, and for more parameters.
func askPage(t *testing.T, w *Workspace, parameters string) roomsPage {
	t.Helper()
	got := ask(t, w, request{query: day + parameters})
	if got.status != http.StatusOK {
		t.Fatalf("status of %q = %d with %s, want 200", parameters, got.status, got.body)
	}
	return decode(t, got.body)
}

func decode(t *testing.T, body string) roomsPage {
	t.Helper()
	var p roomsPage
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("decode %s: %v", body, err)
	}
	return p
}

// counts are the numbers of a page by department id, "" for none.
func (p roomsPage) counts() map[string]int {
	counts := make(map[string]int)
	for _, d := range p.Departments {
		id := ""
		if d.ID != nil {
			id = *d.ID
		}
		counts[id] += d.AbandonedRooms
	}
	return counts
}

func TestPaging(t *testing.T) {
	t.Parallel()
	count := func(n int) setting { return func(s *Settings) { s.DefaultCount = n } }
	limit := func(n int) setting { return func(s *Settings) { s.UpperCountLimit = n } }
	for name, tt := range map[string]struct {
		departments int
		settings    []setting
		parameters  string
		rows        int
		offset      int
	}{
		"fewer than a page":                           {departments: 30, rows: 30},
		"the default page":                            {departments: 150, rows: 50},
		"another default":                             {departments: 150, settings: []setting{count(7)}, rows: 7},
		"a negative default is the server's":          {departments: 150, settings: []setting{count(-1)}, rows: 50},
		"a default of 0 is all":                       {departments: 150, settings: []setting{count(0)}, rows: 150},
		"a default over the limit":                    {departments: 150, settings: []setting{limit(20)}, rows: 20},
		"a count":                                     {departments: 150, parameters: "&count=60", rows: 60},
		"a count over the limit":                      {departments: 150, parameters: "&count=120", rows: 100},
		"a count over another limit":                  {departments: 150, settings: []setting{limit(20)}, parameters: "&count=120", rows: 20},
		"a negative limit is the server's":            {departments: 150, settings: []setting{limit(-1)}, parameters: "&count=120", rows: 100},
		"a limit of 0 makes any count 0: all":         {departments: 150, settings: []setting{limit(0)}, parameters: "&count=120", rows: 150},
		"all":                                         {departments: 150, parameters: "&count=0", rows: 150},
		"all, where the limit is small":               {departments: 150, settings: []setting{limit(20)}, parameters: "&count=0", rows: 150},
		"all, where that is off":                      {departments: 150, settings: []setting{finite}, parameters: "&count=0", rows: 50},
		"all, where that is off, and another default": {departments: 150, settings: []setting{finite, count(7)}, parameters: "&count=0", rows: 7},
		"a fraction":                                  {departments: 150, parameters: "&count=1.9", rows: 1},
		"an exponent":                                 {departments: 150, parameters: "&count=2e1", rows: 20},
		"an offset":                                   {departments: 150, parameters: "&offset=120", rows: 30, offset: 120},
		"an offset within":                            {departments: 150, parameters: "&offset=10&count=5", rows: 5, offset: 10},
		"an offset at the end":                        {departments: 150, parameters: "&offset=150", rows: 0, offset: 150},
		"an offset behind the end":                    {departments: 150, parameters: "&offset=1000", rows: 0, offset: 1000},
		"an offset and all":                           {departments: 150, parameters: "&offset=149&count=0", rows: 1, offset: 149},
		"the sort order has no effect":                {departments: 150, parameters: `&sort={"name":-1}`, rows: 50},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(Latest)
			for _, change := range tt.settings {
				w.Configure(change)
			}
			for i := range tt.departments {
				w.AddRooms(abandoned(idOf(i)))
			}
			got := askPage(t, w, tt.parameters)
			if len(got.Departments) != tt.rows || got.Count != tt.rows || len(got.counts()) != tt.rows {
				t.Errorf("rows = %d with count %d and %d ids, want %d", len(got.Departments), got.Count, len(got.counts()), tt.rows)
			}
			if got.Offset != tt.offset || got.Total != tt.departments || !got.Success {
				t.Errorf("offset, total, success = %d, %d, %t, want %d, %d, true", got.Offset, got.Total, got.Success, tt.offset, tt.departments)
			}
		})
	}
}

func TestNegativePagingIsRefusedByTheDatabase(t *testing.T) {
	t.Parallel()
	for parameters, message := range map[string]string{
		"&count=-1":           "invalid argument to $limit stage: Expected a non-negative number in: $limit: -1",
		"&offset=-5":          "invalid argument to $skip stage: Expected a non-negative number in: $skip: -5",
		"&offset=-5&count=-1": "invalid argument to $skip stage: Expected a non-negative number in: $skip: -5",
	} {
		got := ask(t, newWorkspace(Mid), request{query: day + parameters})
		if want := `{"success":false,"error":"` + message + `"}`; got.status != http.StatusBadRequest || got.body != want {
			t.Errorf("%s is answered %d %s, want 400 %s", parameters, got.status, got.body, want)
		}
	}
}

func TestRowsComeInAnotherOrderEachTime(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	addDepartments(w, 20)
	first, second := ask(t, w, request{}), ask(t, w, request{})
	if first.body == second.body {
		t.Errorf("two answers have their rows in the same order: %s", first.body)
	}
	other := newWorkspace(Latest)
	addDepartments(other, 20)
	if again := ask(t, other, request{}); again.body != first.body {
		t.Errorf("the first answer of an equal workspace =\n%s, want\n%s", again.body, first.body)
	}
	w.Configure(func(s *Settings) { s.Shuffle = func(int, func(i, j int)) {} })
	if got := askPage(t, w, ""); *got.Departments[0].ID != "d00" || *got.Departments[19].ID != "d19" {
		t.Errorf("rows without shuffling = %s to %s, want d00 to d19", *got.Departments[0].ID, *got.Departments[19].ID)
	}
}
