package rocketchat_test

import (
	"errors"
	"maps"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

func TestLiveNumbers(t *testing.T) {
	for _, profile := range profiles {
		t.Run(profile.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ws := rocketchattest.New(profile)
				ws.Configure(func(s *rocketchattest.Settings) { s.Licensed = false }) // They need none.
				for range 70 {
					ws.AddRooms(rocketchattest.Room{OpenedAt: time.Now(), Queued: time.Hour})
				}
				client, observed := connect(t, ws)
				agents, err := client.Agents(t.Context(), rocketchat.Query{})
				if err != nil || agents != (rocketchat.Agents{}) {
					t.Errorf("without agents: got %+v, error %v", agents, err)
				}
				ws.SetAgents(rocketchattest.Agent{Presence: rocketchattest.Busy, Accepts: true}, rocketchattest.Agent{Presence: rocketchattest.Online, Accepts: true},
					rocketchattest.Agent{Presence: rocketchattest.Online, Accepts: true}, rocketchattest.Agent{})
				agents, err = client.Agents(t.Context(), rocketchat.Query{})
				if want := (rocketchat.Agents{Available: 2, Busy: 1, Offline: 1}); err != nil || agents != want {
					t.Errorf("got %+v, error %v, want %+v", agents, err, want)
				}
				if n, err := client.ChatsWaiting(t.Context(), rocketchat.Query{}); err != nil || n != 70 {
					t.Errorf("got %d chats waiting, error %v, want 70", n, err)
				}
				observed.want(t, "live", "agents-status ok", "agents-status ok", "inquiries.list ok")
				requests := ws.Requests()
				// No document may be sent: they hold the visitors' names.
				if got := requests[len(requests)-1].Query.Encode(); got != "count=1&offset=1000000000" {
					t.Errorf("the queue was asked for with %s", got)
				}
			})
		})
	}
}

func TestLiveAnswers(t *testing.T) {
	const ok, bad = rocketchat.OK, rocketchat.BadResponse
	for name, tt := range map[string]struct {
		body          string
		queue, agents rocketchat.Outcome
	}{
		"numbers":    {`{"total":3,"available":3,"success":true,"more":[{}]}`, ok, ok},
		"no numbers": {`{"inquiries":[],"success":true}`, bad, ok}, // So it is without agents.
		"negative":   {`{"total":-1,"available":-1,"success":true}`, bad, bad},
		"a fraction": {`{"total":1.5,"available":1.5,"success":true}`, bad, bad},
		"a text":     {`{"total":"3","available":"3","success":true}`, bad, bad},
		"too many":   {`{"total":274877906945,"available":274877906945,"success":true}`, bad, bad},
		"no success": {`{"total":3,"available":3}`, bad, bad},
		"truncated":  {`{"total":3,"available":3,"success":true`, bad, bad},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ws := rocketchattest.New(rocketchattest.Latest)
				ws.Inject(nil, rocketchattest.RespondJSON(http.StatusOK, tt.body))
				client, _ := connect(t, ws)
				waiting, err := client.ChatsWaiting(t.Context(), rocketchat.Query{})
				if got := outcomeOf(err); got != tt.queue || got == ok && waiting != 3 {
					t.Errorf("the queue: got %d, outcome %s, want %s", waiting, got, tt.queue)
				}
				if _, err = client.Agents(t.Context(), rocketchat.Query{}); outcomeOf(err) != tt.agents {
					t.Errorf("the agents: got error %v, want outcome %s", err, tt.agents)
				}
			})
		})
	}
}

func outcomeOf(err error) rocketchat.Outcome {
	if err == nil {
		return rocketchat.OK
	}
	e, _ := errors.AsType[*rocketchat.Error](err)
	return e.Outcome
}

// The settings are those of the ids, also where a release sends others too, and are read
// without an account.
func TestPublicSettings(t *testing.T) {
	for _, profile := range profiles {
		synctest.Test(t, func(t *testing.T) {
			ws := rocketchattest.New(profile)
			client, _ := connect(t, ws)
			got, err := client.PublicSettings(t.Context(), "Livechat_enable_business_hours", "Livechat_abandoned_rooms_action", "Unknown")
			want := map[string]string{"Livechat_enable_business_hours": "false", "Livechat_abandoned_rooms_action": `"none"`}
			if err != nil || !maps.Equal(got, want) {
				t.Errorf("%s: got %v, error %v, want %v", profile, got, err, want)
			}
			for _, r := range ws.Requests() {
				if r.Authenticated {
					t.Errorf("%s: credentials were sent with %s", profile, r.Path)
				}
			}
		})
	}
}
