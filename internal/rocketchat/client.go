package rocketchat

import (
	"net/http"
	"net/url"
	"time"
)

// Options are what a [Client] needs. URL, Transport, Credentials and Now are
// required.
type Options struct {
	// URL is the workspace's address; a path prefix is kept. Nothing is ever
	// sent to another scheme, host or port.
	URL *url.URL
	// Transport sends the requests. The client uses it directly, without
	// cookies and without following redirects.
	Transport http.RoundTripper
	// Credentials are sent with each call.
	Credentials Credentials
	// UserAgent names the program and its version.
	UserAgent string
	// Budget is what may be sent to the server of URL; nil is no limit.
	Budget *ServerBudget
	// Timeout bounds one call; 0 leaves that to the context.
	Timeout time.Duration
	// Observe is told of each call that was sent, when it has ended. It may be
	// nil; it must be safe for concurrent use.
	Observe func(Call)
	// Now is the clock.
	Now func() time.Time
}

// Call is one request that was sent and how it ended.
type Call struct {
	// Route is one of [Routes].
	Route string
	// Outcome is how the call ended.
	Outcome Outcome
	// Duration is the time from sending the request to the end of the answer.
	Duration time.Duration
	// Reached says that it got a connection: without one nobody has seen it.
	Reached bool
	// Date is the server's clock at the answer, in whole seconds, by the header Date;
	// zero if it has none.
	Date time.Time
	// Limit is how many calls of the route the server takes in one of its windows, -1
	// if it did not say (X-RateLimit-Limit): then it does not limit this account.
	Limit int
	// Remaining is how many calls the server still takes of the route, -1 if it did
	// not say (X-RateLimit-Remaining).
	Remaining int
	// Reset is when the server's window ends, by its own clock, in milliseconds since
	// the epoch; 0 if it did not say (X-RateLimit-Reset).
	Reset int64
}

// Client asks one workspace. It is safe for concurrent use.
type Client struct {
	options Options
	// analyticsPaging is what is known of the analytics routes: releases up to 7.0
	// refuse their paging parameters.
	analyticsPaging pagingSupport
	// listPaging is what is known of the list of departments, whose paging
	// parameters all releases take.
	listPaging pagingSupport
}

// New returns a client for the workspace. It sends nothing.
func New(options Options) *Client {
	if options.Observe == nil {
		options.Observe = func(Call) {}
	}
	if options.Budget == nil {
		options.Budget = NewBudgets(options.Now).Server(options.URL.Host, Limit{Per: time.Minute})
	}
	return &Client{options: options, analyticsPaging: newPagingSupport(), listPaging: newPagingSupport()}
}

// CloseIdleConnections closes the connections that wait for another call.
func (c *Client) CloseIdleConnections() {
	if t, ok := c.options.Transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}
