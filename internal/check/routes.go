package check

import (
	"fmt"

	"livechat_exporter/internal/rocketchat"
)

// analysed returns the routes that are asked for numbers, in the order in which they are
// told.
func analysed() []string {
	return []string{rocketchat.TotalAbandonedChats, rocketchat.AmountOfChats, rocketchat.DepartmentRoute}
}

// routes tells of each route whether the account may ask it and gets an answer.
func (a *attempt) routes() []Result {
	return []Result{
		a.route(rocketchat.TotalAbandonedChats, true, "", "livechat_department_abandoned_rooms and livechat_department_abandonments_total"),
		a.route(rocketchat.AmountOfChats, a.Rooms, "rooms", "livechat_department_rooms"),
		a.route(rocketchat.DepartmentRoute, a.Departments, "departments", "names, agents and zeros of departments"),
	}
}

// route tells of one route. The key is what switches it off, and exports what is made of
// its answers.
func (a *attempt) route(route string, needed bool, key, exports string) Result {
	r := Result{Check: Route, Route: route, Status: Skipped}
	got := a.answers[route]
	switch {
	case !needed:
		r.Found = "not needed: the configuration has " + key + ": false"
		return r
	case got == nil:
		r.Found = a.stopped
		return r
	case got.err == nil:
		return a.answered(r, got)
	case outcome(got.err) == rocketchat.Unlicensed && a.stopped == unlicensed:
		r.Found = "not known: the licence is missing, which is looked for first"
		return r
	case outcome(got.err) == rocketchat.Unauthorized, routeOf(got.err) == routeLogin, outcome(got.err) == "" && a.stopped != "":
		r.Found = a.stopped
		return r
	}
	r.Found, r.Action = a.failure(got.err)
	if outcome(got.err) == "" { // Not sent.
		return r
	}
	r.Status, r.Meaning = Failed, "not exported: "+exports
	switch outcome(got.err) {
	case rocketchat.Unlicensed: // Here it is a web page that is no sign of the licence.
		r.Action = "see " + Reachability + " above"
	case rocketchat.RateLimited:
		r.Action = "check again in " + shown(a.Limit.Per) + "; if it stays, lower calls in rate_limit: another exporter or program calls from this address"
	}
	return r
}

// answered tells of an answer.
func (a *attempt) answered(r Result, got *answer) Result {
	r.Status = OK
	r.Found = fmt.Sprintf("permitted, and answered in %s: %s", shown(got.took), many(got.departments, "department"))
	if got.period != "" {
		r.Found += " in the window " + got.period
	}
	if got.took > a.Timeout/2 {
		r.Status = Warning
		r.Meaning = fmt.Sprintf("calls are given up after %s (timeout): a little more load, and numbers are missing", shown(a.Timeout))
		r.Action = "raise timeout, ask for shorter windows, or give those that are long a refresh; and look at the load of the server's database"
	}
	return r
}
