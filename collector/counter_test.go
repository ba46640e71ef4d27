package collector_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/collector"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// counting exports the counter besides one window.
func counting(s *setup) {
	noLimit(s)
	s.Counter, s.Windows = true, s.Windows[1:2]
}

func TestCounterStartsWithEachMonth(t *testing.T) {
	type test struct{ zone, before, turn string }
	runCases(t, map[string]test{
		"UTC":              {"UTC", "2000-01-01T00:00:00Z", "2000-02-01T00:00:00Z"},
		"half an hour off": {"America/St_Johns", "2000-02-01T03:30:00Z", "2000-03-01T03:30:00Z"},
		"no midnight":      {"Asia/Damascus", "2000-02-29T22:00:00Z", "2000-03-31T22:00:00Z"},
		"midnight twice":   {"America/Havana", "2026-10-01T04:00:00Z", "2026-11-01T04:00:00Z"},
	}, func(t *testing.T, tt test) {
		zone, err := time.LoadLocation(tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		before, turn := instant(tt.before), instant(tt.turn)
		e := start(t, counting, at(tt.before), func(s *setup) { s.Zone = zone })
		evening := turn.Add(-5 * time.Hour)
		e.server.AddRooms(
			closed("last", evening, turn.Add(-time.Millisecond)),
			closed("first", evening, turn), // The first moment belongs to the new month.
			closed("office", evening, turn.Add(8*time.Hour)), closed("office", evening, turn.Add(8*time.Hour)),
			closed("old", before, turn.Add(2*time.Hour)), // The oldest room that is asked for.
			closed("older", before.Add(-time.Millisecond), turn.Add(2*time.Hour)))
		check := func(at, since time.Time, want rooms) {
			time.Sleep(time.Until(at))
			p := e.scrape(t)
			p.wantCounter(t, want)
			p.wantNumbers(t, periodStart, "", rooms{"": float64(since.Unix())})
			for _, f := range p {
				if created := f.GetMetric()[0].GetCounter().GetCreatedTimestamp(); f.GetName() == abandonments && !created.AsTime().Equal(since) {
					t.Errorf("created at %v, want %v", created.AsTime(), since)
				}
			}
		}
		check(turn.Add(-time.Millisecond), before, rooms{"last": 1, "none": 0})
		check(turn, turn, rooms{"last": 0, "first": 1, "none": 0})
		check(turn.Add(8*time.Hour), turn, rooms{"last": 0, "first": 1, "office": 2, "old": 1, "none": 0})
	})
}

// The counter moves only with two good, complete answers that fit together.
func TestCounterNeedsBothAnswers(t *testing.T) {
	const untilTurn, untilNow = "2000-01-01T00:00:00.000Z 2000-01-31T23:59:59.999Z", "2000-01-01T00:00:00.000Z 2000-02-01T12:"
	const none, more = `{"departments":[],"total":0,"success":true}`, `{"departments":[],"total":9,"success":true}`
	type test struct {
		period  string // The beginning of what is asked for.
		fault   rocketchattest.Fault
		success string
	}
	runCases(t, map[string]test{
		"failing until now":      {untilNow, rocketchattest.BadGateway(), "0"},
		"failing until the turn": {untilTurn, rocketchattest.BadGateway(), "0"},
		"incomplete until now":   {untilNow, rocketchattest.RespondJSON(http.StatusOK, more), "1"},
		"incomplete to the turn": {untilTurn, rocketchattest.RespondJSON(http.StatusOK, more), "1"},
		"fewer than before":      {untilNow, rocketchattest.RespondJSON(http.StatusOK, none), "1"}, // From a lagging replica.
	}, func(t *testing.T, tt test) {
		e := start(t, counting, at("2000-01-31T12:00:00Z"))
		e.abandon("sales", 4, 2*time.Hour)
		until("2000-02-01T12:00:00Z")
		e.abandon("sales", 1, 2*time.Hour)
		failing := true
		e.server.Inject(func(r *http.Request) bool {
			q := r.URL.Query()
			return failing && strings.HasPrefix(q.Get("start")+" "+q.Get("end"), tt.period)
		}, tt.fault)
		wantNone := func() {
			p := e.scrape(t)
			p.wantCounter(t, nil)
			p.want(t, map[string]string{periodStart: "absent", `livechat_refresh_success{resource="abandonments",window="month"}`: tt.success})
			time.Sleep(time.Minute)
		}
		wantSales := func(n float64) (end string) {
			p := e.scrape(t)
			p.wantCounter(t, rooms{"sales": n, "none": 0})
			time.Sleep(time.Minute)
			return p.value(`livechat_window_end_timestamp_seconds{resource="abandonments",window="month"}`)
		}
		wantNone()
		failing = false
		end := wantSales(1)
		failing = true
		e.abandon("sales", 1, 2*time.Hour)
		for range 4 { // The last good value stands until it expires.
			if got := wantSales(1); got != end {
				t.Errorf("the period of the last good value ends at %s, want %s", got, end)
			}
		}
		wantNone()
		failing = false
		wantSales(2)
	})
}

func TestCounterWithLaggingReplica(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, counting)
		closed, highest := 0, 0.0
		for minute := range 120 {
			lag := time.Duration(minute*7%11) * time.Minute // Each 11 minutes none.
			e.server.Configure(func(s *rocketchattest.Settings) { s.ReplicaLag = lag })
			got := e.scrape(t).numbers(abandonments, "")["sales"]
			if got < highest || got > float64(closed) || lag == 0 && got != float64(closed) {
				t.Fatalf("minute %d: %v after %v, %d have closed", minute, got, highest, closed)
			}
			highest = got
			closed += len(e.abandon("sales", minute%5, 2*time.Hour))
			time.Sleep(time.Minute)
		}
	})
}

// A department that answers no longer have is exported while the list has it. Without a
// list, it is exported until the past counts as rewritten.
func TestCounterOfReopenedRooms(t *testing.T) {
	runCases(t, map[string]rooms{ // What is exported after 15 minutes.
		"list":    {"sales": 1, "none": 0},
		"no list": {"none": 0},
	}, func(t *testing.T, later rooms) {
		e := start(t, counting, func(s *setup) { s.Departments = len(later) > 1 })
		e.server.AddDepartments(department("sales", "Sales"))
		ids := e.abandon("sales", 1, 2*time.Hour)
		want := rooms{"sales": 1, "none": 0}
		e.scrape(t).wantCounter(t, want)
		e.server.ReopenRoom(ids[0])
		e.scrape(t).wantCounter(t, want)
		time.Sleep(15*time.Minute - time.Millisecond)
		e.scrape(t).wantCounter(t, want)
		time.Sleep(time.Millisecond)
		e.scrape(t).wantCounter(t, later)
		e.server.CloseRoom(ids[0], time.Now(), new(time.Hour)) // It grows on from its value.
		e.scrape(t).wantCounter(t, rooms{"sales": 2, "none": 0})
	})
}

func TestCounterAfterReloadAndRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, counting)
		ids := e.abandon("sales", 4, 2*time.Hour)
		e.scrape(t)
		e.server.ReopenRoom(ids[0])
		e.workspace.Close()
		e.options.Previous = e.workspace
		e.workspace = collector.NewWorkspace(e.options)
		e.scrape(t).wantCounter(t, rooms{"sales": 4, "none": 0})
		start(t, counting, on(e.server)).scrape(t).wantCounter(t, rooms{"sales": 3, "none": 0})
	})
}

func TestCounterWhenClockStepsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var back time.Duration
		e := start(t, counting, at("2000-01-31T23:00:00Z"), func(s *setup) { s.Now = func() time.Time { return wallMoved(-back) } })
		e.abandon("sales", 3, 2*time.Hour)
		until("2000-02-01T00:01:00Z")
		e.abandon("sales", 1, 2*time.Hour)
		for _, back = range []time.Duration{0, time.Hour, 0} {
			p := e.scrape(t)
			p.wantCounter(t, rooms{"sales": 1, "none": 0})
			p.wantNumbers(t, periodStart, "", rooms{"": float64(instant("2000-02-01T00:00:00Z").Unix())})
		}
	})
}
