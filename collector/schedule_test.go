package collector_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/collector"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

func TestADayThatHasEndedIsAskedForAnewWhateverItsRefreshInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(23*time.Hour + 50*time.Minute)
		e := start(t, rocketchattest.Latest, collector.CalendarWindow("today", collector.Today, time.UTC).RefreshedEvery(6*time.Hour))
		e.scrape(t)
		time.Sleep(10 * time.Minute)
		if got := e.scrape(t).rooms("today"); len(got) == 0 {
			t.Error("the new day has no numbers before the refresh interval of the old one has passed")
		}
	})
}

// At the turn of the day today goes before all, once: if it fails it waits for its turn
// like the others.
func TestADayThatCannotBeAskedDoesNotKeepTheOthersFromTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(23*time.Hour + 50*time.Minute)
		e := startWith(t, rocketchattest.New(rocketchattest.Latest), func(s *setup) {
			s.limit = rocketchat.Limit{Calls: 1, Per: time.Minute}
			s.Windows = []collector.Window{
				collector.CalendarWindow("today", collector.Today, time.UTC), collector.RollingWindow("6h", 6*time.Hour),
			}
		})
		rolling := onlyWindow(6 * time.Hour)
		for range 9 {
			e.scrape(t)
			time.Sleep(time.Minute + time.Millisecond)
		}
		e.server.Inject(func(r *http.Request) bool { return !rolling(r) }, rocketchattest.BadGateway())
		for time.Now().Hour() != 0 || time.Now().Minute() < 20 {
			e.scrape(t)
			time.Sleep(time.Minute + time.Millisecond)
		}
		if got := e.scrape(t).rooms("6h"); len(got) == 0 {
			t.Error("a day that fails since midnight has taken all calls of another window")
		}
	})
}

func TestAnAnswerSpeaksForTheWorkspaceFromWhenItHasCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startWith(t, rocketchattest.New(rocketchattest.Latest), noLimit, func(s *setup) {
			s.timeout = 5 * time.Minute
			s.Windows = []collector.Window{collector.RollingWindow("6h", 6*time.Hour), collector.RollingWindow("24h", 24*time.Hour)}
		})
		e.server.Configure(func(s *rocketchattest.Settings) { s.RateLimit.Calls = 0 })
		e.server.Inject(onlyWindow(6*time.Hour), rocketchattest.Slow(100*time.Second))
		e.server.Inject(onlyWindow(24*time.Hour), rocketchattest.BadGateway())
		e.scrape(t) // It has 10 s.
		time.Sleep(95 * time.Second)
		e.server.Inject(onlyWindow(6*time.Hour), rocketchattest.BadGateway())
		e.scrape(t)
		time.Sleep(time.Minute)
		if got := e.scrape(t).value(t, "livechat_up"); got != "1" {
			t.Errorf("livechat_up is %s a minute after a good answer that took 100 s, want 1", got)
		}
	})
}
