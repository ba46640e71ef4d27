package collector_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// named is the whole of what a workspace with one department is called.
var named = map[string]string{"sales": "Sales", "none": "(no department)"}

// addSales adds the department and one abandoned room of it.
func addSales(e *exporter) {
	e.server.AddDepartments(rocketchattest.Department{ID: "sales", Name: "Sales", Agents: 4})
	e.server.AddRooms(abandoned("sales", 3*time.Hour)...)
}

// callsOf is how many calls of a route the server has received.
func callsOf(e *exporter, route string) int {
	calls := 0
	for _, r := range e.server.Requests() {
		if onRoute(route)(r.Path) {
			calls++
		}
	}
	return calls
}

// callOf matches the calls of a route.
func callOf(route string) func(*http.Request) bool {
	return func(r *http.Request) bool { return onRoute(route)(r.URL.Path) }
}

func TestADepartmentThatFallsToZeroStaysAtZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startUnlimited(t, rocketchattest.Latest)
		addSales(e)
		p := e.scrape(t)
		for _, window := range windowNames {
			p.wantNumbers(t, abandonedMetric, window, map[string]float64{"sales": 1, "none": 0})
			p.wantNumbers(t, roomsMetric, window, map[string]float64{"sales": 1, "none": 0})
		}
		p.wantCounters(t, map[string]float64{"sales": 1, "none": 0})

		time.Sleep(25 * time.Hour)
		p = e.scrape(t)
		for _, window := range windowNames {
			p.wantNumbers(t, abandonedMetric, window, map[string]float64{"sales": 0, "none": 0})
			p.wantNumbers(t, roomsMetric, window, map[string]float64{"sales": 0, "none": 0})
		}
		p.wantCounters(t, map[string]float64{"sales": 1, "none": 0})

		time.Sleep(31 * 24 * time.Hour)
		e.scrape(t).wantCounters(t, map[string]float64{"sales": 0, "none": 0})
	})
}

func TestADepartmentThatNeverHadARoomIsAtZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startUnlimited(t, rocketchattest.Latest)
		e.server.AddDepartments(rocketchattest.Department{ID: "sales", Name: "Sales"})
		p := e.scrape(t)
		p.wantEverywhere(t, "sales", "none")
		p.wantNames(t, named)
	})
}

// Whoever removes a department moves its rooms to those without one.
func TestARemovedDepartmentDisappears(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startUnlimited(t, rocketchattest.Latest)
		addSales(e)
		e.scrape(t).wantEverywhere(t, "sales", "none")
		e.server.RemoveDepartment("sales")

		time.Sleep(time.Minute) // The list is not asked yet, and still knows it.
		e.scrape(t).wantEverywhere(t, "sales", "none")
		time.Sleep(4 * time.Minute)
		p := e.scrape(t)
		p.wantEverywhere(t, "none")
		p.wantNames(t, map[string]string{"none": "(no department)"})
		p.wantNumbers(t, abandonedMetric, "6h", map[string]float64{"none": 1})
		p.wantNumbers(t, roomsMetric, "6h", map[string]float64{"none": 1})
		p.wantCounters(t, map[string]float64{"none": 1})
		for _, metric := range []string{enabledMetric, agentsMetric} {
			if got := p.byDepartment(metric); len(got) > 0 {
				t.Errorf("%s is %v of a department that is gone", metric, got)
			}
		}
	})
}

func TestAnArchivedDepartmentIsExportedWhileAnAnswerNamesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startUnlimited(t, rocketchattest.Latest)
		addSales(e)
		e.server.AddDepartments(rocketchattest.Department{ID: "fax", Name: "Fax", Archived: true})
		e.server.ArchiveDepartment("sales")
		p := e.scrape(t)
		p.wantEverywhere(t, "sales", "none") // Of fax there is nothing to say.
		p.wantNames(t, named)
		p.wantNumbers(t, abandonedMetric, "6h", map[string]float64{"sales": 1, "none": 0})
		if got := p.byDepartment(enabledMetric); !maps.Equal(got, map[string]float64{"sales": 0}) {
			t.Errorf("enabled is %v, want 0 of sales", got)
		}

		time.Sleep(25 * time.Hour) // Only the counter has its room now.
		p = e.scrape(t)
		p.wantEverywhere(t, "sales", "none")
		p.wantNames(t, named)
		p.wantNumbers(t, abandonedMetric, "6h", map[string]float64{"sales": 0, "none": 0})

		for range 2 { // The month after that one is still asked for, and closed nothing since.
			time.Sleep(31 * 24 * time.Hour)
			p = e.scrape(t)
			p.wantEverywhere(t, "none")
			p.wantNames(t, map[string]string{"none": "(no department)"})
		}
	})
}

func TestAnArchivedDepartmentIsGoneAsSoonAsNoWindowNamesItWithoutACounter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startUnlimited(t, rocketchattest.Latest, func(s *setup) { s.Counter = false })
		addSales(e)
		e.server.ArchiveDepartment("sales")
		e.scrape(t).wantNames(t, named)
		time.Sleep(14 * time.Hour) // Only 24h has the room now.
		p := e.scrape(t)
		p.wantNames(t, named)
		p.wantNumbers(t, abandonedMetric, "24h", map[string]float64{"sales": 1, "none": 0})
		p.wantNumbers(t, abandonedMetric, "6h", map[string]float64{"sales": 0, "none": 0})
		p.wantNumbers(t, abandonedMetric, "today", map[string]float64{"sales": 0, "none": 0})
		time.Sleep(11 * time.Hour)
		p = e.scrape(t)
		p.wantNames(t, map[string]string{"none": "(no department)"})
		p.wantNumbers(t, abandonedMetric, "24h", map[string]float64{"none": 0})
	})
}

func TestARenamedDepartmentHasItsNewNameAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startUnlimited(t, rocketchattest.Latest)
		addSales(e)
		e.scrape(t).wantNames(t, named)
		e.server.AddDepartments(rocketchattest.Department{ID: "sales", Name: "Sales & Billing"})
		time.Sleep(5 * time.Minute)
		p := e.scrape(t)
		p.wantNames(t, map[string]string{"sales": "Sales & Billing", "none": "(no department)"})
		p.wantNumbers(t, abandonedMetric, "6h", map[string]float64{"sales": 1, "none": 0})
		p.wantCounters(t, map[string]float64{"sales": 1, "none": 0})
	})
}

func TestARecreatedDepartmentIsAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startUnlimited(t, rocketchattest.Latest)
		addSales(e)
		e.scrape(t)
		e.server.RemoveDepartment("sales")
		e.server.AddDepartments(rocketchattest.Department{ID: "sales2", Name: "Sales"})
		time.Sleep(5 * time.Minute)
		p := e.scrape(t)
		p.wantEverywhere(t, "sales2", "none")
		p.wantNames(t, map[string]string{"sales2": "Sales", "none": "(no department)"})
		p.wantCounters(t, map[string]float64{"sales2": 0, "none": 1})
	})
}

func TestAnArchivedDepartmentThatComesBackIsAtZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startUnlimited(t, rocketchattest.Latest)
		e.server.AddDepartments(rocketchattest.Department{ID: "sales", Name: "Sales", Archived: true})
		e.scrape(t).wantEverywhere(t, "none")
		e.server.UnarchiveDepartment("sales")
		time.Sleep(5 * time.Minute)
		p := e.scrape(t)
		p.wantEverywhere(t, "sales", "none")
		if got := p.byDepartment(enabledMetric); !maps.Equal(got, map[string]float64{"sales": 0}) {
			t.Errorf("enabled is %v, want 0: archiving disabled it", got)
		}
	})
}

func TestTwoDepartmentsOfOneNameAreTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startUnlimited(t, rocketchattest.Latest)
		addSales(e)
		e.server.AddDepartments(rocketchattest.Department{ID: "other", Name: "Sales"})
		p := e.scrape(t)
		p.wantNames(t, map[string]string{"sales": "Sales", "other": "Sales", "none": "(no department)"})
		p.wantEverywhere(t, "sales", "other", "none")
	})
}

func TestAUnitIsNoDepartment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startUnlimited(t, rocketchattest.Latest)
		e.server.AddDepartments(rocketchattest.Department{ID: "emea", Name: "EMEA", Unit: true})
		e.scrape(t).wantEverywhere(t, "none")
	})
}

func TestNoneIsAlwaysThere(t *testing.T) {
	tests := map[string]struct {
		change func(*setup)
		room   string // A department with a room, if it is not empty.
	}{
		"nothing else":              {},
		"another department":        {room: "sales"},
		"without a list":            {change: func(s *setup) { s.Departments = false }},
		"named, and without a list": {change: func(s *setup) { s.Departments = false }, room: "sales"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				change := []func(*setup){}
				want := []string{"none"}
				if tt.change != nil {
					change = append(change, tt.change)
				}
				e := startUnlimited(t, rocketchattest.Latest, change...)
				if tt.room != "" {
					e.server.AddRooms(abandoned(tt.room, 3*time.Hour)...)
					want = append(want, tt.room)
				}
				p := e.scrape(t)
				p.wantEverywhere(t, want...)
				if got := p.names(t)["none"]; got != "(no department)" {
					t.Errorf("none is named %q", got)
				}
			})
		})
	}
}

// What no answer and no list has is not exported, but for the name of what always is.
func TestWithoutAnyAnswerThereAreNoNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startUnlimited(t, rocketchattest.Latest)
		addSales(e)
		e.server.Inject(nil, rocketchattest.BadGateway())
		p := e.scrape(t)
		p.wantEverywhere(t)
		p.wantNames(t, map[string]string{"none": "(no department)"})
		if got := p.value(t, periodStart); got != "absent" {
			t.Errorf("a period begins at %s and counts nothing", got)
		}
	})
}

func TestEveryDepartmentOfTheListIsNamedWithoutGoodAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startUnlimited(t, rocketchattest.Latest)
		addSales(e)
		e.server.AddDepartments(
			rocketchattest.Department{ID: "billing", Name: "Billing", Disabled: true},
			rocketchattest.Department{ID: "fax", Name: "Fax", Archived: true})
		e.server.Inject(func(r *http.Request) bool { return !callOf(rocketchat.DepartmentRoute)(r) }, rocketchattest.BadGateway())
		p := e.scrape(t)
		p.wantEverywhere(t)
		p.wantNames(t, map[string]string{"sales": "Sales", "billing": "Billing", "none": "(no department)"})
	})
}

func TestAWindowWithoutAGoodAnswerHasNoZeros(t *testing.T) {
	for route, metric := range map[string]string{rocketchat.TotalAbandonedChats: abandonedMetric, rocketchat.AmountOfChats: roomsMetric} {
		t.Run(metric, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := startUnlimited(t, rocketchattest.Latest)
				addSales(e)
				e.server.Inject(func(r *http.Request) bool {
					return callOf(route)(r) && onlyWindow(6*time.Hour)(r)
				}, rocketchattest.BadGateway())
				p := e.scrape(t)
				p.wantNumbers(t, metric, "6h", map[string]float64{})
				for _, window := range []string{"24h", "today"} {
					p.wantNumbers(t, metric, window, map[string]float64{"sales": 1, "none": 0})
				}
				p.wantNames(t, named)
			})
		})
	}
}

func TestAnIncompleteAnswerFillsNoZeros(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startUnlimited(t, rocketchattest.Old)
		want := map[string]string{"none": "(no department)"}
		for i := range 120 {
			id := fmt.Sprintf("d%03d", i)
			e.server.AddDepartments(rocketchattest.Department{ID: id, Name: "Department " + id})
			e.server.AddRooms(abandoned(id, 3*time.Hour)...)
			want[id] = "Department " + id
		}
		for range 3 {
			p := e.scrape(t)
			for _, metric := range []string{abandonedMetric, roomsMetric} {
				for _, window := range windowNames {
					got := p.numbers(metric, window)
					// Two answers of 50 make up a number of rooms.
					if most := map[string]int{abandonedMetric: 50, roomsMetric: 100}[metric]; len(got) < 50 || len(got) > most {
						t.Errorf("%s of %s has %d departments, want 50 to %d", metric, window, len(got), most)
					}
					for id, n := range got {
						if n == 0 {
							t.Errorf("%s of %s is 0 of %s, which has a room", metric, window, id)
						}
					}
				}
			}
			p.wantCounters(t, nil)
			p.wantNames(t, want)
			if got := p.value(t, counterComplete); got != "0" {
				t.Errorf("%s is %s, want 0", counterComplete, got)
			}
			time.Sleep(time.Minute)
		}
	})
}

func TestWithoutPermissionForTheListTheRestWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startUnlimited(t, rocketchattest.Latest)
		addSales(e)
		e.server.Configure(func(s *rocketchattest.Settings) { s.Permissions = []string{rocketchattest.ViewLivechatManager} })
		p := e.scrape(t)
		p.wantEverywhere(t, "sales", "none")
		p.wantNames(t, map[string]string{"sales": "sales", "none": "(no department)"})
		for series, want := range map[string]string{"livechat_up": "1", listSuccess: "0", counterComplete: "1"} {
			if got := p.value(t, series); got != want {
				t.Errorf("%s is %s, want %s", series, got, want)
			}
		}
		if len(p.byDepartment(enabledMetric))+len(p.byDepartment(agentsMetric)) > 0 {
			t.Error("enabled or agents are exported of a list that nobody has seen")
		}
		e.scrape(t)
		lines := strings.Split(strings.TrimSpace(e.log.String()), "\n")
		if len(lines) != 1 || !strings.Contains(lines[0], "resource=departments") || !strings.Contains(lines[0], "view-l-room") {
			t.Errorf("want one line of the log that names the permission, got %q", lines)
		}
	})
}

// Zeros are then among the named ids and none alone.
func TestWithoutDepartmentsTheListIsNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startUnlimited(t, rocketchattest.Latest, func(s *setup) { s.Departments = false })
		addSales(e)
		e.server.AddDepartments(rocketchattest.Department{ID: "billing", Name: "Billing"})
		e.server.AddRooms(abandoned("support", 8*time.Hour)...) // In 24h and today alone.
		p := e.scrape(t)
		p.wantEverywhere(t, "sales", "support", "none")
		p.wantNumbers(t, abandonedMetric, "6h", map[string]float64{"sales": 1, "support": 0, "none": 0})
		p.wantNames(t, map[string]string{"sales": "sales", "support": "support", "none": "(no department)"})
		if got := callsOf(e, rocketchat.DepartmentRoute); got > 0 {
			t.Errorf("the list was asked %d times", got)
		}
		if got := p.value(t, listSuccess); got != "absent" {
			t.Errorf("%s is %s of what is not asked for", listSuccess, got)
		}
	})
}

// Without a list the counter keeps at 0, over the turn of the month, who had a room in
// the last one: a counter that began with 1 would hide its first room.
func TestWithoutAListTheNewMonthBeginsAtZeroForWhomTheLastOneNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startUnlimited(t, rocketchattest.Latest, func(s *setup) { s.Departments = false })
		addSales(e)
		time.Sleep(31 * 24 * time.Hour)
		e.scrape(t).wantCounters(t, map[string]float64{"sales": 0, "none": 0})
		time.Sleep(29 * 24 * time.Hour)
		e.scrape(t).wantCounters(t, map[string]float64{"none": 0})
	})
}

func TestAListThatIsTooOldIsNotExported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startUnlimited(t, rocketchattest.Latest)
		addSales(e)
		e.server.AddDepartments(rocketchattest.Department{ID: "billing", Name: "Billing"})
		withList := map[string]string{"sales": "Sales", "billing": "Billing", "none": "(no department)"}
		e.scrape(t).wantNames(t, withList)
		remove := e.server.Inject(callOf(rocketchat.DepartmentRoute), rocketchattest.BadGateway())

		time.Sleep(10*time.Minute - time.Millisecond) // Its interval and max_age.
		p := e.scrape(t)
		p.wantNames(t, withList)
		p.wantEverywhere(t, "sales", "billing", "none")

		time.Sleep(time.Millisecond)
		p = e.scrape(t)
		p.wantNames(t, map[string]string{"sales": "sales", "none": "(no department)"})
		p.wantEverywhere(t, "sales", "none")
		if len(p.byDepartment(enabledMetric))+len(p.byDepartment(agentsMetric)) > 0 {
			t.Error("enabled or agents are exported of a list that is too old")
		}
		remove()
		e.scrape(t).wantNames(t, withList)
	})
}

func TestTheListIsAskedEveryFiveMinutesAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startWith(t, rocketchattest.New(rocketchattest.Latest), func(s *setup) { s.Departments = true })
		for range 4 * 16 {
			e.scrape(t)
			time.Sleep(15 * time.Second)
		}
		var at []time.Duration
		first := e.server.Requests()[0].Time
		for _, r := range e.server.Requests() {
			if onRoute(rocketchat.DepartmentRoute)(r.Path) {
				at = append(at, r.Time.Sub(first))
			}
		}
		if want := []time.Duration{0, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute}; !slices.Equal(at, want) {
			t.Errorf("asked at %v, want %v", at, want)
		}
	})
}

func TestEnabledAndAgentsAreTheLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startUnlimited(t, rocketchattest.Latest)
		e.server.Inject(callOf(rocketchat.DepartmentRoute), rocketchattest.RespondJSON(200, `{"departments":[`+
			`{"_id":"open","name":"Open","enabled":true,"numAgents":7},`+
			`{"_id":"closed","name":"","enabled":false,"numAgents":0},`+
			`{"_id":"archived","name":"Archived","enabled":true,"archived":true,"numAgents":2},`+
			`{"_id":"forgotten","name":"Forgotten","enabled":true,"archived":true,"numAgents":3},`+
			`{"_id":"odd","name":"Odd","numAgents":null}],"total":5,"success":true}`))
		e.server.AddRooms(abandoned("archived", 3*time.Hour)...)
		e.server.AddRooms(abandoned("unknown", 3*time.Hour)...)
		p := e.scrape(t)
		if got, want := p.byDepartment(enabledMetric), (map[string]float64{"open": 1, "closed": 0, "archived": 0, "odd": 0}); !maps.Equal(got, want) {
			t.Errorf("enabled is %v, want %v", got, want)
		}
		if got, want := p.byDepartment(agentsMetric), (map[string]float64{"open": 7, "closed": 0, "archived": 2}); !maps.Equal(got, want) {
			t.Errorf("agents is %v, want %v", got, want)
		}
		p.wantNames(t, map[string]string{
			"open": "Open", "closed": "closed", "archived": "Archived", "odd": "Odd", "unknown": "unknown", "none": "(no department)",
		})
		p.wantEverywhere(t, "open", "closed", "archived", "odd", "unknown", "none")
	})
}

// An incomplete list does not say who is gone.
func TestAnIncompleteListNamesWhatItHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startUnlimited(t, rocketchattest.Latest)
		addSales(e)
		e.server.Inject(callOf(rocketchat.DepartmentRoute), rocketchattest.RespondJSON(200,
			`{"departments":[{"_id":"billing","name":"Billing","enabled":true}],"total":2,"success":true}`))
		p := e.scrape(t)
		p.wantNames(t, map[string]string{"billing": "Billing", "sales": "sales", "none": "(no department)"})
		p.wantEverywhere(t, "billing", "sales", "none")
		if got := p.value(t, `livechat_refresh_complete{resource="departments",window=""}`); got != "0" {
			t.Errorf("the list is complete: %s, want 0", got)
		}
	})
}

// The counter's answer speaks of departments that have nothing to count any more. A whole
// list says that they are gone; an incomplete one does not.
func TestOnlyAWholeListTellsWhoIsGoneOfThoseThatTheCounterSpeaksOf(t *testing.T) {
	for name, tt := range map[string]struct {
		total int
		gone  string // What the counter has of the department.
	}{
		"whole":      {total: 1, gone: "absent"},
		"incomplete": {total: 2, gone: "0"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(20 * 24 * time.Hour)
				e := startUnlimited(t, rocketchattest.Latest)
				lastMonth := time.Now().AddDate(0, -1, 0)
				e.server.AddRooms(rocketchattest.Room{
					DepartmentID: "gone", Answered: true, VisitorInactivity: new(2 * time.Hour),
					OpenedAt: lastMonth, ClosedAt: lastMonth.Add(3 * time.Hour),
				})
				e.server.Inject(callOf(rocketchat.DepartmentRoute), rocketchattest.RespondJSON(200,
					fmt.Sprintf(`{"departments":[{"_id":"billing","name":"Billing","enabled":true}],"total":%d,"success":true}`, tt.total)))
				if got := e.scrape(t).value(t, `livechat_department_abandonments_total{department_id="gone"}`); got != tt.gone {
					t.Errorf("the counter of the department is %s, want %s", got, tt.gone)
				}
			})
		})
	}
}
