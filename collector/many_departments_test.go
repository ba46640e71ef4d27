package collector_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/collector"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// many is how many departments a large workspace has.
const many = 5000

// startMany wires an exporter of four windows and everything else, on a workspace with
// many departments, each with one abandoned room that is in all of them.
func startMany(t *testing.T, change ...func(*setup)) *exporter {
	t.Helper()
	until(t, time.Date(2000, time.January, 20, 10, 20, 0, 0, time.UTC))
	e := startWith(t, rocketchattest.New(rocketchattest.Latest), append([]func(*setup){everything, func(s *setup) {
		s.Windows = []collector.Window{
			collector.RollingWindow("6h", 6*time.Hour), collector.RollingWindow("24h", 24*time.Hour),
			collector.RollingWindow("7d", 7*24*time.Hour), collector.CalendarWindow("today", collector.Today, time.UTC),
		}
	}}, change...)...)
	for i := range many {
		id := fmt.Sprintf("%017d", i)
		e.server.AddDepartments(rocketchattest.Department{ID: id, Name: "Department " + id, Agents: 2})
		e.server.AddRooms(abandoned(id, 3*time.Hour)...)
	}
	return e
}

// large is a page of many departments: what wants to know no more of it does not have
// it checked and linted each time.
func (e *exporter) large(t *testing.T) page {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	registry := prometheus.NewRegistry()
	registry.MustRegister(e.workspace.Scrape(ctx))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// incomplete is how many of the page's answers are not whole, and seen how many there
// are at all.
func (p page) incomplete() (incomplete, seen int) {
	for _, f := range p {
		if f.GetName() != "livechat_refresh_complete" {
			continue
		}
		for _, m := range f.GetMetric() {
			seen++
			if m.GetGauge().GetValue() == 0 {
				incomplete++
			}
		}
	}
	return incomplete, seen
}

// wantAll checks that a page is whole: each metric has its series of all departments, and
// of none where that belongs.
func (p page) wantAll(t *testing.T) {
	t.Helper()
	want := map[string]int{
		abandonedMetric: 4 * (many + 1), roomsMetric: 4 * (many + 1), counterMetric: many + 1,
		infoMetric: many + 1, enabledMetric: many, agentsMetric: many,
	}
	for _, f := range p {
		if n, known := want[f.GetName()]; known && len(f.GetMetric()) != n {
			t.Errorf("%s has %d series, want %d", f.GetName(), len(f.GetMetric()), n)
		}
		delete(want, f.GetName())
	}
	if len(want) > 0 {
		t.Errorf("not on the page: %v", want)
	}
	if incomplete, seen := p.incomplete(); incomplete > 0 || seen != 10 {
		t.Errorf("%d of %d answers are incomplete, want none of 10", incomplete, seen)
	}
}

// heap is what is in use after a collection of garbage.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Each answer needs two calls the first time, and one when it is known that all come at
// once.
func TestManyDepartmentsFitIntoTheDefaultBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startMany(t)
		minutes := 0
		for ; ; minutes++ {
			p := e.large(t)
			if incomplete, seen := p.incomplete(); incomplete == 0 && seen == 10 {
				p.wantAll(t)
				break
			}
			if minutes == 5 {
				t.Fatal("not whole after 5 minutes")
			}
			time.Sleep(time.Minute)
		}
		used := heap()
		for range 3 {
			time.Sleep(time.Minute)
			e.large(t).wantAll(t)
		}
		if now := heap(); now > used+used/10 {
			t.Errorf("%d bytes are in use after three more pages, %d before them", now, used)
		}
		for _, r := range e.server.Requests() {
			if r.Status != http.StatusOK {
				t.Errorf("%s was answered %d", r.Path, r.Status)
			}
		}
		t.Logf("whole after %d minutes", minutes)
	})
}

// A server that never hands over more than 100 departments at once is paged, where the
// account may send as many calls as that takes.
func TestManyDepartmentsArePagedWithoutALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startMany(t, noLimit)
		e.server.Configure(func(s *rocketchattest.Settings) {
			s.AllowInfiniteCount, s.RateLimit.Calls = false, 0
			s.Shuffle = func(int, func(i, j int)) {} // As a database has them while nothing changes.
		})
		e.large(t).wantAll(t)
		learning := len(e.server.Requests())
		time.Sleep(time.Minute)
		e.large(t).wantAll(t)
		// The windows, the counter and the answered rooms fill their pages. Nobody waits
		// for an answer, and nothing closed before the month.
		if calls, want := len(e.server.Requests())-learning, (4+1+4)*many/100+4+1; calls != want {
			t.Errorf("sent %d calls, want %d", calls, want)
		}
	})
}

// Where rows change their places between two pages some are missed. That is told, and
// nothing is made up for it.
func TestPagesThatMissDepartmentsAreIncomplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startMany(t, noLimit, func(s *setup) {
			s.Rooms, s.Counter = false, false
			s.Windows = s.Windows[1:2]
		})
		e.server.Configure(func(s *rocketchattest.Settings) { s.AllowInfiniteCount, s.RateLimit.Calls = false, 0 })
		p := e.large(t)
		if got := p.value(t, `livechat_refresh_complete{resource="abandoned_rooms",window="24h"}`); got != "0" {
			t.Errorf("complete is %s, want 0", got)
		}
		numbers := p.rooms("24h")
		if len(numbers) < many/2 || len(numbers) >= many {
			t.Errorf("got %d departments of %d", len(numbers), many)
		}
		for id, n := range numbers {
			if n != 1 {
				t.Errorf("%s is %v, want 1", id, n)
			}
		}
	})
}
