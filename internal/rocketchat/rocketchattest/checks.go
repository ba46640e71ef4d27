package rocketchattest

import (
	"fmt"
	"math"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// check passes a call by returning nil, or answers it.
type check func(*call) *answer

// checks are the steps before a handler, in the order in which the profile takes
// them: those before the route, and those inside of it, whose answers look like
// the handler's.
func (p Profile) checks() (before, inside []check) {
	switch p {
	case Old:
		return nil, []check{authenticate, limitRate, validate, permit}
	case Mid:
		return []check{license}, []check{authenticate, limitRate, validate, permit}
	default:
		return []check{authenticate, permit, license}, []check{limitRate, validate}
	}
}

func license(c *call) *answer {
	if !c.route.premium || c.settings.Licensed {
		return nil
	}
	return failed(http.StatusBadRequest, "This is an enterprise feature [error-action-not-allowed]", "error-action-not-allowed")
}

func authenticate(c *call) *answer {
	const message = "You must be logged in to do this."
	c.anonymous = c.route.public
	if c.anonymous || c.workspace.authenticated(c.settings, c.request, c.now) {
		return nil
	}
	body := failure{}
	if c.workspace.profile != Old {
		body.Success, body.Error = new(false), message
	}
	if c.workspace.profile != Nine {
		body.Status, body.Message = "error", message
	}
	return jsonAnswer(http.StatusUnauthorized, body)
}

// authenticated reports whether a request carries the account's id and one of its
// tokens: the personal access token, or one that a login gave.
func (w *Workspace) authenticated(s *Settings, r *http.Request, now time.Time) bool {
	token := r.Header.Get("X-Auth-Token")
	return r.Header.Get("X-User-Id") == s.UserID && (token == s.AuthToken || w.sessions.has(token, s, now))
}

func permit(c *call) *answer {
	if len(c.route.permissions) == 0 || !c.anonymous && slices.ContainsFunc(c.route.permissions, c.settings.permits) {
		return nil
	}
	errorType := ""
	if c.settings.ForbiddenErrorType {
		errorType = "error-forbidden"
	}
	return failed(http.StatusForbidden, "User does not have the permissions required for this action [error-unauthorized]", errorType)
}

func limitRate(c *call) *answer {
	limit := c.settings.RateLimit
	bypass := !c.anonymous && c.settings.permits(BypassRateLimit)
	if limit.Calls == 0 || bypass && !c.settings.BypassLast {
		return nil
	}
	v := c.workspace.limiter.call(limit, c.route.method+" "+c.route.path, clientAddress(c.request), c.now)
	c.header.Set("X-RateLimit-Limit", strconv.Itoa(limit.Calls))
	c.header.Set("X-RateLimit-Remaining", strconv.Itoa(v.remaining))
	c.header.Set("X-RateLimit-Reset", strconv.FormatInt(v.reset, 10))
	if v.allowed || bypass {
		return nil
	}
	return failed(http.StatusTooManyRequests, fmt.Sprintf("Error, too many requests. Please slow down. "+
		"You must wait %.0f seconds before trying this endpoint again. [error-too-many-requests]", math.Ceil(v.wait.Seconds())), "")
}

// clientAddress is what the limiter takes for the client's address: the header
// X-Real-IP, which any client may set, else the socket's.
func clientAddress(r *http.Request) string {
	if told := r.Header.Get("X-Real-IP"); told != "" {
		return told
	}
	return host(r.RemoteAddr)
}

// local reports whether ForceSSL takes the client for one on the server's machine: a
// proxy there that names a client elsewhere is not.
func local(r *http.Request) bool {
	addresses := []string{host(r.RemoteAddr)}
	if forwarded := r.Header.Get("X-Forwarded-For"); forwarded != "" {
		addresses = append(addresses, strings.Split(forwarded, ",")...)
	}
	for _, address := range addresses {
		if address = strings.TrimSpace(address); address != "127.0.0.1" && address != "::1" {
			return false
		}
	}
	return true
}

// host is an address without its port.
func host(address string) string {
	if h, _, err := net.SplitHostPort(address); err == nil {
		return h
	}
	return address
}
