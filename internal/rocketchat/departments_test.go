package rocketchat_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// withDepartments returns a workspace without a rate limit in which n departments
// have 1, 2, 3, ... abandoned rooms, and those numbers.
func withDepartments(p rocketchattest.Profile, n int) (ws *rocketchattest.Workspace, truth map[string]int) {
	ws = rocketchattest.New(p)
	ws.Configure(func(s *rocketchattest.Settings) { s.RateLimit.Calls = 0 })
	truth = make(map[string]int, n)
	for i := range n {
		id := fmt.Sprintf("department%06d", i)
		truth[id] = i%3 + 1
		for range truth[id] {
			ws.AddRooms(abandoned(id))
		}
	}
	return ws, truth
}

// queries returns the paging parameters of the requests received after the first
// skip, such as "" or "count=100&offset=100".
func queries(ws *rocketchattest.Workspace, skip int) []string {
	var list []string
	for _, r := range ws.Requests()[skip:] {
		values := maps.Clone(r.Query)
		delete(values, "start")
		delete(values, "end")
		list = append(list, values.Encode())
	}
	return list
}

// tenPages are the paging parameters of ten pages.
func tenPages() []string {
	pages := []string{"count=100"}
	for offset := 100; offset < 1000; offset += 100 {
		pages = append(pages, fmt.Sprintf("count=100&offset=%d", offset))
	}
	return pages
}

func TestAnAnswerOfMoreThanOnePageArrivesWhole(t *testing.T) {
	tests := map[string]struct {
		departments int
		configure   func(*rocketchattest.Settings)
		first, then []string // The calls of the first attempt and of the next.
		complete    bool
	}{
		"one page": {
			departments: 50, configure: func(*rocketchattest.Settings) {},
			first: []string{""}, then: []string{""}, complete: true,
		},
		"all at once": {
			departments: 120, configure: func(*rocketchattest.Settings) {},
			first: []string{"", "count=0"}, then: []string{"count=0"}, complete: true,
		},
		"5,000 at once": {
			departments: 5000, configure: func(*rocketchattest.Settings) {},
			first: []string{"", "count=0"}, then: []string{"count=0"}, complete: true,
		},
		"infinite counts off, stable order": {
			departments: 120,
			configure: func(s *rocketchattest.Settings) {
				s.AllowInfiniteCount = false
				s.Shuffle = func(int, func(i, j int)) {}
			},
			first:    []string{"", "count=0", "count=100", "count=100&offset=100"},
			then:     []string{"count=100", "count=100&offset=100"},
			complete: true,
		},
		"short pages, stable order": {
			departments: 120,
			configure: func(s *rocketchattest.Settings) {
				s.AllowInfiniteCount = false
				s.UpperCountLimit = 40 // Shorter than what count=0 brings then.
				s.Shuffle = func(int, func(i, j int)) {}
			},
			first:    []string{"", "count=0", "count=100", "count=100&offset=40", "count=100&offset=80"},
			then:     []string{"count=100", "count=100&offset=40", "count=100&offset=80"},
			complete: true,
		},
		"as many pages as the server allows calls": {
			departments: 1000,
			configure: func(s *rocketchattest.Settings) {
				s.AllowInfiniteCount = false
				s.Shuffle = func(int, func(i, j int)) {}
			},
			first: append([]string{"", "count=0"}, tenPages()...), then: tenPages(), complete: true,
		},
		"a total beyond reason": {
			departments: 10,
			configure:   func(s *rocketchattest.Settings) { s.TotalSkew = 1 << 30 },
			first:       []string{"", "count=0"},
			then:        []string{"count=100"},
		},
		"a total one too high": {
			departments: 10,
			configure:   func(s *rocketchattest.Settings) { s.TotalSkew = 1 },
			first:       []string{"", "count=0", "count=100", "count=100&offset=10"},
			then:        []string{"count=0"},
		},
		"a total one too high with many rows": {
			departments: 120,
			configure:   func(s *rocketchattest.Settings) { s.TotalSkew = 1 },
			first:       []string{"", "count=0", "count=100", "count=100&offset=100", "count=100&offset=120"},
			then:        []string{"count=0"},
		},
		"a total too low": {
			departments: 10,
			configure:   func(s *rocketchattest.Settings) { s.TotalSkew = -3 },
			first:       []string{""}, then: []string{""}, complete: true,
		},
	}
	for name, tt := range tests {
		for _, profile := range []rocketchattest.Profile{rocketchattest.Mid, rocketchattest.Latest} {
			t.Run(fmt.Sprintf("%s/%v", name, profile), func(t *testing.T) {
				ws, truth := withDepartments(profile, tt.departments)
				ws.Configure(tt.configure)
				client, _ := connect(t, ws)
				paging := new(rocketchat.Question)

				seen := 0
				for attempt, calls := range [][]string{tt.first, tt.then} {
					answer, err := lastDay(t.Context(), client, paging)
					if err != nil {
						t.Fatal(err)
					}
					got := byID(t, answer)
					if answer.Complete != tt.complete || tt.complete && !maps.Equal(got, truth) {
						t.Errorf("attempt %d: got %d departments, complete %v; want %d, complete %v",
							attempt+1, len(got), answer.Complete, len(truth), tt.complete)
					}
					for id, n := range got {
						if truth[id] != n {
							t.Errorf("attempt %d: got %d rooms of %s, want %d", attempt+1, n, id, truth[id])
						}
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

func TestPagesInUnstableOrderAreWholeOrSaidNotToBe(t *testing.T) {
	ws, truth := withDepartments(rocketchattest.Latest, 120)
	ws.Configure(func(s *rocketchattest.Settings) { s.AllowInfiniteCount = false })
	client, _ := connect(t, ws)
	paging := new(rocketchat.Question)
	incomplete := 0
	for range 100 {
		answer, err := lastDay(t.Context(), client, paging)
		if err != nil {
			t.Fatal(err)
		}
		got := byID(t, answer)
		if answer.Complete != maps.Equal(got, truth) {
			t.Fatalf("got %d of %d departments, complete %v", len(got), len(truth), answer.Complete)
		}
		for id, n := range got {
			if truth[id] != n {
				t.Errorf("got %d rooms of %s, want %d", n, id, truth[id])
			}
		}
		if !answer.Complete {
			incomplete++
		}
	}
	if incomplete == 0 {
		t.Error("the order was never unstable: this test shows nothing")
	}
}

func TestAllPagesHaveTheSameStartAndEnd(t *testing.T) {
	ws, _ := withDepartments(rocketchattest.Latest, 320)
	ws.Configure(func(s *rocketchattest.Settings) { s.AllowInfiniteCount = false })
	client, _ := connect(t, ws)
	if _, err := lastDay(t.Context(), client, new(rocketchat.Question)); err != nil {
		t.Fatal(err)
	}
	requests := ws.Requests()
	for _, r := range requests {
		if r.Query.Get("start") != requests[0].Query.Get("start") || r.Query.Get("end") != requests[0].Query.Get("end") {
			t.Errorf("asked %v after %v", r.Query, requests[0].Query)
		}
	}
	if len(requests) < 5 {
		t.Errorf("got %d calls, want all pages", len(requests))
	}
}

func TestARefusedPagingParameterIsNotSentAgainForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws, truth := withDepartments(rocketchattest.Old, 120)
		client, _ := connect(t, ws)
		sixHours, day := new(rocketchat.Question), new(rocketchat.Question)
		ask := func(paging *rocketchat.Question, want ...string) {
			t.Helper()
			seen := len(ws.Requests())
			answer, err := lastDay(t.Context(), client, paging)
			if err != nil {
				t.Fatal(err)
			}
			if len(answer.Departments) != 50 || answer.Complete {
				t.Errorf("got %d departments, complete %v; want 50, incomplete", len(answer.Departments), answer.Complete)
			}
			for id, n := range byID(t, answer) {
				if truth[id] != n {
					t.Errorf("got %d rooms of %s, want %d", n, id, truth[id])
				}
			}
			if got := queries(ws, seen); !slices.Equal(got, want) {
				t.Errorf("sent %q, want %q", got, want)
			}
		}
		ask(sixHours, "", "count=0")
		ask(sixHours, "")
		ask(day, "") // Known for the whole workspace.
		time.Sleep(time.Hour - time.Nanosecond)
		ask(day, "")
		time.Sleep(time.Nanosecond)
		ask(day, "", "count=0")
		ask(sixHours, "")
	})
}

func TestWindowsAskedAtOnceFindOutOnce(t *testing.T) {
	for profile, want := range map[rocketchattest.Profile]int{rocketchattest.Old: 1, rocketchattest.Latest: 4} {
		t.Run(profile.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ws, _ := withDepartments(profile, 120)
				ws.Inject(nil, rocketchattest.Slow(500*time.Millisecond))
				client, _ := connect(t, ws)
				begin := time.Now()
				var wg sync.WaitGroup
				for range 4 {
					wg.Go(func() {
						if _, err := lastDay(t.Context(), client, new(rocketchat.Question)); err != nil {
							t.Error(err)
						}
					})
				}
				wg.Wait()
				withCount := 0
				for _, q := range queries(ws, 0) {
					if q != "" {
						withCount++
					}
				}
				if withCount != want {
					t.Errorf("sent %d calls with count, want %d", withCount, want)
				}
				// A first call, one that finds out, and then the others at once.
				if took := time.Since(begin); took > 1500*time.Millisecond {
					t.Errorf("took %v, want 1.5 s", took)
				}
			})
		})
	}
}

func TestACallThatHangsWhileItFindsOutCostsNoOtherItsAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws, truth := withDepartments(rocketchattest.Latest, 120)
		var met atomic.Bool
		ws.Inject(func(r *http.Request) bool { // The first of them alone.
			return r.URL.Query().Has("count") && met.CompareAndSwap(false, true)
		}, rocketchattest.Hang())
		client, _ := connect(t, ws)
		outcomes := make(chan rocketchat.Outcome, 3)
		for range 3 {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				answer, err := lastDay(ctx, client, new(rocketchat.Question))
				if err == nil && !maps.Equal(byID(t, answer), truth) {
					t.Errorf("got %d departments, want all", len(answer.Departments))
				}
				outcomes <- outcomeOf(err)
			}()
		}
		begin := time.Now()
		if first, second := <-outcomes, <-outcomes; first != rocketchat.OK || second != rocketchat.OK || time.Since(begin) > time.Second {
			t.Errorf("got %s and %s after %v, want two answers after a second of waiting", first, second, time.Since(begin))
		}
		if last := <-outcomes; last != rocketchat.Timeout {
			t.Errorf("the call that hangs ended as %s", last)
		}
	})
}

func TestWhoHasNoTimeToWaitSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws, _ := withDepartments(rocketchattest.Latest, 120)
		ws.Inject(func(r *http.Request) bool { return r.URL.Query().Has("count") }, rocketchattest.Hang())
		client, observed := connect(t, ws)
		finder := make(chan error, 1)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		go func() {
			_, err := lastDay(ctx, client, new(rocketchat.Question))
			finder <- err
		}()
		synctest.Wait() // It holds its place and hangs.
		short, cancelShort := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancelShort()
		if _, err := lastDay(short, client, new(rocketchat.Question)); outcomeOf(err) != rocketchat.Timeout {
			t.Errorf("got %v, want timeout", err)
		}
		if err := <-finder; outcomeOf(err) != rocketchat.Timeout {
			t.Errorf("got %v, want timeout", err)
		}
		if got, want := observed.outcomes(), []rocketchat.Outcome{rocketchat.OK, rocketchat.OK, rocketchat.Timeout}; !slices.Equal(got, want) {
			t.Errorf("observed %v, want %v: two first calls and the one that hangs", got, want)
		}
	})
}

func TestAnOlderReleaseThanBeforeIsAskedWithoutParameters(t *testing.T) {
	ws, _ := withDepartments(rocketchattest.Latest, 120)
	client, _ := connect(t, ws)
	paging := new(rocketchat.Question)
	if answer, err := lastDay(t.Context(), client, paging); err != nil || !answer.Complete {
		t.Fatalf("got complete %v, error %v", answer.Complete, err)
	}
	ws.Inject(func(r *http.Request) bool { return r.URL.Query().Has("count") },
		rocketchattest.RespondJSON(400, `{"success":false,"error":"must NOT have additional properties [invalid-params]","errorType":"invalid-params"}`))
	seen := len(ws.Requests())
	for range 2 {
		answer, err := lastDay(t.Context(), client, paging)
		if err != nil || len(answer.Departments) != 50 || answer.Complete {
			t.Errorf("got %d departments, complete %v, error %v; want 50, incomplete", len(answer.Departments), answer.Complete, err)
		}
	}
	if got, want := queries(ws, seen), []string{"count=0", "", ""}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

func TestDepartmentsThatGoWhileAnAnswerIsOnItsWay(t *testing.T) {
	const departments = 120
	remove := func(ws *rocketchattest.Workspace, before string) {
		ws.AddDepartments(rocketchattest.Department{ID: "department000000"})
		ws.Inject(func(r *http.Request) bool {
			q := r.URL.Query()
			return q.Get("count")+"/"+q.Get("offset") == before
		}, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			ws.RemoveDepartment("department000000") // Its rooms become those of none.
			next.ServeHTTP(w, r)
		})
	}
	t.Run("before all are asked for at once", func(t *testing.T) {
		ws, truth := withDepartments(rocketchattest.Latest, departments)
		remove(ws, "0/")
		client, _ := connect(t, ws)
		answer, err := lastDay(t.Context(), client, new(rocketchat.Question))
		delete(truth, "department000000")
		truth[rocketchat.NoDepartment] = 1
		if got := byID(t, answer); err != nil || !answer.Complete || !maps.Equal(got, truth) {
			t.Errorf("got %d departments, complete %v, error %v; want those of the last answer", len(got), answer.Complete, err)
		}
	})
	t.Run("between pages", func(t *testing.T) {
		ws, _ := withDepartments(rocketchattest.Latest, departments)
		ws.AddRooms(abandoned("")) // So that the number of rows changes.
		ws.Configure(func(s *rocketchattest.Settings) {
			s.AllowInfiniteCount = false
			s.Shuffle = func(int, func(i, j int)) {}
		})
		remove(ws, "100/100")
		client, _ := connect(t, ws)
		answer, err := lastDay(t.Context(), client, new(rocketchat.Question))
		if err != nil || answer.Complete {
			t.Errorf("got complete %v, error %v; want incomplete: the pages are of different moments", answer.Complete, err)
		}
	})
}

func TestWhatIsNotGrantedIsLearntAnewAfterAnHourOfScrapes(t *testing.T) {
	for name, tt := range map[string]struct {
		configure func(*rocketchattest.Settings)
		meanwhile []string // The calls of each scrape of that hour.
		anew      []string // The calls of the first scrape after it.
	}{
		"all at once": {
			func(s *rocketchattest.Settings) {
				s.AllowInfiniteCount, s.Shuffle = false, func(int, func(i, j int)) {}
			},
			[]string{"count=100", "count=100&offset=100"},
			[]string{"count=0"},
		},
		"what is missing everywhere": {
			func(s *rocketchattest.Settings) { s.TotalSkew, s.Shuffle = 1, func(int, func(i, j int)) {} },
			[]string{"count=0"},
			[]string{"", "count=0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ws, truth := withDepartments(rocketchattest.Latest, 120)
				ws.Configure(tt.configure)
				client, _ := connect(t, ws)
				paging := new(rocketchat.Question)
				ask := func(want ...string) {
					t.Helper()
					seen := len(ws.Requests())
					client.Reserve("total-abandoned-chats", rocketchat.Place{Holder: paging}, paging)
					defer client.Release(paging)
					answer, err := lastDay(t.Context(), client, paging)
					if err != nil || !maps.Equal(byID(t, answer), truth) {
						t.Errorf("got %d departments and error %v, want all", len(answer.Departments), err)
					}
					if got := queries(ws, seen); !slices.Equal(got, want) {
						t.Errorf("sent %q, want %q", got, want)
					}
				}
				if _, err := lastDay(t.Context(), client, paging); err != nil {
					t.Fatal(err)
				}
				for range 59 {
					time.Sleep(time.Minute)
					ask(tt.meanwhile...)
				}
				ws.Configure(func(s *rocketchattest.Settings) { s.AllowInfiniteCount, s.TotalSkew = true, 0 })
				time.Sleep(time.Minute)
				ask(tt.anew...)
				ask("count=0")
			})
		})
	}
}

func TestAServerThatStopsGrantingAllAtOnceIsAskedInPages(t *testing.T) {
	ws, truth := withDepartments(rocketchattest.Latest, 120)
	client, _ := connect(t, ws)
	paging := new(rocketchat.Question)
	if _, err := lastDay(t.Context(), client, paging); err != nil {
		t.Fatal(err)
	}
	ws.Configure(func(s *rocketchattest.Settings) {
		s.AllowInfiniteCount = false
		s.Shuffle = func(int, func(i, j int)) {}
	})
	seen := len(ws.Requests())
	answer, err := lastDay(t.Context(), client, paging)
	if err != nil || !maps.Equal(byID(t, answer), truth) || !answer.Complete {
		t.Errorf("got %d departments, complete %v, error %v; want all", len(answer.Departments), answer.Complete, err)
	}
	if got, want := queries(ws, seen), []string{"count=0", "count=100", "count=100&offset=100"}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

func TestAFailingPageFailsTheAnswer(t *testing.T) {
	for _, failing := range []url.Values{{}, {"count": {"0"}}, {"count": {"100"}}, {"count": {"100"}, "offset": {"100"}}} {
		t.Run(failing.Encode(), func(t *testing.T) {
			ws, _ := withDepartments(rocketchattest.Latest, 120)
			ws.Configure(func(s *rocketchattest.Settings) { s.AllowInfiniteCount = false })
			ws.Inject(func(r *http.Request) bool {
				q := r.URL.Query()
				return q.Get("count") == failing.Get("count") && q.Get("offset") == failing.Get("offset")
			}, rocketchattest.BadGateway())
			client, _ := connect(t, ws)
			answer, err := lastDay(t.Context(), client, new(rocketchat.Question))
			if outcomeOf(err) != rocketchat.ServerError || len(answer.Departments) > 0 {
				t.Errorf("got %d departments and %v, want server_error alone", len(answer.Departments), err)
			}
		})
	}
}

func TestALaggingReplicaMakesTheAnswerIncomplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws, _ := withDepartments(rocketchattest.Latest, 10)
		ws.Configure(func(s *rocketchattest.Settings) { s.ReplicaLag = 10 * time.Second })
		room := abandoned("late")
		room.ClosedAt = time.Now().Add(-time.Second)
		ws.AddRooms(room)
		client, _ := connect(t, ws)
		answer, err := lastDay(t.Context(), client, new(rocketchat.Question))
		if err != nil || answer.Complete || len(answer.Departments) != 10 {
			t.Errorf("got %d departments, complete %v, error %v; want 10, incomplete", len(answer.Departments), answer.Complete, err)
		}
		time.Sleep(10 * time.Second)
		answer, err = lastDay(t.Context(), client, new(rocketchat.Question))
		if err != nil || !answer.Complete || len(answer.Departments) != 11 {
			t.Errorf("got %d departments, complete %v, error %v; want 11, complete", len(answer.Departments), answer.Complete, err)
		}
	})
}

// Where the pages do not fit into the limit the answer is not whole anyhow: nothing is lost
// by trying whether all come at once by now.
func TestThatAllAtOnceIsGrantedIsLearntAlsoWhereThePagesDoNotFitIntoTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws, truth := withDepartments(rocketchattest.Latest, 1100)
		ws.Configure(func(s *rocketchattest.Settings) { s.AllowInfiniteCount = false })
		client, _ := connect(t, ws, func(o *rocketchat.Options) {
			limit := rocketchat.Limit{Calls: 10, Per: time.Minute}
			o.Budget = rocketchat.NewBudgets(time.Now).Server("http://chat.example.com:80", limit)
		})
		paging := new(rocketchat.Question)
		ask := func() (answer rocketchat.Answer) {
			t.Helper()
			if _, ok := client.Reserve(rocketchat.TotalAbandonedChats, rocketchat.Place{Holder: paging}, paging); !ok {
				t.Fatal("want the calls of one answer")
			}
			defer client.Release(paging)
			answer, err := lastDay(t.Context(), client, paging)
			if err != nil {
				t.Fatal(err)
			}
			return answer
		}
		for range 3 * 30 {
			if got := len(ask().Departments); got < 50 {
				t.Fatalf("got %d departments, want at least those of one call", got)
			}
			time.Sleep(2 * time.Minute)
		}
		ws.Configure(func(s *rocketchattest.Settings) { s.AllowInfiniteCount = true })
		for range 31 {
			time.Sleep(2 * time.Minute)
			ask()
		}
		if got := byID(t, ask()); !maps.Equal(got, truth) {
			t.Errorf("got %d of %d departments an hour after the server began to grant all at once", len(got), len(truth))
		}
	})
}
