package rocketchat

import (
	"errors"
	"fmt"
)

// Outcome is how a call ended. The set is closed, so that it can be a label's value.
type Outcome string

// The outcomes of a call.
const (
	// OK is a valid answer.
	OK Outcome = "ok"
	// Unauthorized is status 401: user id and token are not accepted.
	Unauthorized Outcome = "unauthorized"
	// Forbidden is status 403: the account lacks the route's permission.
	Forbidden Outcome = "forbidden"
	// Unlicensed is a premium route on a workspace without the licence: status 400 with
	// error-action-not-allowed, or the web app's HTML with status 200 from releases that
	// do not register the route without a licence.
	Unlicensed Outcome = "unlicensed"
	// InvalidParams is status 400 with invalid-params: the server's release does not
	// accept these query parameters.
	InvalidParams Outcome = "invalid_params"
	// RateLimited is status 429.
	RateLimited Outcome = "rate_limited"
	// Redirected is any 3xx. It is never followed.
	Redirected Outcome = "redirected"
	// ServerError is 5xx, and 400 without a known errorType, as database errors are.
	ServerError Outcome = "server_error"
	// NotFound is status 404, and HTML from a route that needs no licence.
	NotFound Outcome = "not_found"
	// BadResponse is any other status, a body that is not the documented answer, and an
	// error that something in front of Rocket.Chat answered.
	BadResponse Outcome = "bad_response"
	// Timeout is a call that did not end in time.
	Timeout Outcome = "timeout"
	// Network is a call that failed below HTTP: name resolution, connection, TLS.
	Network Outcome = "network"
	// Canceled is a call that a reload or shutdown ended.
	Canceled Outcome = "canceled"
	// NoCredentials is not a call's: nothing was sent, because there is no usable credential.
	NoCredentials Outcome = "no_credentials"
)

// Outcomes returns the outcomes of a call, in a fixed order.
func Outcomes() []Outcome {
	return []Outcome{
		OK, Unauthorized, Forbidden, Unlicensed, InvalidParams, RateLimited, Redirected,
		ServerError, NotFound, BadResponse, Timeout, Network, Canceled,
	}
}

// ErrBudgetSpent is wrapped by the error of a call that was not sent because nothing is
// left of the route's budget.
var ErrBudgetSpent = errors.New("the call budget is spent")

// Error is a query that gave no valid answer. It wraps nothing: an error below it could
// hold the server's text, and a server can send the token back.
type Error struct {
	// Route is the [Route.Name].
	Route string
	// Outcome is never [OK].
	Outcome Outcome
	// Status is the HTTP status, 0 if no answer came.
	Status int
	// What is what happened.
	What string
	// Hint is what to do about it. It holds no text of the server, so that equal reasons
	// have equal hints.
	Hint string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("%s: %s: %s", e.Route, e.What, e.Hint)
	}
	return fmt.Sprintf("%s: HTTP %d: %s: %s", e.Route, e.Status, e.What, e.Hint)
}
