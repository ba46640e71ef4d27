package config

import (
	"maps"
	"slices"

	"github.com/prometheus/common/model"

	"livechat_exporter/internal/budget"
	"livechat_exporter/internal/rocketchat"
)

// Cost is what it takes to request all answers of a route once, which is a round, for all
// workspaces of one server address.
type Cost struct {
	// Address is the server's, as in [Workspace.Address].
	Address string
	// Route is the name of the route.
	Route string
	// Limit is the rate limit, and MaxAge the smallest max_age of the workspaces.
	Limit  budget.Limit
	MaxAge model.Duration
	// Calls is how many calls a round takes.
	Calls int
	// Periods is how many times Limit.Per a round takes; 0 without a limit.
	Periods int
	// Age is how old an answer becomes before the next one replaces it: twice Limit.Per for
	// each of Periods, because a call also waits for the next scrape. 0 without a limit.
	Age model.Duration

	remedy string // The setting that makes calls unnecessary.
}

// Costs returns the costs of workspaces that have one rate limit for each server address,
// ordered by address and route, without unused routes.
func Costs(workspaces []Workspace) []Cost {
	var costs []Cost
	groups := byAddress(workspaces)
	for _, address := range slices.Sorted(maps.Keys(groups)) {
		group := groups[address]
		rooms := Cost{Route: rocketchat.AmountOfChats.Name, remedy: "rooms: false"}
		departments := Cost{Route: rocketchat.Departments.Name, remedy: "departments: false"}
		waiting := Cost{Route: rocketchat.Inquiries.Name, remedy: "live: false"}
		agents := Cost{Route: rocketchat.AgentsStatus.Name, remedy: "live: false"}
		abandoned := Cost{Route: rocketchat.TotalAbandonedChats.Name, remedy: "counter: false"}
		maxAge := group[0].MaxAge
		for _, w := range group {
			maxAge = min(maxAge, w.MaxAge)
			abandoned.Calls += len(w.Windows)
			if w.Counter {
				abandoned.Calls += 2
			}
			if w.Rooms {
				rooms.Calls += 2 * len(w.Windows)
			}
			if w.Departments {
				departments.Calls++
			}
			if w.Live {
				agents.Calls++
				waiting.Calls++
			}
		}
		for _, c := range []Cost{agents, rooms, departments, waiting, abandoned} {
			c.Address, c.Limit, c.MaxAge = address, group[0].RateLimit, maxAge
			if usable := c.Limit.Calls - c.Limit.Calls%2; usable > 0 { // Two calls made together cannot use the last one of an odd limit.
				c.Periods = (c.Calls + usable - 1) / usable
			}
			c.Age = 2 * c.Limit.Per * model.Duration(c.Periods)
			if c.Calls > 0 {
				costs = append(costs, c)
			}
		}
	}
	return costs
}

func byAddress(workspaces []Workspace) map[string][]Workspace {
	groups := map[string][]Workspace{}
	for _, w := range workspaces {
		groups[w.Address()] = append(groups[w.Address()], w)
	}
	return groups
}

// checkServers checks that the workspaces of each server address have one rate limit, and
// that it can serve them. That depends on many keys, so other mistakes come first.
func (d *document) checkServers(workspaces []Workspace) {
	if len(d.mistakes) > 0 {
		return
	}
	groups := byAddress(workspaces)
	for _, w := range workspaces {
		if first := groups[w.Address()][0]; w.RateLimit != first.RateLimit {
			d.fail(w.key(), "has another rate_limit than workspaces.%s, which has the same server address and shares its limit: "+
				"give both the same rate_limit", first.Name)
		}
	}
	if len(d.mistakes) > 0 {
		return
	}
	for _, c := range Costs(workspaces) {
		first := groups[c.Address][0].key()
		if c.Limit.Calls > 0 && c.Periods > int(c.MaxAge/(2*c.Limit.Per)) { // Age could overflow.
			d.note(first, "a round of %s (calls: %d, of all workspaces of this server address) takes %d x %s with rate_limit "+
				"{calls: %d, per: %s}, so that an answer may become 2 x %d x %s = %s old, but max_age is %s: configure fewer windows or workspaces, "+
				"set %s, raise max_age (at most to %s), or set rate_limit: {calls: 0} if the server does not limit the account (role bot)",
				c.Route, c.Calls, c.Periods, c.Limit.Per, c.Limit.Calls, c.Limit.Per, c.Periods, c.Limit.Per, c.Age, c.MaxAge, c.remedy, maxMaxAge)
		}
	}
}
