package check

import (
	"fmt"

	"livechat_exporter/internal/rocketchat"
)

// reachability tells whether Rocket.Chat answers at the address.
func (a *attempt) reachability() Result {
	seen := a.connection.seen()
	if a.infoErr == nil {
		return Result{Check: Reachability, Status: OK, Found: fmt.Sprintf("Rocket.Chat %s answers at %s in %s", a.release, seen.remote, shown(a.asked))}
	}
	r := Result{Check: Reachability, Status: Failed, Meaning: "no number can be had from this address"}
	r.Found, r.Action = a.failure(a.infoErr)
	switch {
	case a.answersElsewhere():
		r.Status = Warning
		r.Found = "Rocket.Chat answers, but does not tell its version: " + r.Found
		r.Meaning = "the exporter works without it"
		r.Action = "let GET /api/info through, if a proxy keeps it back"
	case outcome(a.infoErr) == "": // Not sent.
		r.Meaning = "this workspace was not checked"
	case outcome(a.infoErr) != rocketchat.Network:
	case seen.unresolved:
		r.Action = "check the host name in url, and the name resolution of this machine"
	case seen.tlsErr != nil:
		r.Action = "see " + TLS + " below"
	case seen.connected:
		r.Action = "see that host and port in url are Rocket.Chat's, or its proxy's, and look at the logs there"
	default:
		r.Action = "see that Rocket.Chat runs, that host and port in url are right, and that no firewall is in the way"
	}
	return r
}

// answersElsewhere reports whether another answer shows that Rocket.Chat is there.
func (a *attempt) answersElsewhere() bool {
	for _, got := range a.answers {
		if len(got.calls) > 0 && speaks(got.err) {
			return true
		}
	}
	return false
}

// address returns the workspace's address for people.
func (a *attempt) address() string {
	if rocketchat.HoldsSecret(a.URL, a.hidden...) {
		return a.Address
	}
	return a.URL
}
