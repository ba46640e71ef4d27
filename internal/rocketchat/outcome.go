package rocketchat

// Outcome is how a call to the server ended. The set is closed, so that it can
// be the value of a metric label.
type Outcome string

// The outcomes of a call.
const (
	// OK is a valid answer.
	OK Outcome = "ok"
	// Unauthorized is status 401: user id and token are not accepted.
	Unauthorized Outcome = "unauthorized"
	// Forbidden is status 403: the account lacks the route's permission.
	Forbidden Outcome = "forbidden"
	// Unlicensed is a premium route on a workspace without the licence: status
	// 400 with error-action-not-allowed, or the web app's HTML with status 200
	// from releases that do not register the route at all.
	Unlicensed Outcome = "unlicensed"
	// InvalidParams is status 400 with invalid-params: the server's release
	// does not take these query parameters.
	InvalidParams Outcome = "invalid_params"
	// RateLimited is status 429.
	RateLimited Outcome = "rate_limited"
	// Redirected is any 3xx: Force_SSL or a wrong URL. It is never followed.
	Redirected Outcome = "redirected"
	// ServerError is 5xx, and 400 without a known errorType: the server
	// answers so when its database fails.
	ServerError Outcome = "server_error"
	// NotFound is status 404, and HTML from a route that needs no licence.
	NotFound Outcome = "not_found"
	// BadResponse is any other status, and a body that is not the documented
	// answer.
	BadResponse Outcome = "bad_response"
	// Timeout is a call that did not end in time.
	Timeout Outcome = "timeout"
	// Network is a call that failed below HTTP: name resolution, connection,
	// TLS.
	Network Outcome = "network"
	// Canceled is a call that was given up by its caller.
	Canceled Outcome = "canceled"
)

// Outcomes returns the whole set, in a fixed order.
func Outcomes() []Outcome {
	return []Outcome{
		OK, Unauthorized, Forbidden, Unlicensed, InvalidParams, RateLimited, Redirected,
		ServerError, NotFound, BadResponse, Timeout, Network, Canceled,
	}
}
