package check

import (
	"fmt"
	"slices"
	"time"

	"livechat_exporter/internal/rocketchat"
)

// rateLimit compares the limit that the server's answers tell with the configured one.
// The server counts the calls of one address, whichever program sends them.
func (a *attempt) rateLimit() Result {
	limited, unlimited := a.limitedCalls()
	switch {
	case len(limited) > 0:
		return a.limited(limited)
	case unlimited == 0:
		return skipped(RateLimit, "no answer tells")
	}
	r := Result{
		Check: RateLimit, Status: OK,
		Found: "the server does not limit this account (api-bypass-rate-limit), or nobody; rate_limit: " + shownLimit(a.Limit),
	}
	if a.Limit.Calls > 0 {
		r.Meaning = "the exporter keeps to rate_limit all the same"
		r.Action = "leave it so, or set rate_limit: {calls: 0} to ask for everything at each scrape"
	}
	return r
}

// limitedCalls returns the answers that tell of a limit, and how many good ones do not.
func (a *attempt) limitedCalls() (limited []rocketchat.Call, unlimited int) {
	for _, route := range analysed() {
		for _, call := range a.sent.of(route) {
			switch {
			case call.Limit >= 0:
				limited = append(limited, call)
			case call.Outcome == rocketchat.OK:
				unlimited++
			}
		}
	}
	return limited, unlimited
}

// limited tells of a server that limits.
func (a *attempt) limited(calls []rocketchat.Call) Result {
	least, window := calls[0].Limit, time.Duration(0)
	for _, call := range calls {
		least = min(least, call.Limit)
		if call.Reset > 0 && !call.Date.IsZero() {
			window = max(window, time.UnixMilli(call.Reset).Sub(call.Date))
		}
	}
	foreign := foreignCalls(calls)
	refused := slices.ContainsFunc(calls, func(c rocketchat.Call) bool { return c.Outcome == rocketchat.RateLimited })
	r := Result{
		Check: RateLimit, Status: OK,
		Found:   fmt.Sprintf("the server takes %s of a route in its window; rate_limit: %s", many(least, "call"), shownLimit(a.Limit)),
		Meaning: "all exporters and programs behind one address share what the server takes",
	}
	if foreign > 0 {
		r.Found += fmt.Sprintf("; others have sent %d from this address", foreign)
		r.Meaning = "an exporter that runs, or another program, calls from this address: they share what the server takes"
	}
	switch {
	case a.Limit.Calls == 0:
		r.Status = Warning
		r.Meaning = "without a limit here, calls will be refused (429) and numbers come late"
		r.Action = fmt.Sprintf("give the account the permission api-bypass-rate-limit (role bot), or set rate_limit: {calls: %d}", least)
	case a.Limit.Calls > least:
		r.Status = Warning
		r.Meaning = "more is sent than the server takes: calls will be refused (429) and numbers come late"
		r.Action = fmt.Sprintf("set calls to %d or less in rate_limit, or give the account the permission api-bypass-rate-limit (role bot)", least)
	case window > a.Limit.Per+time.Second: // Date has whole seconds.
		r.Status = Warning
		r.Found += fmt.Sprintf("; its window is %s or longer", shown(window))
		r.Meaning = "the server counts for longer than is configured: calls will be refused (429)"
		r.Action = "set per in rate_limit to the server's API_Enable_Rate_Limiter_Limit_Time_Default"
	case refused, foreign > a.Limit.Calls:
		r.Status = Warning
		r.Meaning = "more than one exporter with this limit, or another program, calls from this address: calls are refused (429)"
		r.Action = "divide calls in rate_limit between the exporters behind this address"
	case foreign > 0:
		r.Action = "if more than one exporter runs behind this address, divide calls in rate_limit between them"
	}
	return r
}

// foreignCalls returns how many calls somebody else has sent from this address in the server's
// windows, of the route of which there are most.
func foreignCalls(calls []rocketchat.Call) int {
	type window struct {
		route string
		reset int64
	}
	own := make(map[window]int)
	most := 0
	for _, call := range calls {
		w := window{call.Route, call.Reset}
		if call.Outcome != rocketchat.RateLimited {
			own[w]++
		}
		if call.Remaining >= 0 {
			most = max(most, call.Limit-call.Remaining-own[w])
		}
	}
	return most
}
