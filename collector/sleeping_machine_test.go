package collector_test

import (
	"maps"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"livechat_exporter/collector"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// awake is now as a process reads it whose machine has slept for so long, or whose clock
// was set forward by that; and back where it is negative. The time on the wall has moved,
// and the process' own has not. No function of package time makes such a time, and a
// bubble's times have none of their own: this is how the package lays them out.
func awake(slept time.Duration) time.Time {
	const epoch = 2682288000 // Seconds from 1885 to 1970.
	own, wall := time.Now(), time.Now().Add(slept)
	at := wall
	words := (*[2]uint64)(unsafe.Pointer(&at))                                   //nolint:gosec // G103: two words of a time of our own.
	words[0] = 1<<63 | uint64(wall.Unix()+epoch)<<30 | uint64(wall.Nanosecond()) //nolint:gosec // G115: neither is negative.
	words[1] = uint64(own.UnixNano())
	return at
}

func TestASleepMovesTheWallClockAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, after := awake(0), awake(time.Hour)
		if own, wall := after.Sub(before), after.Round(0).Sub(before.Round(0)); own != 0 || wall != time.Hour {
			t.Errorf("the process' own time moved by %v, that on the wall by %v; want 0s and 1h0m0s", own, wall)
		}
	})
}

func TestAMachineThatHasSleptIsAskedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var slept time.Duration
		e := only6h(t, func(s *setup) {
			s.Departments = true
			s.Windows = []collector.Window{collector.RollingWindow("6h", 6*time.Hour).RefreshedEvery(30 * time.Minute)}
			s.Now = func() time.Time { return awake(slept) }
		})
		e.server.AddDepartments(rocketchattest.Department{ID: "sales", Name: "Sales"}, rocketchattest.Department{ID: "help", Name: "Help"})
		want := map[string]float64{"sales": 1, "help": 0, "none": 0}
		if got := e.scrape(t).rooms("6h"); !maps.Equal(got, want) {
			t.Fatalf("got %v before it slept, want %v", got, want)
		}
		time.Sleep(time.Minute)
		slept = time.Hour
		p := e.scrape(t)
		if got := p.rooms("6h"); !maps.Equal(got, want) {
			t.Errorf("got %v after an hour of sleep, want %v", got, want)
		}
		if got := p.value(t, `livechat_department_info{department="Help",department_id="help"}`); got != "1" {
			t.Errorf("the department's name is %s after an hour of sleep", got)
		}
	})
}

// A clock that is set back must not make old answers young.
func TestAnAnswerAgesAlsoWhenTheClockIsSetBackOrTheMachineSleeps(t *testing.T) {
	for name, moved := range map[string]time.Duration{"set back": -time.Hour, "asleep": 5 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var slept time.Duration
				e := only6h(t, func(s *setup) { s.Now = func() time.Time { return awake(slept) } })
				e.scrape(t)
				e.server.Inject(nil, rocketchattest.BadGateway())
				slept = moved
				if moved < 0 {
					time.Sleep(5 * time.Minute)
				}
				if got := e.scrape(t).rooms("6h"); len(got) > 0 {
					t.Errorf("got %v of an answer that is 5 minutes old, want nothing", got)
				}
			})
		})
	}
}
