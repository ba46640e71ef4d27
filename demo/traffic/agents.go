package traffic

import (
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// staff is how many agents the company has.
const staff = 60

// Agents are the company's agents in the slot of a time: as many on duty as that hour's
// chats need, and most of those available.
func (t Generator) Agents(at time.Time) []rocketchattest.Agent {
	at = at.Truncate(slot)
	chats := 0.0
	for i := range t.Departments {
		chats += t.Departments[i].ratesAt(at.In(t.Location)).chats
	}
	const night, chatsOfAnAgent = 3, 6 // In an hour.
	onDuty := night + int(chats/chatsOfAnAgent)
	chance := chance{t.random(len(t.Departments), at)}
	agents := make([]rocketchattest.Agent, staff)
	for i := range agents {
		presence := rocketchattest.Online
		switch {
		case i >= onDuty:
			presence = rocketchattest.Offline
		case chance.happens(0.25):
			presence = rocketchattest.Busy
		case chance.happens(0.1):
			presence = rocketchattest.Away
		}
		agents[i] = rocketchattest.Agent{Presence: presence, Accepts: true}
	}
	return agents
}
