package rocketchat_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/internal/budget"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// withDepartments returns a workspace without a rate limit, in stable order, in which n
// departments and no department have 1, 2 or 3 abandoned rooms, and those numbers.
func withDepartments(p rocketchattest.Profile, n int) (ws *rocketchattest.Workspace, truth map[string]int) {
	ws = rocketchattest.New(p)
	ws.Configure(func(s *rocketchattest.Settings) {
		s.RateLimit.Calls = 0
		s.Shuffle = func(int, func(i, j int)) {}
	})
	truth = map[string]int{"none": 3}
	ws.AddRooms(abandoned(""), abandoned(""), abandoned(""))
	for i := range n - 1 {
		id := fmt.Sprintf("department%06d", i)
		truth[id] = i%3 + 1
		for range truth[id] {
			ws.AddRooms(abandoned(id))
		}
	}
	return ws, truth
}

// sent returns the paging parameters of the requests after the first skip, such as "" or
// "count=100&offset=100".
func sent(ws *rocketchattest.Workspace, skip int) (list []string) {
	for _, r := range ws.Requests()[skip:] {
		values := maps.Clone(r.Query)
		delete(values, "start")
		delete(values, "end")
		list = append(list, values.Encode())
	}
	return list
}

// offsets are the parameters of the pages after the first.
func offsets(first, last, step int) []string {
	pages := []string{"count=100"}
	for offset := first; offset <= last; offset += step {
		pages = append(pages, fmt.Sprintf("count=100&offset=%d", offset))
	}
	return pages
}

func finite(s *rocketchattest.Settings) { s.AllowInfiniteCount = false }

// An answer is as whole as the server allows. How it arrived is remembered, and what the
// server did not grant is tried again after an hour.
func TestPaging(t *testing.T) {
	skewed := func(total int) func(*rocketchattest.Settings) {
		return func(s *rocketchattest.Settings) { s.TotalSkew = total }
	}
	same := func(*rocketchattest.Settings) {}
	smallPages := func(s *rocketchattest.Settings) { s.AllowInfiniteCount, s.UpperCountLimit = false, 40 }
	const old, latest = rocketchattest.Old, rocketchattest.Latest
	inOne, whole, both := []string{""}, []string{"count=0"}, []string{"", "count=0"}
	pages := offsets(100, 100, 100)
	for name, tt := range map[string]struct {
		profile       rocketchattest.Profile
		departments   int
		before, after func(*rocketchattest.Settings)
		wait          time.Duration // Between the first answer and the next.
		first, then   []string      // The calls of the two.
		got           int
		complete      bool
	}{
		"one page":                  {latest, 50, same, same, 0, inOne, inOne, 50, true},
		"all at once":               {latest, 120, same, same, 0, both, whole, 120, true},
		"5,000 at once":             {latest, 5000, same, same, 0, both, whole, 5000, true},
		"in pages":                  {latest, 120, finite, same, time.Hour - 1, slices.Concat(both, pages), pages, 120, true},
		"in ten pages":              {latest, 1000, finite, same, 0, slices.Concat(both, offsets(100, 900, 100)), offsets(100, 900, 100), 1000, true},
		"in pages of a small limit": {latest, 120, smallPages, same, 0, slices.Concat(both, offsets(40, 80, 40)), offsets(40, 80, 40), 120, true},
		"no longer all at once":     {latest, 120, same, finite, 0, both, slices.Concat(whole, pages), 120, true},
		"refused":                   {old, 120, same, same, time.Hour - 1, both, inOne, 50, false},
		"refused an hour ago":       {old, 120, same, same, time.Hour, both, both, 50, false},
		"a total beyond reason":     {latest, 10, skewed(1 << 30), same, 0, both, whole, 10, false},
		"a total too high":          {latest, 120, skewed(1), same, time.Hour - 1, slices.Concat(both, offsets(100, 120, 20)), offsets(100, 120, 20), 120, false},
		"a total too low":           {latest, 10, skewed(-3), same, 0, inOne, inOne, 10, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ws, truth := withDepartments(tt.profile, tt.departments)
				ws.Configure(tt.before)
				client, _ := connect(t, ws)
				seen := 0
				for _, calls := range [][]string{tt.first, tt.then} {
					_, counts, err := reserved(t, client)
					got := numbers(t, counts)
					if err != nil || len(got) != tt.got || counts.Complete != tt.complete {
						t.Errorf("got %d departments, complete %v, error %v; want %d", len(got), counts.Complete, err, tt.got)
					}
					for id, n := range got {
						if truth[id] != n {
							t.Errorf("got %d rooms of %s, want %d", n, id, truth[id])
						}
					}
					if got := sent(ws, seen); !slices.Equal(got, calls) {
						t.Errorf("sent %q, want %q", got, calls)
					}
					for _, r := range ws.Requests()[seen:] { // All pages are of one period.
						if r.Query.Get("end") != ws.Requests()[seen].Query.Get("end") {
							t.Errorf("a page has the period %v", r.Query)
						}
					}
					seen = len(ws.Requests())
					ws.Configure(tt.after)
					time.Sleep(tt.wait)
				}
			})
		})
	}
}

// A route that refuses paging parameters does so for all windows, and no other route does.
func TestPagingOfADowngradedServer(t *testing.T) {
	ws, _ := withDepartments(rocketchattest.Latest, 120)
	client, _ := connect(t, ws)
	_, _ = lastDay(t.Context(), client)
	ws.Inject(func(r *http.Request) bool { return r.URL.Query().Has("start") && r.URL.Query().Has("count") },
		rocketchattest.RespondJSON(400, `{"error":"must NOT have additional properties [invalid-params]","errorType":"invalid-params"}`))
	_, err := lastDay(t.Context(), client)
	if e, ok := errors.AsType[*rocketchat.Error](err); !ok || e.Outcome != rocketchat.InvalidParams {
		t.Errorf("got error %v at the first call after the downgrade", err)
	}
	for _, key := range []string{"24h", "6h"} {
		counts, err := client.AbandonedRooms(t.Context(), rocketchat.Query{Key: key}, time.Now().Add(-24*time.Hour), time.Now())
		if err != nil || len(counts.Departments) != 50 || counts.Complete {
			t.Errorf("got %d departments, complete %v, error %v; want 50, incomplete", len(counts.Departments), counts.Complete, err)
		}
	}
	if got, want := sent(ws, 2), []string{"count=0", "", ""}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
	for i := range 60 {
		ws.AddDepartments(rocketchattest.Department{ID: strconv.Itoa(i), Name: strconv.Itoa(i)})
	}
	if list, err := client.Departments(t.Context(), rocketchat.Query{}); err != nil || len(list.Departments) != 60 {
		t.Errorf("the list: got %d departments, error %v; want 60", len(list.Departments), err)
	}
}

// Without a stable order pages can repeat and miss rows.
func TestPagesInUnstableOrder(t *testing.T) {
	ws, truth := withDepartments(rocketchattest.Latest, 120)
	order := rocketchattest.New(rocketchattest.Latest).Settings().Shuffle
	ws.Configure(func(s *rocketchattest.Settings) { finite(s); s.Shuffle = order })
	client, _ := connect(t, ws)
	incomplete := 0
	for range 50 {
		counts, err := lastDay(t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		got := numbers(t, counts)
		for id, n := range got {
			if truth[id] != n {
				t.Errorf("got %d rooms of %s, want %d", n, id, truth[id])
			}
		}
		if counts.Complete != (len(got) == 120) {
			t.Fatalf("got %d departments, complete %v", len(got), counts.Complete)
		}
		if !counts.Complete {
			incomplete++
		}
	}
	if incomplete == 0 {
		t.Error("no page missed anything: this test shows nothing")
	}
}

// pageOf answers with the rows that the paging parameters choose, 50 at once by default.
func pageOf(total int, rows ...string) rocketchattest.Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset")) // 0 on an error.
		count, _ := strconv.Atoi(r.URL.Query().Get("count"))
		if count == 0 {
			count = 50
		}
		page := rows[min(offset, len(rows)):min(offset+count, len(rows))]
		text := fmt.Sprintf(`{"departments":[%s],"total":%d,"success":true}`, strings.Join(page, ","), total)
		rocketchattest.RespondJSON(http.StatusOK, text)(w, r, next)
	}
}

// Rooms without the field departmentId and those in which it is null are two rows.
func TestNullRowsOnPages(t *testing.T) {
	null := func(n int) string { return fmt.Sprintf(`{"_id":null,"abandonedRooms":%d}`, n) }
	first, second := many(99), many(120)[99:]
	for name, tt := range map[string]struct {
		rows     []string
		total    int
		none     int
		complete bool
	}{
		"on two pages":          {slices.Concat([]string{null(4)}, first, second, []string{null(3)}), 122, 7, true},
		"on one page":           {slices.Concat([]string{null(4), null(4)}, first[:98], second), 121, 8, true},
		"repeated by the order": {slices.Concat([]string{null(4)}, first, second, []string{null(4)}), 122, 4, false},
	} {
		ws := rocketchattest.New(rocketchattest.Latest)
		ws.Inject(nil, pageOf(tt.total, tt.rows...))
		client, _ := connect(t, ws)
		for range 2 {
			counts, err := lastDay(t.Context(), client)
			if got := numbers(t, counts)["none"]; err != nil || got != tt.none || counts.Complete != tt.complete {
				t.Errorf("%s: got %d, complete %v, error %v; want %d, complete %v", name, got, counts.Complete, err, tt.none, tt.complete)
			}
		}
	}
}

func TestADepartmentIsRemovedBetweenPages(t *testing.T) {
	ws, _ := withDepartments(rocketchattest.Latest, 120)
	ws.Configure(finite)
	ws.Inject(func(r *http.Request) bool { return r.URL.Query().Has("offset") },
		func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			ws.RemoveDepartment("department000000")
			next.ServeHTTP(w, r)
		})
	client, _ := connect(t, ws)
	if counts, err := lastDay(t.Context(), client); err != nil || counts.Complete {
		t.Errorf("got complete %v, error %v; want incomplete: the pages are of different moments", counts.Complete, err)
	}
}

func TestAFailingPageFailsTheAnswer(t *testing.T) {
	for _, failing := range []string{"/", "0/", "100/", "100/100"} {
		ws, _ := withDepartments(rocketchattest.Latest, 120)
		ws.Configure(finite)
		ws.Inject(func(r *http.Request) bool {
			return r.URL.Query().Get("count")+"/"+r.URL.Query().Get("offset") == failing
		}, rocketchattest.BadGateway())
		client, _ := connect(t, ws)
		if counts, err := lastDay(t.Context(), client); outcome(err) != rocketchat.ServerError || counts.Departments != nil {
			t.Errorf("page %q: got %d departments and %v, want server_error alone", failing, len(counts.Departments), err)
		}
	}
}

// reserved makes a query with the calls that are reserved for it.
func reserved(t *testing.T, client *rocketchat.Client) (calls int, counts rocketchat.Counts, err error) {
	t.Helper()
	shares, calls := client.Reserve(rocketchat.TotalAbandonedChats, budget.Waiter{ID: client}, "24h")
	if shares == nil {
		return calls, counts, rocketchat.ErrBudgetSpent
	}
	defer shares[0].Release()
	now := time.Now()
	counts, err = client.AbandonedRooms(t.Context(), rocketchat.Query{Key: "24h", Calls: shares[0]}, now.Add(-24*time.Hour), now)
	return calls, counts, err
}

// The calls that are known to be needed are reserved together. What does not fit into
// the limit makes the answer incomplete.
func TestPagesWithinTheBudget(t *testing.T) {
	type answer struct {
		after    time.Duration
		reserved int
		got      int
		complete bool
	}
	const minute = time.Minute + time.Millisecond
	for name, tt := range map[string]struct {
		limit, departments int
		configure          func(*rocketchattest.Settings)
		answers            []answer
	}{
		"one call is enough from the second answer on": {1, 120, func(*rocketchattest.Settings) {}, []answer{{0, 1, 50, false}, {minute, 1, 120, true}, {minute, 1, 120, true}}},
		"pages":                     {10, 250, finite, []answer{{0, 1, 250, true}, {0, 3, 250, true}, {minute, 3, 250, true}}},
		"pages that take all calls": {3, 250, finite, []answer{{0, 1, 50, false}, {minute, 3, 250, true}, {time.Hour, 3, 250, true}}},
		"pages that are too many":   {2, 250, finite, []answer{{0, 1, 50, false}, {minute, 1, 50, false}, {minute, 1, 50, false}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ws, _ := withDepartments(rocketchattest.Latest, tt.departments)
				ws.Configure(tt.configure)
				client, _ := connect(t, ws, func(o *rocketchat.Options) { o.Budget = limited(tt.limit) })
				for i, want := range tt.answers {
					time.Sleep(want.after)
					calls, counts, err := reserved(t, client)
					if got := (answer{want.after, calls, len(counts.Departments), counts.Complete}); err != nil || got != want {
						t.Errorf("answer %d: got %+v, error %v; want %+v", i+1, got, err, want)
					}
				}
			})
		})
	}
}
