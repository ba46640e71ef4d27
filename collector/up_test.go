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

func TestWithoutAnyLateAttemptUpIsWhatTheLatestSaid(t *testing.T) {
	for name, tt := range map[string]struct {
		failing time.Duration // The window whose call fails.
		want    string
	}{
		"a failure ended last":     {failing: 24 * time.Hour, want: "0"},
		"a good answer ended last": {failing: 6 * time.Hour, want: "1"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := startWith(t, rocketchattest.New(rocketchattest.Latest), func(s *setup) {
					s.Windows = []collector.Window{collector.RollingWindow("6h", 6*time.Hour), collector.RollingWindow("24h", 24*time.Hour)}
					s.limit = rocketchat.Limit{Calls: 2, Per: time.Hour} // Both are asked once.
				})
				e.server.Inject(onlyWindow(tt.failing), rocketchattest.BadGateway())
				e.server.Inject(onlyWindow(24*time.Hour), func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
					pause(r.Context(), time.Second) // It ends last.
					next.ServeHTTP(rw, r)
				})
				if got := e.scrape(t).value(t, "livechat_up"); got != "1" {
					t.Fatalf("livechat_up is %s with a good answer, want 1", got)
				}
				time.Sleep(3 * time.Minute)
				if got := e.scrape(t).value(t, "livechat_up"); got != tt.want {
					t.Errorf("livechat_up is %s, want %s", got, tt.want)
				}
			})
		})
	}
}
