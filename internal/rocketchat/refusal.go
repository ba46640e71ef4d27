package rocketchat

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// maxErrorBody bounds what is read of an answer that is an error, in bytes.
const maxErrorBody = 64 << 10

// refusal returns the error that the answer means by its status and content
// type, nil for a 200 that holds JSON. It reads the body only of what it
// refuses.
func refusal(r *route, resp *http.Response, body io.Reader, remote remoteText) *Error {
	if resp.StatusCode == http.StatusOK && mediaType(resp) == "application/json" {
		return nil
	}
	e := &Error{Route: r.name, Status: resp.StatusCode}
	// Read even where it says nothing: an answer that is left unread costs the
	// connection.
	e.Outcome, e.Message = meaning(r, resp, readErrorBody(body), remote)
	return e
}

// meaning classifies an answer that is not a 200 with JSON.
func meaning(r *route, resp *http.Response, body errorBody, remote remoteText) (outcome Outcome, message string) {
	switch status := resp.StatusCode; {
	case status == http.StatusOK:
		return notJSON(r, mediaType(resp), body.blank, remote)
	case status >= 300 && status < 400:
		return Redirected, redirectMessage(resp, remote)
	case status == http.StatusBadRequest:
		return badRequest(r, body, remote)
	case status == http.StatusUnauthorized:
		return Unauthorized, unauthorizedMessage(r, body)
	case status == http.StatusForbidden && r.permission == "":
		return Forbidden, "the call is forbidden, though it needs no permission: check that no proxy before the workspace refuses it"
	case status == http.StatusForbidden:
		return Forbidden, fmt.Sprintf("the account lacks the permission %s: give it a role that has it (%s)", r.permission, r.roles)
	case status == http.StatusNotFound:
		return NotFound, "no such route: check url (without /api/v1) and the server's release"
	case status == http.StatusTooManyRequests:
		return RateLimited, "too many calls from this address: scrape less often, configure fewer windows, or give the account the permission api-bypass-rate-limit (role bot)"
	case status >= 500:
		return ServerError, "the workspace or a proxy before it fails" + body.said(remote) + ": look at its logs"
	default:
		return BadResponse, "not an answer of this route: check that url leads to Rocket.Chat and that no proxy answers in its place"
	}
}

// unauthorizedMessage says what is wrong with the credentials.
func unauthorizedMessage(r *route, body errorBody) string {
	if r.unauthorized != nil {
		return r.unauthorized(body)
	}
	return "user id or auth token is wrong, expired or revoked: make a new personal access token and configure it with its user id"
}

// notJSON classifies a 200 without JSON.
func notJSON(r *route, mediaType string, blank bool, remote remoteText) (outcome Outcome, message string) {
	switch {
	case blank:
		return BadResponse, "the answer is blank: check that url leads to Rocket.Chat and that no proxy answers in its place"
	case mediaType == "text/html" && r.premium:
		// Without a licence, old releases do not register the route: the web
		// app answers. A wrong path looks the same.
		return Unlicensed, "the web app answers in place of the API: wrong URL, or a workspace without a premium licence"
	case mediaType == "text/html":
		return NotFound, "a web page answers in place of the API: check url (without /api/v1)"
	default:
		return BadResponse, fmt.Sprintf("the answer's content type is %q, not application/json: check that url leads to Rocket.Chat", remote.clean(mediaType))
	}
}

// badRequest classifies status 400, which the server uses for everything that a
// handler throws: a missing licence, a parameter, and its own database errors.
func badRequest(r *route, body errorBody, remote remoteText) (outcome Outcome, message string) {
	switch body.ErrorType {
	case "error-action-not-allowed":
		return Unlicensed, "the workspace has no active premium licence with livechat-enterprise, which this route needs"
	// The second is the errorType of routes that the server has moved to
	// its typed form.
	case "invalid-params", "error-invalid-params":
		return InvalidParams, fmt.Sprintf("the server refuses the parameters of %s%s: its release may be older or newer than this program knows", r.name, body.said(remote))
	default:
		return ServerError, "the server could not answer" + body.said(remote) + ": look at its logs, and at its database's"
	}
}

// redirectMessage says where the redirect leads, by scheme and host alone: the
// rest of the address could hold anything.
func redirectMessage(resp *http.Response, remote remoteText) string {
	to := "elsewhere"
	if location, err := url.Parse(resp.Header.Get("Location")); err == nil && location.Host != "" {
		to = "to " + remote.clean(location.Scheme+"://"+location.Host)
	}
	return "redirects " + to + ", which is never followed: the server forces TLS (Force_SSL) or url is wrong; configure the final https URL"
}

// mediaType is the answer's content type without parameters, in lower case.
func mediaType(resp *http.Response) string {
	mediaType, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		mediaType, _, _ = strings.Cut(resp.Header.Get("Content-Type"), ";")
	}
	return strings.ToLower(strings.TrimSpace(mediaType))
}

// errorBody is the server's JSON for an error. Its error can be a number in
// some releases, so only a string is taken.
type errorBody struct {
	Error     any
	ErrorType string

	blank bool
}

// readErrorBody decodes an error's body; what is not JSON reads as empty.
func readErrorBody(body io.Reader) errorBody {
	raw, err := io.ReadAll(io.LimitReader(body, maxErrorBody))
	decoded := errorBody{blank: err == nil && len(raw) == 0}
	if err != nil || json.Unmarshal(raw, &decoded) != nil {
		return errorBody{blank: decoded.blank}
	}
	return decoded
}

// said is the server's own word for the error, in brackets, empty if there is none.
func (b errorBody) said(remote remoteText) string {
	text, _ := b.Error.(string)
	if text == "" {
		return ""
	}
	return ` ("` + remote.clean(text) + `")`
}
