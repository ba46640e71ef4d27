package rocketchat

import (
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
	if c.options.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.options.Timeout)
		defer cancel()
	}
	req, err := c.request(ctx, r, query)
	if err != nil {
		b.release(1)
		return fmt.Errorf("%s: %w", r.name, err)
	}

	begin := c.options.Now()
	e := exchange{route: r, now: c.options.Now}
	failure := e.do(c.options.Transport, req, decode)
	b.spend(int(e.tries.Load()), e.said)
	call := Call{Route: r.name, Outcome: OK, Duration: c.options.Now().Sub(begin), Remaining: e.said.remaining, Reset: e.said.reset}
	if failure == nil {
		c.options.Observe(call)
		return nil
	}
	call.Outcome = failure.Outcome
	c.options.Observe(call)
	return failure
}

// request builds the request with its headers.
func (c *Client) request(ctx context.Context, r *route, query url.Values) (*http.Request, error) {
	userID, authToken, err := c.options.Credentials.usable()
	if err != nil {
		return nil, err
	}
	u := c.options.URL.JoinPath(r.path)
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("build the request: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	// Asked for here and not left to the transport, so that it holds for each.
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("User-Agent", c.options.UserAgent)
	req.Header.Set("X-User-Id", userID)
	req.Header.Set("X-Auth-Token", authToken)
	return req, nil
}

// exchange is a request and its answer.
type exchange struct {
	route *route
	now   func() time.Time

	tries atomic.Int32 // How many connections the request was given.
	said  rateLimit
}

// do sends the request and reads the answer.
func (e *exchange) do(transport http.RoundTripper, req *http.Request, decode func(io.Reader, remoteText) error) *Error {
	r := e.route
	e.said = rateLimit{limit: -1, remaining: -1}
	remote := remoteText{secrets: []string{req.Header.Get("X-Auth-Token"), req.Header.Get("X-User-Id")}}
	// The transport alone, not an http.Client: a client follows redirects, and
	// takes the token headers to whatever host the answer names.
	resp, err := transport.RoundTrip(e.boundedTries(req))
	if err != nil {
		return broken(req.Context(), r, err, remote)
	}
	defer resp.Body.Close()
	e.said = readRateLimit(resp, e.now())
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
		e := &Error{Route: r.name, Outcome: Network, Cause: remote.clean(cause)}
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
