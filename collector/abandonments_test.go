package collector_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata" // The zones of these tests must not depend on the machine.

	"github.com/prometheus/common/expfmt"

	"livechat_exporter/collector"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// counting is an exporter of the counter alone, besides a window that it has to have,
// with no limit of calls on either side.
func counting(t *testing.T, change ...func(*setup)) *exporter {
	t.Helper()
	return countingOn(t, rocketchattest.New(rocketchattest.Latest), change...)
}

func countingOn(t *testing.T, server *rocketchattest.Workspace, change ...func(*setup)) *exporter {
	t.Helper()
	server.Configure(func(s *rocketchattest.Settings) { s.RateLimit.Calls = 0 })
	return startWith(t, server, append([]func(*setup){noLimit, func(s *setup) {
		s.Counter = true
		s.Windows = []collector.Window{collector.RollingWindow("24h", 24*time.Hour)}
	}}, change...)...)
}

// closeNow adds abandoned rooms that close now.
func closeNow(e *exporter, departmentID string, n int) []rocketchattest.RoomID {
	now := time.Now()
	var ids []rocketchattest.RoomID
	for range n {
		ids = append(ids, e.server.AddRooms(closed(departmentID, now.Add(-2*time.Hour), now))...)
	}
	return ids
}

// lag lets the server's replicas be behind.
func lag(e *exporter, d time.Duration) {
	e.server.Configure(func(s *rocketchattest.Settings) { s.ReplicaLag = d })
}

// until sleeps until that instant.
func until(t *testing.T, instant time.Time) {
	t.Helper()
	if instant.Before(time.Now()) {
		t.Fatalf("%v has passed", instant)
	}
	time.Sleep(time.Until(instant))
}

func TestTheCounterBeginsAtZeroWithEachMonth(t *testing.T) {
	turns := map[string]struct{ zone, before, turn string }{
		"UTC":                        {"UTC", "2000-01-01T00:00:00Z", "2000-02-01T00:00:00Z"},
		"far in the east":            {"Pacific/Kiritimati", "2000-01-31T10:00:00Z", "2000-02-29T10:00:00Z"},
		"half an hour off":           {"America/St_Johns", "2000-02-01T03:30:00Z", "2000-03-01T03:30:00Z"},
		"no midnight, Syria":         {"Asia/Damascus", "2000-02-29T22:00:00Z", "2000-03-31T22:00:00Z"},
		"no midnight, Paraguay":      {"America/Asuncion", "2000-09-01T04:00:00Z", "2000-10-01T04:00:00Z"},
		"midnight came twice, Egypt": {"Africa/Cairo", "2010-08-31T22:00:00Z", "2010-09-30T22:00:00Z"},
		"midnight came twice, Cuba":  {"America/Havana", "2026-10-01T04:00:00Z", "2026-11-01T04:00:00Z"},
		"a change during the month":  {"America/Sao_Paulo", "2000-10-01T03:00:00Z", "2000-11-01T02:00:00Z"},
	}
	for name, tt := range turns {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				zone, err := time.LoadLocation(tt.zone)
				if err != nil {
					t.Fatal(err)
				}
				turn, before := instantOf(t, tt.turn), instantOf(t, tt.before)
				until(t, turn.Add(-time.Hour))
				e := counting(t, func(s *setup) { s.Zone = zone })
				evening := turn.Add(-5 * time.Hour)
				e.server.AddRooms(
					closed("last", evening, turn.Add(-time.Millisecond)),
					closed("first", evening, turn), // Exactly then belongs to the new month.
					closed("office", evening, turn.Add(8*time.Hour)),
					closed("office", evening, turn.Add(8*time.Hour)),
					closed("old", before, turn.Add(2*time.Hour)), // In the first millisecond that is asked for.
					closed("older", before.Add(-time.Millisecond), turn.Add(2*time.Hour)))

				until(t, turn.Add(-time.Millisecond))
				p := e.scrape(t)
				p.wantCounters(t, map[string]float64{"last": 1, "none": 0})
				p.wantPeriod(t, before)

				until(t, turn)
				p = e.scrape(t)
				p.wantCounters(t, map[string]float64{"last": 0, "first": 1, "none": 0})
				p.wantPeriod(t, turn)

				until(t, turn.Add(8*time.Hour))
				p = e.scrape(t)
				p.wantCounters(t, map[string]float64{"last": 0, "first": 1, "office": 2, "old": 1, "none": 0})
				p.wantPeriod(t, turn)
			})
		})
	}
}

func instantOf(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// wantPeriod checks since when the counter counts: on the page, and as the time when
// each counter was created.
func (p page) wantPeriod(t *testing.T, want time.Time) {
	t.Helper()
	for _, f := range p {
		switch f.GetName() {
		case periodStart:
			if got := f.GetMetric()[0].GetGauge().GetValue(); got != float64(want.Unix()) {
				t.Errorf("the period begins at %v, want %v", time.Unix(int64(got), 0).UTC(), want)
			}
		case counterMetric:
			for _, m := range f.GetMetric() {
				if got := m.GetCounter().GetCreatedTimestamp().AsTime(); !got.Equal(want) {
					t.Errorf("%v was created at %v, want %v", m.GetLabel(), got, want)
				}
			}
		}
	}
}

// The endpoint alone has them in neither month, and in neither day.
func TestRoomsThatAreOpenAcrossTheTurnAllCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		until(t, time.Date(2000, time.January, 31, 18, 0, 0, 0, time.UTC))
		e := counting(t)
		morning := time.Date(2000, time.February, 1, 8, 0, 0, 0, time.UTC)
		for i := range 20 {
			e.server.AddRooms(closed("sales", time.Now().Add(-time.Duration(i)*time.Minute), morning.Add(time.Duration(i)*time.Second)))
		}
		e.scrape(t).wantCounters(t, map[string]float64{"none": 0})
		until(t, morning.Add(-time.Minute))
		e.scrape(t).wantCounters(t, map[string]float64{"none": 0})
		until(t, morning.Add(time.Minute))
		e.scrape(t).wantCounters(t, map[string]float64{"sales": 20, "none": 0})
		if got := e.server.AbandonedRooms(morning.Add(-8*time.Hour), time.Now())["sales"]; got != 0 {
			t.Errorf("the endpoint has %d of them in the new month: the test shows nothing", got)
		}
	})
}

func TestTheCounterAsksForBothAnswersOfOneMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		until(t, time.Date(2000, time.March, 15, 12, 0, 0, 0, time.UTC))
		e := counting(t)
		e.scrape(t)
		got := make(map[string]bool)
		for _, r := range e.server.Requests() {
			got[r.Query.Get("start")+" "+r.Query.Get("end")] = true
		}
		for _, want := range []string{
			"2000-02-01T00:00:00.000Z 2000-03-15T12:00:00.000Z", "2000-02-01T00:00:00.000Z 2000-02-29T23:59:59.999Z",
		} {
			if !got[want] {
				t.Errorf("%s was not asked, but %v", want, got)
			}
		}
	})
}

func TestOneFailingAnswerFailsTheCounter(t *testing.T) {
	for name, end := range map[string]string{"of now": "2000-03-15T12:01:00.000Z", "of the month's turn": "2000-02-29T23:59:59.999Z"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				until(t, time.Date(2000, time.March, 15, 12, 0, 0, 0, time.UTC))
				e := counting(t)
				closeNow(e, "sales", 2)
				e.scrape(t)
				closeNow(e, "sales", 1)
				e.server.Inject(func(r *http.Request) bool {
					q := r.URL.Query()
					return q.Get("end") == end && q.Get("start") == "2000-02-01T00:00:00.000Z"
				}, rocketchattest.BadGateway())
				time.Sleep(time.Minute)
				p := e.scrape(t)
				p.wantCounters(t, map[string]float64{"sales": 2, "none": 0})
				if got := p.value(t, `livechat_refresh_success{resource="abandonments",window="month"}`); got != "0" {
					t.Errorf("success is %s, want 0", got)
				}
			})
		})
	}
}

func TestALaggingReplicaNeverLowersTheCounter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour)
		e := counting(t)
		e.server.AddDepartments(rocketchattest.Department{ID: "sales", Name: "Sales"})
		closings, highest := 0, 0.0
		for minute := range 120 {
			lag(e, time.Duration(minute*7%11)*time.Minute) // Never for 15 minutes behind the highest.
			got := e.scrape(t).counters()["sales"]
			if got < highest || got > float64(closings) {
				t.Fatalf("minute %d: %v after %v, of %d that have closed", minute, got, highest, closings)
			}
			highest = got
			if minute%3 == 0 {
				closeNow(e, "sales", minute%5)
				closings += minute % 5
			}
			time.Sleep(time.Minute)
		}
		lag(e, 0)
		if got := e.scrape(t).counters()["sales"]; got != float64(closings) {
			t.Errorf("at last %v, want the %d that have closed", got, closings)
		}
	})
}

// At the turn one of the two answers can come from a replica that is behind, and the
// other not: what closed before the turn is then missing from the first alone.
func TestAReplicaThatIsBehindAtTheTurnTakesNothingFromTheNewMonth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turn := time.Date(2000, time.February, 1, 0, 0, 0, 0, time.UTC)
		until(t, turn.Add(-time.Minute))
		e := counting(t)
		closeNow(e, "sales", 3)
		e.server.Inject(func(r *http.Request) bool {
			return r.URL.Query().Get("end") >= "2000-02-01" && r.URL.Query().Get("start") < "2000-01-02"
		},
			rocketchattest.RespondJSON(200, `{"departments":[],"total":0,"success":true}`))
		until(t, turn)
		for range 25 { // More than a rewritten past takes.
			e.scrape(t).wantCounters(t, map[string]float64{"sales": 0, "none": 0})
			time.Sleep(time.Minute)
		}
	})
}

func TestALowerAnswerLeavesTheHighestValueStanding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour)
		e := counting(t)
		ids := closeNow(e, "sales", 5)
		e.scrape(t).wantCounters(t, map[string]float64{"sales": 5, "none": 0})
		for range 3 { // Three short runs do not make a long one.
			for _, id := range ids[:4] {
				e.server.ReopenRoom(id)
			}
			for range 15 {
				time.Sleep(59 * time.Second)
				e.scrape(t).wantCounters(t, map[string]float64{"sales": 5, "none": 0})
			}
			for _, id := range ids[:4] {
				e.server.CloseRoom(id, time.Now(), new(time.Hour))
			}
			e.scrape(t).wantCounters(t, map[string]float64{"sales": 5, "none": 0})
		}
	})
}

func TestARunOfLowerAnswersOverAQuarterOfAnHourIsARewrittenPast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour)
		e := counting(t)
		ids := closeNow(e, "sales", 10)
		e.scrape(t).wantCounters(t, map[string]float64{"sales": 10, "none": 0})
		for _, id := range ids[:6] {
			e.server.ReopenRoom(id)
		}
		closeNow(e, "sales", 1)
		e.scrape(t).wantCounters(t, map[string]float64{"sales": 10, "none": 0}) // 5, where the run begins.
		e.server.ReopenRoom(ids[6])
		time.Sleep(time.Minute)
		e.scrape(t).wantCounters(t, map[string]float64{"sales": 10, "none": 0}) // 4, the lowest.
		closeNow(e, "sales", 3)                                                 // 7
		time.Sleep(14*time.Minute - time.Millisecond)
		e.scrape(t).wantCounters(t, map[string]float64{"sales": 10, "none": 0})
		time.Sleep(time.Millisecond)
		e.scrape(t).wantCounters(t, map[string]float64{"sales": 13, "none": 0}) // The highest, and 7 less 4.
		closeNow(e, "sales", 2)
		time.Sleep(time.Minute)
		e.scrape(t).wantCounters(t, map[string]float64{"sales": 15, "none": 0})

		// Whoever starts now knows nothing of it.
		again := countingOn(t, e.server)
		again.scrape(t).wantCounters(t, map[string]float64{"sales": 9, "none": 0})
	})
}

func TestANewMonthForgetsARewrittenPast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour)
		e := counting(t)
		ids := closeNow(e, "sales", 10)
		e.scrape(t)
		for _, id := range ids {
			e.server.ReopenRoom(id)
		}
		for range 20 {
			time.Sleep(time.Minute)
			e.scrape(t)
		}
		until(t, time.Date(2000, time.February, 1, 0, 0, 0, 0, time.UTC))
		closeNow(e, "sales", 2)
		e.scrape(t).wantCounters(t, map[string]float64{"sales": 2, "none": 0})
	})
}

// Without a list nobody knows whether a department that an answer lacks is gone, or will
// be back.
func TestWithoutAListADepartmentThatAnAnswerLacksStandsForAQuarterOfAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour)
		e := counting(t)
		ids := closeNow(e, "sales", 1)
		want := map[string]float64{"sales": 1, "none": 0}
		e.scrape(t).wantCounters(t, want)
		e.server.ReopenRoom(ids[0])
		e.scrape(t).wantCounters(t, want)
		time.Sleep(15*time.Minute - time.Millisecond)
		e.scrape(t).wantCounters(t, want)
		time.Sleep(time.Millisecond)
		e.scrape(t).wantCounters(t, map[string]float64{"none": 0})

		e.server.CloseRoom(ids[0], time.Now(), new(time.Hour)) // It goes on from where it was.
		e.scrape(t).wantCounters(t, map[string]float64{"sales": 2, "none": 0})
	})
}

// The list says at once that it is there.
func TestADepartmentOfTheListStandsWhateverAnAnswerLacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour)
		e := counting(t, func(s *setup) { s.Departments = true })
		e.server.AddDepartments(rocketchattest.Department{ID: "sales", Name: "Sales"})
		ids := closeNow(e, "sales", 2)
		for range 30 {
			e.scrape(t).wantCounters(t, map[string]float64{"sales": 2, "none": 0})
			e.server.ReopenRoom(ids[0])
			e.server.ReopenRoom(ids[1])
			time.Sleep(time.Minute)
		}
	})
}

func TestARemovedDepartmentsCountMovesToNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour)
		e := counting(t, func(s *setup) { s.Departments = true })
		e.server.AddDepartments(rocketchattest.Department{ID: "sales", Name: "Sales"})
		closeNow(e, "sales", 3)
		closeNow(e, "", 1)
		e.scrape(t).wantCounters(t, map[string]float64{"sales": 3, "none": 1})
		e.server.RemoveDepartment("sales")
		time.Sleep(5 * time.Minute)
		e.scrape(t).wantCounters(t, map[string]float64{"none": 4})
	})
}

func TestAnIncompleteAnswerNeverMovesTheCounter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour)
		e := counting(t)
		ids := closeNow(e, "sales", 4)
		skew := func(n int) { e.server.Configure(func(s *rocketchattest.Settings) { s.TotalSkew = n }) }

		skew(1)
		p := e.scrape(t)
		p.wantCounters(t, nil)
		if got := p.value(t, periodStart); got != "absent" {
			t.Errorf("a period begins at %s and counts nothing", got)
		}
		skew(0)
		e.scrape(t).wantCounters(t, map[string]float64{"sales": 4, "none": 0})

		skew(1)
		closeNow(e, "sales", 1)
		for _, id := range ids[:3] {
			e.server.ReopenRoom(id)
		}
		for range 4 { // Neither up nor down.
			time.Sleep(time.Minute)
			p = e.scrape(t)
			p.wantCounters(t, map[string]float64{"sales": 4, "none": 0})
			if got := p.value(t, counterComplete); got != "0" {
				t.Errorf("%s is %s, want 0", counterComplete, got)
			}
		}
		time.Sleep(time.Minute)
		p = e.scrape(t) // The complete answer is max_age old.
		p.wantCounters(t, nil)
		if got := p.value(t, periodStart); got != "absent" {
			t.Errorf("a period begins at %s and counts nothing", got)
		}
		time.Sleep(20 * time.Minute)
		e.scrape(t)

		skew(0) // What was incomplete was no run of lower answers.
		time.Sleep(time.Minute)
		e.scrape(t).wantCounters(t, map[string]float64{"sales": 4, "none": 0})
		time.Sleep(15*time.Minute - time.Millisecond)
		e.scrape(t).wantCounters(t, map[string]float64{"sales": 4, "none": 0})
		closeNow(e, "sales", 1)
		time.Sleep(time.Millisecond)
		e.scrape(t).wantCounters(t, map[string]float64{"sales": 5, "none": 0})
	})
}

func TestAnIncompleteAnswerOfANewMonthIsNotTheLastMonths(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turn := time.Date(2000, time.February, 1, 0, 0, 0, 0, time.UTC)
		until(t, turn.Add(-time.Minute))
		e := counting(t)
		closeNow(e, "sales", 4)
		e.scrape(t).wantCounters(t, map[string]float64{"sales": 4, "none": 0})
		e.server.Configure(func(s *rocketchattest.Settings) { s.TotalSkew = 1 })
		until(t, turn)
		p := e.scrape(t)
		p.wantCounters(t, nil)
		if got := p.value(t, periodStart); got != "absent" {
			t.Errorf("a period begins at %s and counts nothing", got)
		}
	})
}

func TestARestartAndAReloadKeepTheCounter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour)
		e := counting(t)
		ids := closeNow(e, "sales", 4)
		e.scrape(t)
		countingOn(t, e.server).scrape(t).wantCounters(t, map[string]float64{"sales": 4, "none": 0})

		e.server.ReopenRoom(ids[0])
		e.workspace.Close()
		reloaded := countingOn(t, e.server, func(s *setup) { s.Previous = e.workspace })
		reloaded.scrape(t).wantCounters(t, map[string]float64{"sales": 4, "none": 0})
	})
}

// A reader of protobuf knows without a look at the samples when a counter began anew;
// in text there would be a line more for each.
func TestWhenTheCounterBeganIsInProtobufAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour)
		e := counting(t)
		closeNow(e, "sales", 4)
		p := e.scrape(t)
		for _, format := range []expfmt.Format{
			expfmt.NewFormat(expfmt.TypeTextPlain), expfmt.NewFormat(expfmt.TypeOpenMetrics), expfmt.NewFormat(expfmt.TypeProtoText),
		} {
			var b bytes.Buffer
			encoder := expfmt.NewEncoder(&b, format)
			for _, f := range p {
				if err := encoder.Encode(f); err != nil {
					t.Fatal(err)
				}
			}
			text := b.String()
			if !strings.Contains(text, counterMetric) {
				t.Errorf("%s lacks the counter", format)
			}
			if got := strings.Contains(text, "created"); got != (format.FormatType() == expfmt.TypeProtoText) {
				t.Errorf("%s says when it began: %v", format, got)
			}
		}
	})
}

// The counter needs the calls of the same route as the windows: it is one of those who
// take their turn.
func TestTheCounterTakesTwoCallsOfTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour)
		e := startWith(t, rocketchattest.New(rocketchattest.Latest), func(s *setup) { s.Counter = true })
		e.scrape(t)
		if got := callsOf(e, rocketchat.TotalAbandonedChats); got != 5 {
			t.Errorf("sent %d calls, want 3 for the windows and 2 for the counter", got)
		}
	})
}

// What is not handed over of the rooms before the month would count as the month's, and
// would stand until it ends.
func TestAnIncompleteAnswerAboutTheTimeBeforeTheMonthDoesNotMoveTheCounter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour)
		e := counting(t)
		closeNow(e, "sales", 4)
		until(t, time.Date(2000, time.February, 1, 12, 0, 0, 0, time.UTC))
		closeNow(e, "sales", 1)
		month := time.Date(2000, time.February, 1, 0, 0, 0, 0, time.UTC)
		remove := e.server.Inject(func(r *http.Request) bool {
			end, err := time.Parse(time.RFC3339, r.URL.Query().Get("end"))
			return err == nil && end.Before(month)
		}, rocketchattest.RespondJSON(http.StatusOK, `{"departments":[],"total":1,"success":true}`))
		e.scrape(t).wantCounters(t, nil)
		remove()
		time.Sleep(time.Minute)
		e.scrape(t).wantCounters(t, map[string]float64{"sales": 1, "none": 0})
	})
}
