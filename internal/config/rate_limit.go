package config

import (
	"strconv"
	"time"
)

// The keys of rate_limit.
const (
	keyCalls = "calls"
	keyPer   = "per"
)

const (
	// maxCalls bounds calls. Whoever may make more needs no limit.
	maxCalls = 10_000
	// maxPer bounds per. An exporter that waits longer between its calls has nothing to
	// tell in between.
	maxPer = time.Hour
)

// RateLimit is how many calls of a route the server takes from one address. The default
// is the server's own.
type RateLimit struct {
	// Calls is how many calls may be made in any time of the length Per, of each route;
	// 0 to 10000. 0 means that there is no limit.
	Calls int
	// Per is more than 0 and at most an hour. It has a meaning without a limit too: it
	// bounds how long an answer that says wait is obeyed.
	Per time.Duration
}

// rateLimitSchema returns the keys of rate_limit.
func rateLimitSchema() schema {
	return schema{keys: []string{keyCalls, keyPer}}
}

// rateLimit is a RateLimit and how messages show it: as the file has it.
type rateLimit struct {
	RateLimit
	calls, per string
	wrong      bool // It has a mistake, and says nothing about others.
}

// defaultRateLimit returns what holds where rate_limit, or a key of it, is not there.
func defaultRateLimit() rateLimit {
	const calls = 10
	return rateLimit{
		RateLimit: RateLimit{Calls: calls, Per: time.Minute},
		calls:     strconv.Itoa(calls), per: "1m",
	}
}

// rateLimit reads rate_limit.
func (r *reader) rateLimit(v value) rateLimit {
	limit := defaultRateLimit()
	before := len(r.mistakes) + r.untold
	fields, _ := r.fields(v, rateLimitSchema())
	if v, ok := fields[keyCalls]; ok {
		t, n, _ := r.number(v, maxCalls, "write how many calls of a route the server takes in the time per, such as 10, or 0 for no limit")
		limit.Calls, limit.calls = n, t.written
	}
	if v, ok := fields[keyPer]; ok {
		d, _ := r.durationWithin(v, bounds{most: maxPer, cure: "write the time in which the server takes the calls, such as 1m"})
		limit.Per, limit.per = d.Duration, d.written
	}
	limit.wrong = len(r.mistakes)+r.untold > before
	return limit
}
