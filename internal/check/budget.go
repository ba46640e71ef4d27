package check

import (
	"fmt"
	"strings"
	"time"
)

// longInterval is the longest time between two scrapes that forgives one that fails:
// Prometheus forgets a sample after 5 minutes.
const longInterval = 2 * time.Minute

// budget compares what the configuration asks for with what the rate limit and the time
// between two scrapes leave. It sends nothing.
func (a *attempt) budget() Result {
	r := Result{Check: Budget, Status: OK, Found: a.shownCosts()}
	renewed, oldest := time.Duration(0), time.Duration(0)
	for _, c := range a.Costs {
		renewed = max(renewed, a.renewal(c))
		oldest = max(oldest, time.Duration(c.Periods)*(a.Limit.Per+a.options.Interval))
	}
	switch {
	case oldest > a.MaxAge:
		r.Status = Warning
		r.Meaning = fmt.Sprintf("a number can become %s old before its turn comes again, and is exported for %s only (max_age): there will be gaps",
			shown(oldest), shown(a.MaxAge))
		r.Action = "scrape more often, set max_age to " + shown(oldest) + " or more, or configure fewer windows"
	case renewed > a.options.Interval:
		r.Status = Warning
		r.Meaning = fmt.Sprintf("a number is renewed every %s, and not at each scrape; in between it is repeated", shown(renewed))
		r.Action = "configure fewer windows, or give the account the role bot and set rate_limit: {calls: 0}"
		if renewed <= longInterval {
			r.Action = "scrape every " + shown(renewed) + ", " + r.Action
		}
	case a.options.Interval > longInterval:
		r.Status = Warning
		r.Meaning = "one scrape that fails leaves a gap, because Prometheus forgets a sample after 5m"
		r.Action = "scrape every 1m or 2m"
	default:
		r.Meaning = "each scrape can bring new numbers"
	}
	return r
}

// shownCosts writes what a round of each route takes.
func (a *attempt) shownCosts() string {
	var routes []string
	for _, c := range a.Costs {
		routes = append(routes, fmt.Sprintf("%s %d", c.Route, c.Calls))
	}
	text := fmt.Sprintf("calls of a round: %s; rate_limit: %s; a scrape every %s",
		strings.Join(routes, ", "), shownLimit(a.Limit), shown(a.options.Interval))
	if a.Sharing > 1 {
		text += fmt.Sprintf("; the %d workspaces of this server address share it", a.Sharing)
	}
	return text
}

// renewal returns the time after which all numbers of a route have been asked for again.
func (a *attempt) renewal(c Cost) time.Duration {
	interval := a.options.Interval
	if a.Limit.Calls == 0 || time.Duration(c.Calls)*a.Limit.Per <= time.Duration(a.Limit.Calls)*interval {
		return interval
	}
	takes := time.Duration(c.Calls) * a.Limit.Per / time.Duration(a.Limit.Calls)
	scrapes := ceil(int(takes), int(interval)) // It happens at a scrape.
	return time.Duration(scrapes) * interval
}
