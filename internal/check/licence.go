package check

import (
	"errors"
	"net/http"

	"livechat_exporter/internal/rocketchat"
)

// licence tells whether the workspace has the licence that the analytics need.
func (a *attempt) licence() Result {
	got := a.answers[rocketchat.TotalAbandonedChats]
	if got == nil {
		return skipped(Licence, a.stopped)
	}
	failed, _ := errors.AsType[*rocketchat.Error](got.err)
	switch {
	case got.err == nil:
		return Result{Check: Licence, Status: OK, Found: "the premium licence with livechat-enterprise is active"}
	case failed == nil || failed.Outcome != rocketchat.Unlicensed || a.stopped != unlicensed:
		return skipped(Licence, "not known: "+rocketchat.TotalAbandonedChats+" gave no answer")
	}
	r := Result{
		Check: Licence, Status: Failed,
		Found:   "the server says that the premium licence with livechat-enterprise is not active",
		Meaning: "without it there are no analytics, and nothing to export",
		Action:  "see Workspace > Subscription in the administration, and have the licence activated or renewed",
	}
	if failed.Status == http.StatusOK {
		r.Found = "the web app answers in place of the analytics, as releases up to 7.5 do without a premium licence"
		r.Action += "; on a newer release, see that no proxy answers in its place"
	}
	return r
}
