package collector_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

const waiting = "livechat_chats_waiting"

// A route that the account may not use costs its own numbers alone.
func TestLiveNumbersWithoutPermission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, everything)
		e.server.AddRooms(rocketchattest.Room{OpenedAt: time.Now(), Queued: 2 * time.Minute}, rocketchattest.Room{OpenedAt: time.Now(), Queued: time.Hour})
		e.server.SetAgents(rocketchattest.Agent{Presence: rocketchattest.Away, Accepts: true}, rocketchattest.Agent{Presence: rocketchattest.Online, Accepts: true})
		agents := map[string]string{`livechat_agents{status="available"}`: "1", `livechat_agents{status="away"}`: "1", `livechat_agents{status="busy"}`: "0", `livechat_agents{status="offline"}`: "0"}
		p := e.scrape(t)
		p.want(t, agents)
		p.want(t, map[string]string{waiting: "2"})

		const success = `livechat_refresh_success{resource="chats_waiting",window=""}`
		allow := e.server.Inject(of(rocketchat.Inquiries), rocketchattest.RespondJSON(http.StatusForbidden, `{"success":false,"error":"unauthorized"}`))
		time.Sleep(time.Minute)
		p = e.scrape(t)
		p.want(t, agents)
		p.want(t, map[string]string{
			waiting: "2", success: "0", success6h: "1", up: "1", // The last good answer stands until max_age.
			`livechat_refresh_success{resource="agents",window=""}`:      "1",
			`livechat_refresh_success{resource="departments",window=""}`: "1",
		})
		wantLines(t, e.log, `level=error resources=chats_waiting msg="Refresh failed" reason=forbidden err="inquiries.list: HTTP 403: the account lacks the permission view-livechat-manager`)
		time.Sleep(5 * time.Minute)
		p = e.scrape(t)
		p.want(t, agents)
		p.want(t, map[string]string{waiting: "absent", success: "0"})
		allow()
		time.Sleep(time.Minute)
		e.scrape(t).want(t, map[string]string{waiting: "1", success: "1"})
	})
}
