// Package rocketchat is a client of the part of Rocket.Chat's API that the exporter
// needs: Omnichannel's numbers per department.
//
// It owns what is particular to the server: requests, the meaning of each answer, paging,
// sessions, and a hint for each error. Every call ends in one [Outcome] of a closed set
// and is counted in the budget of its server and route. The package knows nothing of
// Prometheus, windows or configuration files.
//
// Facts about the server come from its sources (RocketChat/Rocket.Chat, 6.x to 9.0) and
// from https://developer.rocket.chat/apidocs.
package rocketchat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"livechat_exporter/internal/budget"
)

// Options are what a [Client] needs. All are required.
type Options struct {
	// URL is the workspace's address; a path prefix is kept. Nothing is ever sent to
	// another scheme, host or port.
	URL *url.URL
	// Transport sends the requests, and decompresses the answers. There is no http.Client
	// around it, because that would follow redirects and send the token to whatever host
	// they name.
	Transport http.RoundTripper
	// Credentials are sent with each call.
	Credentials Credentials
	// UserAgent names the program and its version.
	UserAgent string
	// Budget is what may be sent to the server of URL.
	Budget *budget.Server
	// Timeout limits one call.
	Timeout time.Duration
	// Observe gets each call that was sent when it has ended. It must be safe for
	// concurrent use.
	Observe func(Call)
	// Now is the clock.
	Now func() time.Time
}

// Call is a request that was sent, and how it ended.
type Call struct {
	Route   *Route
	Outcome Outcome
	// Duration is the time from sending the request to the end of the answer.
	Duration time.Duration
	// Reached is whether it got a connection.
	Reached bool
	// Date is the server's clock at the answer in whole seconds (header Date); zero if
	// unknown.
	Date time.Time
	// Limit and Remaining are X-RateLimit-Limit and X-RateLimit-Remaining, -1 if unknown:
	// a server that does not limit the account sends none.
	Limit, Remaining int
}

// Client queries one workspace. It is safe for concurrent use.
type Client struct {
	options Options
	paging  pagingState
}

// New returns a client. It sends nothing.
func New(options Options) *Client {
	return &Client{options: options, paging: pagingState{
		queries: make(map[string]pagingMode), refusals: make(map[*Route]time.Time),
	}}
}

// CloseIdleConnections closes the connections that no call is using.
func (c *Client) CloseIdleConnections() {
	if t, ok := c.options.Transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// one reserves a single call for a query without a reservation.
func (c *Client) one(route *Route) (*budget.Reservation, error) {
	waiter := budget.Waiter{ID: c, Since: c.options.Now()}
	shares, _ := c.options.Budget.Route(route.Name).Reserve(waiter, func(budget.Limit) []int { return []int{1} })
	if shares == nil {
		return nil, fmt.Errorf("%s: %w", route.Name, ErrBudgetSpent)
	}
	return shares[0], nil
}

// get sends one GET request with the account's credentials, and passes the body of a
// valid answer to decode.
func (c *Client) get(ctx context.Context, calls *budget.Reservation, route *Route, query url.Values, decode func(account, []byte) error) error {
	a, err := c.options.Credentials.account(ctx, c, route)
	switch {
	case err != nil && ctx.Err() != nil:
		return interrupted(ctx, route)
	case err != nil:
		return err
	}
	req := request{method: http.MethodGet, route: route, query: query, account: a}
	err = c.send(ctx, calls, req, func(data []byte) error { return decode(a, data) })
	if e, failed := errors.AsType[*Error](err); failed || err == nil {
		c.options.Credentials.ended(a, e, c.options.Now())
	}
	return err
}

// request is what is sent in one call.
type request struct {
	method  string
	route   *Route
	query   url.Values
	body    []byte  // JSON; nil is none.
	account account // Zero for a call without credentials.
	prefix  string  // The path of the workspace's address.
}

// build returns the HTTP request.
func (c *Client) build(ctx context.Context, r request) (*http.Request, error) {
	u := c.options.URL.JoinPath(r.route.path)
	u.RawQuery = r.query.Encode()
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, fmt.Errorf("%s: build the request: %w", r.route.Name, err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.options.UserAgent)
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.account.authToken != "" {
		req.Header.Set("X-User-Id", r.account.userID)
		req.Header.Set("X-Auth-Token", r.account.authToken)
	}
	return req, nil
}

// send sends one call of the reservation, and passes the body of a valid answer to
// decode.
func (c *Client) send(ctx context.Context, calls *budget.Reservation, r request, decode func([]byte) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	var sent atomic.Int32 // The transport can send a call again, on another connection.
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Add(1) }})
	req, err := c.build(traced, r)
	if err != nil {
		return err
	}
	call := Call{Route: r.route, Outcome: OK, Limit: -1, Remaining: -1}
	begin := c.options.Now()
	calls.Begin()
	r.prefix = c.options.URL.Path
	failure := c.exchange(req, r, &call, calls, decode)
	calls.End(int(sent.Load()))
	call.Duration, call.Reached = c.options.Now().Sub(begin), sent.Load() > 0
	if failure != nil {
		call.Outcome = failure.Outcome
	}
	c.options.Observe(call)
	if failure != nil {
		return failure
	}
	return nil
}

// exchange sends the request, reads the answer, and notes in call what the answer's
// headers hold.
func (c *Client) exchange(req *http.Request, r request, call *Call, calls *budget.Reservation, decode func([]byte) error) *Error {
	resp, err := c.options.Transport.RoundTrip(req)
	if err != nil {
		return broken(req.Context(), r.route, err)
	}
	defer resp.Body.Close()
	call.Date, _ = http.ParseTime(resp.Header.Get("Date")) // Zero on an error.
	call.Limit, call.Remaining = headerNumber(resp, "X-RateLimit-Limit"), headerNumber(resp, "X-RateLimit-Remaining")
	if resp.StatusCode == http.StatusTooManyRequests {
		calls.Stop(retryAfter(resp, c.options.Now()))
	}
	body := limited(resp, r.route)
	if refused := refusal(r, resp, body); refused != nil {
		return refused
	}
	data, err := read(resp, body)
	if err == nil {
		err = decode(data)
	}
	if err == nil {
		return nil
	}
	if what, ok := invalidity(err); ok {
		return &Error{Route: r.route.Name, Outcome: BadResponse, Status: resp.StatusCode, What: string(what), Hint: hintNotRocketChat}
	}
	return broken(req.Context(), r.route, err)
}

// headerNumber is a header that counts something, -1 if it does not.
func headerNumber(resp *http.Response, name string) int {
	n, err := strconv.ParseInt(resp.Header.Get(name), 10, 32)
	if err != nil || n < 0 {
		return -1
	}
	return int(n)
}

// retryAfter is how long a 429 wants no more calls, 0 if it does not say when.
// Rocket.Chat sends X-RateLimit-Reset in epoch milliseconds by its own clock, which may
// be wrong, so it is compared with the answer's own Date. Proxies send Retry-After, in
// seconds or as a date.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		now = date
	}
	if reset, err := strconv.ParseInt(resp.Header.Get("X-RateLimit-Reset"), 10, 64); err == nil {
		if wait := time.UnixMilli(reset).Sub(now); wait > 0 {
			return wait
		}
	}
	after := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(after, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(after); err == nil {
		return date.Sub(now)
	}
	return 0
}
