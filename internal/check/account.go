package check

import (
	"errors"
	"slices"

	"livechat_exporter/internal/rocketchat"
)

// account tells whether the server accepts the credentials.
func (a *attempt) account() Result {
	forbidden := false
	for _, q := range a.questions() {
		got := a.answers[q.route]
		if got == nil {
			continue
		}
		switch {
		case routeOf(got.err) == routeLogin, outcome(got.err) == rocketchat.Unauthorized, errors.Is(got.err, rocketchat.ErrNoCredentials):
			return a.refusedAccount(got.err)
		case accepted(got.err):
			return a.acceptedAccount()
		case outcome(got.err) == rocketchat.Forbidden:
			forbidden = true
		}
	}
	if a.loggedIn() {
		return a.acceptedAccount()
	}
	if forbidden {
		return skipped(Account, "not certain: 403 means that the account is known; but a workspace that lets strangers read "+
			"(Accounts_AllowAnonymousRead) can answer so to a wrong token too")
	}
	switch a.stopped {
	case "":
		return skipped(Account, "no answer tells")
	case unlicensed:
		return skipped(Account, "no answer tells: this server looks for the licence first")
	default:
		return skipped(Account, a.stopped)
	}
}

// accepted reports whether the end of a question shows that the account was accepted.
// A missing licence does not, because some releases look for that first.
func accepted(err error) bool {
	return outcome(err) == rocketchat.OK || outcome(err) == rocketchat.InvalidParams
}

// loggedIn reports whether a login has succeeded.
func (a *attempt) loggedIn() bool {
	return slices.ContainsFunc(a.sent.of(routeLogin), func(c rocketchat.Call) bool { return c.Outcome == rocketchat.OK })
}

func (a *attempt) acceptedAccount() Result {
	r := Result{Check: Account, Status: OK, Found: "user id and auth token are accepted"}
	if !a.Login {
		return r
	}
	r.Found = "the login succeeds, and the session was ended again"
	if a.logoutErr != nil {
		r.Status = Warning
		r.Found, r.Action = a.failure(a.logoutErr)
		r.Found = "the login succeeds, but the session was not ended: " + r.Found
		r.Meaning = "the account has one session more, of 50 at most, until it expires"
	}
	return r
}

func (a *attempt) refusedAccount(err error) Result {
	r := Result{Check: Account, Status: Failed, Meaning: "no number can be had with this account"}
	r.Found, r.Action = a.failure(err)
	if routeOf(err) == routeLogin {
		r.Found = "the login fails: " + r.Found
	}
	return r
}
