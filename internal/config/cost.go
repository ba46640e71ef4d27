package config

import (
	"maps"
	"math"
	"slices"
	"time"
)

// The routes that the keys make calls of, by the last part of their path.
const (
	routeAbandoned   = "total-abandoned-chats"
	routeRooms       = "amount-of-chats"
	routeDepartments = "department"
)

// Cost says what it takes to ask once for all that a route has to answer: a round. It
// concerns all workspaces of one server address, because they share its rate limit.
type Cost struct {
	// Address is the server's, as [Workspace.Address] returns it.
	Address string
	// Route is the last part of the path, such as total-abandoned-chats.
	Route string
	// Limit is the rate limit, and MaxAge the smallest max_age of the workspaces.
	Limit  RateLimit
	MaxAge time.Duration
	// Calls is how many calls a round takes; more than 0.
	Calls int
	// Together is how many calls a single answer takes at most. They are made together
	// or not at all, so that Limit must allow as many at once.
	Together int
	// Periods is how many times Limit.Per it takes to make the calls of a round: 0
	// without a limit, and [math.MaxInt] if Limit allows fewer than Together.
	Periods int
	// Age is how old an answer becomes before the next takes its place: 0 without a
	// limit, where each scrape brings a new one, and else twice Limit.Per for each of
	// Periods. The second half is for what a call waits for beyond the limit: the next
	// scrape, and the slowest answer before it. [math.MaxInt64] stands for more than
	// can be told.
	Age time.Duration
}

// Costs returns what the workspaces cost, ordered by address and route. Routes that none
// of an address' workspaces uses are left out. Workspaces of one address must have the
// same rate limit, as those of a [Config] do.
func Costs(workspaces []Workspace) []Cost {
	byAddress := map[string][]Workspace{}
	for _, w := range workspaces {
		byAddress[w.Address()] = append(byAddress[w.Address()], w)
	}
	var costs []Cost
	for _, address := range slices.Sorted(maps.Keys(byAddress)) {
		costs = append(costs, costsOfAddress(byAddress[address])...)
	}
	return costs
}

// costsOfAddress is Costs for workspaces of one address, of which there is at least one.
func costsOfAddress(workspaces []Workspace) []Cost {
	var abandoned, rooms, departments demand
	first := workspaces[0]
	cost := Cost{Address: first.Address(), Limit: first.RateLimit, MaxAge: first.MaxAge}
	for _, w := range workspaces {
		cost.MaxAge = min(cost.MaxAge, w.MaxAge)
		abandoned.single += len(w.Windows)
		if w.Counter {
			abandoned.double++
		}
		if w.Rooms {
			rooms.double += len(w.Windows)
		}
		if w.Departments {
			departments.single++
		}
	}
	var costs []Cost
	for _, route := range []struct {
		name string
		demand
	}{{routeRooms, rooms}, {routeDepartments, departments}, {routeAbandoned, abandoned}} {
		if route.calls() == 0 {
			continue
		}
		cost.Route, cost.Calls, cost.Together = route.name, route.calls(), route.together()
		cost.Periods = route.periods(cost.Limit.Calls)
		cost.Age = age(cost.Periods, cost.Limit.Per)
		costs = append(costs, cost)
	}
	return costs
}

// demand is how many answers of a route take a single call, and how many take two.
type demand struct {
	single, double int
}

// calls returns how many calls all answers take.
func (d demand) calls() int {
	return d.single + 2*d.double
}

// together returns how many calls the answer takes that takes the most.
func (d demand) together() int {
	if d.double > 0 {
		return 2
	}
	return 1
}

// periods returns [Cost.Periods] for a limit of so many calls.
func (d demand) periods(limit int) int {
	switch {
	case limit == 0:
		return 0
	case limit < d.together():
		return math.MaxInt
	case d.double == 0:
		return ceil(d.single, limit)
	}
	// With an odd limit, answers of two calls leave a call over that they cannot use.
	return max(ceil(d.calls(), limit), ceil(d.double, limit/2))
}

// age returns [Cost.Age].
func age(periods int, per time.Duration) time.Duration {
	if periods > int(math.MaxInt64/(2*per)) {
		return math.MaxInt64
	}
	return 2 * per * time.Duration(periods)
}

// ceil returns a divided by b, rounded up.
func ceil(a, b int) int {
	return (a + b - 1) / b
}
