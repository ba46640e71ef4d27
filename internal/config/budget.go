package config

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// placed is a workspace, where it stands in the file, and the settings that hold for it.
type placed struct {
	Workspace
	entry
	settings settings
}

// checkBudgets refuses what the rate limit of a server cannot serve. The workspaces come
// in the order of the file.
func (r *reader) checkBudgets(workspaces []placed) {
	var addresses []string
	byAddress := map[string][]placed{}
	for _, w := range workspaces {
		if w.URL == nil {
			continue
		}
		address := w.Address()
		if byAddress[address] == nil {
			addresses = append(addresses, address)
		}
		byAddress[address] = append(byAddress[address], w)
	}
	for _, address := range addresses {
		if group := byAddress[address]; r.agree(group) {
			r.checkCosts(group)
		}
	}
}

// agree reports whether the workspaces of one server address have one rate limit, and
// one that was read without a mistake.
func (r *reader) agree(group []placed) bool {
	first, agreed := group[0], true
	for _, w := range group {
		if w.settings.rateLimit.wrong {
			return false
		}
	}
	for _, w := range group[1:] {
		if w.RateLimit != first.RateLimit {
			agreed = false
			r.fail(w.value, "has another rate_limit than %s in line %d, which has the same server address and shares its limit: "+
				"give both the same rate_limit", shownEntry(first), first.line)
		}
	}
	return agreed
}

// shownEntry names a workspace, or says that its name is not shown.
func shownEntry(w placed) string {
	if w.key == keyWorkspaces {
		return "the workspace"
	}
	return w.key
}

// checkCosts refuses workspaces of one server address whose answers would be too old
// before their turn comes again.
func (r *reader) checkCosts(group []placed) {
	workspaces := make([]Workspace, 0, len(group))
	oldest := group[0].settings.maxAge
	for _, w := range group {
		workspaces = append(workspaces, w.Workspace)
		if w.MaxAge < oldest.Duration {
			oldest = w.settings.maxAge
		}
	}
	limit := group[0].settings.rateLimit
	for _, cost := range costsOfAddress(workspaces) {
		switch {
		case cost.Periods == math.MaxInt:
			r.fail(group[0].value, "%s takes %d calls together for one answer, and rate_limit allows %s: set calls to %d or more, or %s",
				cost.Route, cost.Together, limit.calls, cost.Together, withoutPairs(cost.Route))
		case cost.Age > cost.MaxAge:
			r.fail(group[0].value, "a round of %s%s takes %s, which rate_limit {calls: %s, per: %s} spreads over %d x %s, "+
				"so that with the time between two scrapes an answer may become 2 x %d x %s = %s old; max_age is %s: %s",
				cost.Route, shared(len(group)), shownCalls(cost.Calls), limit.calls, limit.per, cost.Periods, limit.per,
				cost.Periods, limit.per, shownAge(cost.Age), oldest.written, cures(cost, workspaces))
		}
	}
}

// shared says how many workspaces share a server, if it is not one alone.
func shared(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf(" for the %d workspaces of this server address", n)
}

// shownCalls writes a number of calls.
func shownCalls(n int) string {
	if n == 1 {
		return "1 call"
	}
	return fmt.Sprintf("%d calls", n)
}

// shownAge writes an age as a duration of the file.
func shownAge(age time.Duration) string {
	if age == math.MaxInt64 {
		return "far too" // No ages are told that no duration can hold.
	}
	return model.Duration(age).String()
}

// withoutPairs says what to set so that no answer of the route takes two calls.
func withoutPairs(route string) string {
	if route == routeAbandoned {
		return "counter: false"
	}
	return "rooms: false"
}

// cures says what to do about a cost that is too high: what can help, and nothing else.
func cures(cost Cost, workspaces []Workspace) string {
	var ways []string
	if mayBeServed := age(1, cost.Limit.Per) <= cost.MaxAge; mayBeServed {
		if len(workspaces) > 1 {
			ways = append(ways, "configure fewer workspaces of this server")
		}
		if cost.Route != routeDepartments {
			ways = append(ways, "configure fewer windows")
		}
	}
	switch {
	case cost.Route == routeDepartments:
		ways = append(ways, "set departments: false")
	case cost.Route == routeRooms:
		ways = append(ways, "set rooms: false")
	case servedWithoutCounter(cost, workspaces):
		ways = append(ways, "set counter: false")
	}
	if cost.Age <= maxMaxAge {
		ways = append(ways, "set max_age to "+shownAge(cost.Age)+" or more")
	}
	if len(ways) > 0 {
		ways = append(ways, "or set rate_limit: {calls: 0} with an account that the server does not limit (role bot)")
	} else {
		ways = append(ways, "lower per in rate_limit, or set calls: 0 with an account that the server does not limit (role bot)")
	}
	return strings.Join(ways, ", ")
}

// servedWithoutCounter reports whether it is enough to switch off the counter.
func servedWithoutCounter(cost Cost, workspaces []Workspace) bool {
	without := demand{}
	for _, w := range workspaces {
		without.single += len(w.Windows)
	}
	return age(without.periods(cost.Limit.Calls), cost.Limit.Per) <= cost.MaxAge
}
