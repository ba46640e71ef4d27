package rocketchat

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Hints that more than one error has.
const (
	hintNotRocketChat = "check that url leads to Rocket.Chat and that no proxy answers in its place or changes its answers"
	hintProxy         = "something in front of Rocket.Chat answered, such as a proxy's login, a firewall or a TLS port: let the exporter pass it, or use an address behind it"
	hintServerLogs    = "look at the logs of the workspace and of its database"
	hintNetwork       = "check url, name resolution, firewall and proxy"
)

// refusal returns the error that the answer means by its status and content type, nil
// for a 200 that holds JSON. It reads the body only of what it refuses, so that the
// connection can be used again.
func refusal(r request, resp *http.Response, body io.Reader) *Error {
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")) // Empty on an error.
	if resp.StatusCode == http.StatusOK && mediaType == "application/json" {
		return nil
	}
	var said errorBody
	if resp.StatusCode != http.StatusSwitchingProtocols { // Its body never ends.
		said = readErrorBody(body)
	}
	e := &Error{Route: r.route.Name, Status: resp.StatusCode}
	e.Outcome, e.What, e.Hint = meaning(r, resp, mediaType, said)
	return e
}

// meaning classifies an answer that is not a 200 with JSON.
func meaning(r request, resp *http.Response, mediaType string, said errorBody) (outcome Outcome, what, hint string) {
	status := resp.StatusCode
	// Rocket.Chat answers the errors below in JSON, except for a 404 and the web app.
	foreign := !said.json && status != http.StatusNotFound || resp.Header.Get("WWW-Authenticate") != ""
	switch {
	case status == http.StatusOK && said.empty:
		return BadResponse, "the answer is blank", hintNotRocketChat
	case status == http.StatusOK && mediaType == "text/html" && r.route.premium && r.prefix == "":
		// Releases up to 7.5 do not register the route without a licence.
		return Unlicensed, "the web app answers in place of the API", "activate a premium licence; if there is one, " + hintURL(r)
	case status == http.StatusOK && mediaType == "text/html" && r.route.premium:
		return NotFound, "a web page answers in place of the API", hintURL(r) + ", and whether there is a premium licence"
	case status == http.StatusOK && mediaType == "text/html":
		return NotFound, "a web page answers in place of the API", hintURL(r)
	case status == http.StatusOK:
		return BadResponse, "the answer is not JSON", hintNotRocketChat
	case status >= 300 && status < 400:
		return Redirected, "redirects " + destination(resp, r.account) + ", which is never followed",
			"the server forces TLS (Force_SSL) or url is wrong: configure the final https URL"
	case status == http.StatusTooManyRequests:
		return RateLimited, "too many calls from this address" + said.quoted(r.account),
			"scrape less often, configure fewer windows, or give the account the permission api-bypass-rate-limit (role bot)"
	case status >= 500:
		return ServerError, "the workspace or a proxy before it fails" + said.quoted(r.account), hintServerLogs
	case status >= 400 && status < 500 && foreign:
		return BadResponse, "an error that is not Rocket.Chat's", hintProxy
	case status == http.StatusBadRequest:
		return badRequest(r, said)
	case status == http.StatusUnauthorized && r.route == Login:
		return Unauthorized, "the login is refused" + said.quoted(r.account), loginHint(said)
	case status == http.StatusUnauthorized:
		return Unauthorized, "user id or auth token is wrong, expired or revoked", "make a new personal access token and configure it with its user id"
	case status == http.StatusForbidden && r.route.Permission == "":
		return Forbidden, "the call is forbidden, though it needs no permission", hintProxy
	case status == http.StatusForbidden:
		return Forbidden, "the account lacks the permission " + r.route.Permission, "give it a role that has it (" + r.route.Roles + ")"
	case status == http.StatusNotFound:
		return NotFound, "no such route", hintURL(r) + ", and the server's release"
	default:
		return BadResponse, "not an answer of this route", hintNotRocketChat
	}
}

// hintURL is what to do about a path that the API does not have.
func hintURL(r request) string {
	if r.prefix != "" {
		return fmt.Sprintf("check url: remove its path %s unless Rocket.Chat is served below it", r.prefix)
	}
	return "check url (without /api/v1)"
}

// badRequest classifies status 400, which the server uses for everything that a handler
// throws: a missing licence, a parameter, and its database's errors.
func badRequest(r request, said errorBody) (outcome Outcome, what, hint string) {
	switch said.ErrorType {
	case "error-action-not-allowed":
		return Unlicensed, "the workspace has no active premium licence with livechat-enterprise, which this route needs",
			"activate one under Administration > Subscription"
	case "invalid-params", "error-invalid-params": // The second is that of routes in the server's typed form.
		return InvalidParams, "the server refuses the parameters" + said.quoted(r.account),
			"its release may be older or newer than this exporter supports"
	default:
		return ServerError, "the server could not answer" + said.quoted(r.account), hintServerLogs
	}
}

// destination is where a redirect leads, by scheme and host alone.
func destination(resp *http.Response, a account) string {
	location, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || location.Host == "" || a.appearsIn(location.Scheme+"://"+location.Host) {
		return "elsewhere"
	}
	return fmt.Sprintf("to %.*q", maxQuoted, location.Scheme+"://"+location.Host)
}

// Limits of what is read and shown of an error's body, in bytes.
const (
	maxErrorBody = 64 << 10
	maxQuoted    = 200
)

// errorBody is the server's JSON for an error. Error is a number in some answers.
type errorBody struct {
	Error     any
	ErrorType string

	json, empty bool
}

// readErrorBody decodes an error's body. What is not a JSON object has no fields.
func readErrorBody(body io.Reader) errorBody {
	raw, err := io.ReadAll(io.LimitReader(body, maxErrorBody))
	var said errorBody
	if err == nil && json.Unmarshal(raw, &said) == nil {
		said.json = true
		return said
	}
	return errorBody{empty: err == nil && len(raw) == 0}
}

// quoted is the server's text for the error in brackets: empty if there is none, and if
// it contains a credential.
func (b errorBody) quoted(a account) string {
	text, _ := b.Error.(string)
	if text == "" || a.appearsIn(text) {
		return ""
	}
	return fmt.Sprintf(" (%q)", strings.ToValidUTF8(text[:min(len(text), maxQuoted)], ""))
}

// interrupted is the error of a call whose context has ended.
func interrupted(ctx context.Context, route *Route) *Error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return &Error{Route: route.Name, Outcome: Canceled, What: "the call was canceled", Hint: "nothing: a reload or a shutdown ended it"}
	}
	return &Error{
		Route: route.Name, Outcome: Timeout, What: "no whole answer in time",
		Hint: "the workspace is slow or hangs: look at its load, or raise timeout",
	}
}

// broken is the error of a call that failed below HTTP. Of the error's text only what is
// the operating system's or of the certificate is shown: the rest can hold what the
// server sent.
func broken(ctx context.Context, route *Route, err error) *Error {
	netErr, isNetErr := errors.AsType[net.Error](err)
	if ctx.Err() != nil || isNetErr && netErr.Timeout() {
		return interrupted(ctx, route)
	}
	e := &Error{Route: route.Name, Outcome: Network}
	if e.What, e.Hint = tlsFailure(err); e.What != "" {
		return e
	}
	e.Hint = hintNetwork
	operation, isOperation := errors.AsType[*net.OpError](err)
	name, isName := errors.AsType[*net.DNSError](err)
	switch {
	case isName: // Its text can hold the port of this one lookup.
		e.What = fmt.Sprintf("the name %q cannot be resolved", name.Name)
	case isOperation:
		e.What = fmt.Sprintf("%s: %v", operation.Op, operation.Err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		e.What = "the server closed the connection"
	default:
		e.What = "the connection failed, or what came over it is not HTTP"
	}
	return e
}

// tlsFailure returns what is wrong with TLS and what to do; empty if TLS is not the
// reason.
func tlsFailure(err error) (what, hint string) {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "the server's certificate is signed by an unknown authority",
			"set ca_file in http_client's tls_config, or have the server send its intermediate certificate"
	}
	if name, ok := errors.AsType[x509.HostnameError](err); ok {
		if len(name.Certificate.DNSNames)+len(name.Certificate.IPAddresses) == 0 {
			return "the server's certificate has only a common name", "have it made anew with the host as a subject alternative name"
		}
		return fmt.Sprintf("the server's certificate is not for %q", name.Host), "check the host in url, or set server_name in http_client's tls_config"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return "the server's certificate has expired or is not valid yet", "renew it, and check the clock of this machine"
	}
	if refused, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fmt.Sprintf("the server's certificate is refused: %v", refused.Err), "have it made anew, or set ca_file in http_client's tls_config"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "the server does not use TLS on this port", "check scheme and port in url"
	}
	if alert, ok := errors.AsType[*net.OpError](err); ok && alert.Op == "remote error" {
		return fmt.Sprintf("the server ended the TLS handshake: %v", alert.Err),
			"check tls_config in http_client: the server may want a client certificate (cert_file and key_file)"
	}
	return "", ""
}
