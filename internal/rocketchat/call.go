package rocketchat

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// get sends one GET request, taken from the budget, and hands the body of a 200 JSON
// answer to decode. The error is an [*Error], or wraps [ErrNoCredentials] if nothing
// was sent.
func (c *Client) get(ctx context.Context, r *route, query url.Values, b *budget, decode func(io.Reader, remoteText) error) error {
	a, err := c.options.Credentials.account(ctx, c)
	if err != nil {
		b.release(1)
		return unsent(ctx, r, err)
	}
	_, err = c.send(ctx, outgoing{method: http.MethodGet, route: r, query: query, account: a}, b, decode)
	if failed, ok := errors.AsType[*Error](err); ok && failed.Outcome == Unauthorized {
		failed.Message = cmp.Or(c.options.Credentials.refused(a), failed.Message)
	}
	return err
}

// unsent returns why a call was not sent, as the error of its caller.
func unsent(ctx context.Context, r *route, err error) error {
	if _, ok := errors.AsType[*Error](err); ok { // Of the login.
		return err
	}
	if errors.Is(err, ctx.Err()) {
		return broken(ctx, r, err, remoteText{})
	}
	return fmt.Errorf("%s: %w", r.name, err)
}

// outgoing is a request that is to be sent.
type outgoing struct {
	method string
	route  *route
	query  url.Values
	// body is JSON; nil is none.
	body []byte
	// account is zero for a call without credentials.
	account account
}

// send sends one call, which was taken from the budget, and hands the body of a 200
// JSON answer to decode. The error is an [*Error] if anything was sent.
func (c *Client) send(ctx context.Context, o outgoing, b *budget, decode func(io.Reader, remoteText) error) (*exchange, error) {
	if c.options.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.options.Timeout)
		defer cancel()
	}
	r := o.route
	req, err := c.request(ctx, o)
	if err != nil {
		b.release(1)
		return nil, fmt.Errorf("%s: %w", r.name, err)
	}

	begin := c.options.Now()
	e := &exchange{route: r, now: c.options.Now, remote: o.account.remoteText()}
	failure := e.do(c.options.Transport, req, decode)
	b.spend(int(e.tries.Load()), e.said)
	call := Call{
		Route: r.name, Outcome: OK, Duration: c.options.Now().Sub(begin),
		Reached: e.tries.Load() > 0, Date: e.date, Limit: e.said.limit, Remaining: e.said.remaining, Reset: e.said.reset,
	}
	if failure == nil {
		c.options.Observe(call)
		return e, nil
	}
	call.Outcome = failure.Outcome
	c.options.Observe(call)
	return e, failure
}

// request builds the request with its headers.
func (c *Client) request(ctx context.Context, o outgoing) (*http.Request, error) {
	u := c.options.URL.JoinPath(o.route.path)
	u.RawQuery = o.query.Encode()
	req, err := http.NewRequestWithContext(ctx, o.method, u.String(), bytes.NewReader(o.body))
	if err != nil {
		return nil, fmt.Errorf("build the request: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	// Asked for here and not left to the transport, so that it holds for each.
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("User-Agent", c.options.UserAgent)
	if o.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if o.account.authToken != "" {
		req.Header.Set("X-User-Id", o.account.userID)
		req.Header.Set("X-Auth-Token", o.account.authToken)
	}
	return req, nil
}

// exchange is a request and its answer.
type exchange struct {
	route  *route
	now    func() time.Time
	remote remoteText

	tries atomic.Int32 // How many connections the request was given.
	said  rateLimit
	date  time.Time // The answer's own; zero if it has none.
}

// do sends the request and reads the answer.
func (e *exchange) do(transport http.RoundTripper, req *http.Request, decode func(io.Reader, remoteText) error) *Error {
	r, remote := e.route, e.remote
	e.said = rateLimit{limit: -1, remaining: -1}
	// The transport alone, not an http.Client: a client follows redirects, and
	// takes the token headers to whatever host the answer names.
	resp, err := transport.RoundTrip(e.boundedTries(req))
	if err != nil {
		return broken(req.Context(), r, err, remote)
	}
	defer resp.Body.Close()
	e.said = readRateLimit(resp, e.now())
	e.date, _ = http.ParseTime(resp.Header.Get("Date")) // Zero on an error.
	// After a switch of protocols the transport leaves the connection to us, and
	// the context no longer ends what reads from it.
	stop := context.AfterFunc(req.Context(), func() { _ = resp.Body.Close() })
	defer stop()

	body, err := newBody(resp)
	if refused := refusal(r, resp, body, remote); refused != nil {
		return refused
	}
	if err == nil {
		err = decode(body, remote)
	}
	switch lost := body.lost(); {
	case err == nil:
		return nil
	case lost != nil:
		return broken(req.Context(), r, lost, remote)
	default:
		return &Error{
			Route: r.name, Outcome: BadResponse, Status: resp.StatusCode,
			Message: remote.clean(err.Error()) + ": check that url leads to Rocket.Chat and that no proxy changes its answers",
		}
	}
}

// maxTries bounds how often the transport may send one call by itself. It sends it
// again when a connection was closed under it, and for as long as a server of HTTP/2
// asks for that.
const maxTries = 5

var errManyTries = errors.New("the server had the call sent again and again")

// boundedTries returns the request with an end to the transport's own tries.
func (e *exchange) boundedTries(req *http.Request) *http.Request {
	ctx, cancel := context.WithCancelCause(req.Context())
	return req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			if e.tries.Add(1) > maxTries {
				cancel(errManyTries)
			}
		},
	}))
}

// broken is the error of a call that failed below HTTP.
func broken(ctx context.Context, r *route, err error, remote remoteText) *Error {
	netErr, isNetErr := errors.AsType[net.Error](err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return &Error{Route: r.name, Outcome: Canceled, Message: "the call was given up by its caller"}
	case ctx.Err() != nil, isNetErr && netErr.Timeout():
		return &Error{
			Route: r.name, Outcome: Timeout,
			Message: "no whole answer in time: the workspace is slow or hangs; look at its load, or give the scrape and timeout more time",
		}
	default:
		cause, cure := networkCause(err)
		// The cause is this system's word, or the certificate's, and older than what the
		// server was sent.
		e := &Error{Route: r.name, Outcome: Network, Cause: remoteText{secrets: remote.secrets}.clean(cause)}
		e.Message = cmp.Or(e.Cause, remote.clean(err.Error())) + ": " + cure
		return e
	}
}

// networkCause says what failed and what to do. The cause is the same each time: the
// ports and addresses of one connection are left out. It is empty if not known.
func networkCause(err error) (cause, cure string) {
	if untrusted, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fmt.Sprintf("the server's certificate is refused: %v", untrusted.Err),
			"check url, or set ca_file or server_name in http_client's tls_config"
	}
	cure = "check url, name resolution, firewall and TLS"
	if operation, ok := errors.AsType[*net.OpError](err); ok {
		return fmt.Sprintf("%s: %v", operation.Op, operation.Err), cure
	}
	return "", cure
}
