package rocketchat

import (
	"net/http"
	"strconv"
	"time"
)

// Limit is how many calls of one route a server takes from one address. By default
// Rocket.Chat takes 10 a minute (API_Enable_Rate_Limiter_Limit_Calls_Default and
// API_Enable_Rate_Limiter_Limit_Time_Default).
type Limit struct {
	// Calls is how many there may be in any Per; 0 is no limit.
	Calls int
	// Per is more than 0.
	Per time.Duration
}

// most is how many calls one answer may take. Without a limit the bound is that of an
// answer: more departments than that are not exported.
func (l Limit) most() int {
	if l.Calls == 0 {
		return maxDepartments / pageSize
	}
	return l.Calls
}

// rateLimit is what an answer says of the server's limiter.
type rateLimit struct {
	// at is when the answer came.
	at time.Time
	// limit and remaining are -1 where the answer does not say.
	limit, remaining int
	// reset is when the server's window ends, on its clock, in milliseconds since
	// the epoch: all answers in one window say the same. 0 if it does not say.
	reset int64
	// refused is status 429.
	refused bool
	// wait is how long until the window ends, by the answer's own clock; 0 if it
	// does not say.
	wait time.Duration
}

// readRateLimit reads the headers of an answer that came at now.
func readRateLimit(resp *http.Response, now time.Time) rateLimit {
	r := rateLimit{
		at:        now,
		limit:     headerNumber(resp, "X-RateLimit-Limit"),
		remaining: headerNumber(resp, "X-RateLimit-Remaining"),
		refused:   resp.StatusCode == http.StatusTooManyRequests,
	}
	// The server's clock may be wrong, so the answer is measured by its own time. That
	// has whole seconds: the end is up to one second late.
	said := now
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		said = date
	}
	if reset, err := strconv.ParseInt(resp.Header.Get("X-RateLimit-Reset"), 10, 64); err == nil && reset > 0 {
		r.reset, r.wait = reset, time.UnixMilli(reset).Sub(said)
	} else if seconds := headerNumber(resp, "Retry-After"); seconds > 0 { // A proxy's refusal; Rocket.Chat sends none.
		r.wait = time.Duration(seconds) * time.Second
	}
	return r
}

// headerNumber is a header that counts something, -1 if it does not.
func headerNumber(resp *http.Response, name string) int {
	n, err := strconv.ParseInt(resp.Header.Get(name), 10, 32)
	if err != nil || n < 0 {
		return -1
	}
	return int(n)
}

// stops reports whether the server wants no more calls for a while.
func (r rateLimit) stops() bool { return r.refused || r.remaining == 0 }

// stop is how long the server wants no more calls. What it says is held between one
// second and twice the limit's time: a clock that jumps must not stop the route for
// good. A server that does not say is left alone for the limit's time.
func (r rateLimit) stop(limit Limit) time.Duration {
	wait := r.wait
	if wait == 0 {
		wait = limit.Per
	}
	return max(time.Second, min(wait, 2*limit.Per))
}
