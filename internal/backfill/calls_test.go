package backfill_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"livechat_exporter/internal/backfill"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// halvings is how many instants between two must be asked for: none if nothing closed
// between them.
func halvings(values []map[string]int64, low, high int) int {
	if high-low < 2 || maps.Equal(values[low], values[high]) {
		return 0
	}
	middle := (low + high) / 2
	return 1 + halvings(values, low, middle) + halvings(values, middle, high)
}

// needed is how many calls a grid of days and halving take, and the two answers of each
// month.
func (s *scenario) needed(back time.Duration) int {
	first, last := s.bounds(back)
	var values []map[string]int64
	var ends []int
	for at := first; !at.After(last); at = at.Add(s.options.Step) {
		if next := at.Add(s.options.Step); next.Truncate(24*time.Hour) != at.Truncate(24*time.Hour) || next.After(last) {
			ends = append(ends, len(values))
		}
		values = append(values, s.window(at.AddDate(0, -2, 0), at))
	}
	calls, low := 1, 0
	for _, high := range ends {
		calls += 1 + halvings(values, low, high)
		low = high
	}
	return calls + 4
}

// callsCase is a company, and how many calls its windows may take; 0 is any number.
type callsCase struct {
	habits  habits
	windows int
}

func TestCallsFor22Days(t *testing.T) {
	countCalls(t, map[string]callsCase{
		"office":            {office, 1500},
		"office, some late": {habits{perDay: 8, late: 0.15, closing: true}, 0},
		"hardly a chat":     {habits{}, 200},
	})
}

func countCalls(t *testing.T, cases map[string]callsCase) {
	t.Helper()
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			simulate(t, test.habits, func(t *testing.T, s *scenario) {
				s.settings += "rooms: false\nwindows: [6h, 24h, 7d]\n"
				first, last := s.bounds(22 * 24 * time.Hour)
				naive := int(last.Sub(first)/s.options.Step) + 1
				needed := s.needed(22 * 24 * time.Hour)
				counter := s.mustRun(t).Calls
				if counter*10 > needed*11 {
					t.Errorf("the counter took %d calls, a grid and halving %d", counter, needed)
				}
				s.options.Windows, s.options.Folder = true, t.TempDir()
				windows := s.mustRun(t).Calls
				if test.windows > 0 && windows > test.windows {
					t.Errorf("the windows took %d calls, want at most %d", windows, test.windows)
				}
				estimates, err := backfill.Estimates(s.workspaces(t), s.options)
				if err != nil || windows+1 > estimates[0].Calls {
					t.Errorf("%d calls, and %v at most were announced (%v)", windows, estimates, err)
				}
				s.settings = strings.ReplaceAll(s.settings, "rooms: false", "")
				s.options.Windows, s.options.Folder = false, t.TempDir()
				rooms := s.mustRun(t).Calls - counter
				t.Logf("calls for 22 days at 30m, %s: counter %d (each number: %d), opened rooms %d (%d), counter and windows 6h, 24h, 7d %d (%d)",
					name, counter, naive, rooms, 2*naive, windows, 4*naive)
			})
		})
	}
}

// A failing call is sent again when a minute has passed, unless somebody has to change
// something.
func TestFailingCalls(t *testing.T) {
	for name, test := range map[string]struct {
		fault   rocketchattest.Fault
		change  func(*rocketchattest.Settings)
		retries int
		want    string // Of the error; empty if the run ends well.
	}{
		"a bad gateway":    {fault: rocketchattest.BadGateway(), retries: 1},
		"a hanging server": {fault: rocketchattest.Hang(), retries: 1},
		"no permission": {
			change: func(s *rocketchattest.Settings) {
				s.Permissions = []string{rocketchattest.ViewLRoom, rocketchattest.BypassRateLimit}
			},
			want: "give it a role that has it",
		},
		"a wrong token": {change: func(s *rocketchattest.Settings) { s.AuthToken = "other" }, want: "make a new personal access token"},
		"no licence":    {change: func(s *rocketchattest.Settings) { s.Licensed = false }, want: "activate one"},
		"a redirect":    {fault: rocketchattest.Redirect(http.StatusFound, "https://example.org"), want: "never followed"},
		"missing departments": {
			change: func(s *rocketchattest.Settings) { s.TotalSkew = 1 }, want: "does not hand over all of its departments",
		},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, office, func(t *testing.T, s *scenario) {
				s.options.From = "2d"
				if test.change != nil {
					s.Configure(test.change)
				}
				if test.fault != nil {
					once := true
					s.Inject(func(r *http.Request) bool {
						hit := once && strings.Contains(r.URL.Path, "total-abandoned-chats")
						once = once && !hit
						return hit
					}, test.fault)
				}
				begin := time.Now()
				_, err := s.run(t.Context(), t)
				if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
					t.Errorf("got %v, want %q", err, test.want)
				}
				if len(s.retries) != test.retries || test.retries > 0 && time.Since(begin) < time.Minute {
					t.Errorf("got %d retries in %s, want %d: %v", len(s.retries), time.Since(begin), test.retries, s.retries)
				}
			})
		})
	}
}

// A department that is removed while a past is made gives its chats to "none": some
// answers know it and some do not.
func TestDaysWithContradictingAnswersAreLeftOut(t *testing.T) {
	simulate(t, office, func(t *testing.T, s *scenario) {
		s.options.From = "8d"
		progress, removed := s.options.Progress, false
		s.options.Progress = func(p backfill.Progress) {
			progress(p)
			if p.Done > 3*48 && !removed {
				s.RemoveDepartment("department0000017")
				removed = true
			}
		}
		result := s.mustRun(t)
		if len(result.LeftOut) == 0 || len(result.Files) == 0 {
			t.Fatalf("%d days were made, and %v left out", len(result.Files), result.LeftOut)
		}
		// What was made is as before the removal.
		got := samples(t, result.Files)
		for at, have := range got {
			now := time.Unix(at, 0)
			want := s.at(now.In(s.now.Location()), now, now, s.options.Step, nil)
			for series, n := range want {
				if m, ok := have[series]; strings.HasPrefix(series, "livechat_department_abandonments_total") && (!ok || m != n) {
					t.Fatalf("%s at %s: got %d (%t), want %d", series, time.Unix(at, 0).UTC(), m, ok, n)
				}
			}
		}
		t.Logf("%d days were made, and %v left out", len(result.Files), result.LeftOut)
	})
}

func TestEveryReleaseGivesMoreThanFiftyDepartments(t *testing.T) {
	for _, profile := range []rocketchattest.Profile{rocketchattest.Mid, rocketchattest.Latest} {
		for name, change := range map[string]func(*rocketchattest.Settings){
			"at once": func(*rocketchattest.Settings) {},
			"in pages": func(s *rocketchattest.Settings) {
				s.AllowInfiniteCount = false
				s.Shuffle = func(int, func(i, j int)) {} // Otherwise pages repeat and miss departments.
			},
		} {
			t.Run(profile.String()+" "+name, func(t *testing.T) {
				simulate(t, habits{}, func(t *testing.T, s *scenario) {
					s.Workspace = rocketchattest.New(profile)
					s.Configure(func(settings *rocketchattest.Settings) {
						settings.Permissions = append(settings.Permissions, rocketchattest.BypassRateLimit)
						change(settings)
					})
					s.company = &company{listed: map[string]string{}}
					for n := range 250 {
						id := "department" + string(rune('a'+n/26)) + string(rune('a'+n%26))
						s.AddDepartments(rocketchattest.Department{ID: id, Name: id})
						s.listed[id] = id
						opened := s.now.Add(-time.Duration(5+n%40) * time.Hour)
						closed, inactivity := opened.Add(90*time.Minute), timeout
						s.AddRooms(rocketchattest.Room{DepartmentID: id, OpenedAt: opened, ClosedAt: closed, VisitorInactivity: &inactivity})
						s.chats = append(s.chats, chat{id, opened, closed})
						s.opened = append(s.opened, chat{id, opened, closed})
					}
					transport := s.Transport()
					defer transport.CloseIdleConnections()
					s.options.Transport = through(transport)
					s.options.From = "2d"
					first, last := s.bounds(2 * 24 * time.Hour)
					s.wantTruth(t, s.mustRun(t).Files, first, last)
				})
			})
		}
	}
}
