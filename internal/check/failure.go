package check

import (
	"context"
	"errors"
	"strings"

	"livechat_exporter/internal/rocketchat"
)

// outcome returns how the call of a question ended, OK without an error. It is empty if
// nothing was sent.
func outcome(err error) rocketchat.Outcome {
	if err == nil {
		return rocketchat.OK
	}
	if failed, ok := errors.AsType[*rocketchat.Error](err); ok {
		return failed.Outcome
	}
	return ""
}

// routeOf returns the route of the call that failed, empty if none did.
func routeOf(err error) string {
	if failed, ok := errors.AsType[*rocketchat.Error](err); ok {
		return failed.Route
	}
	return ""
}

// speaks reports whether the end of a question shows that the server is Rocket.Chat:
// good answers do, and its own words for a refusal.
func speaks(err error) bool {
	failed, ok := errors.AsType[*rocketchat.Error](err)
	if !ok {
		return err == nil
	}
	switch failed.Outcome {
	case rocketchat.Unauthorized, rocketchat.Forbidden, rocketchat.InvalidParams, rocketchat.RateLimited:
		return true
	case rocketchat.Unlicensed:
		return failed.Status != 200 // With it comes a web page, which anybody can send.
	default:
		return false
	}
}

// failure returns what happened and what to do about it.
func (a *attempt) failure(err error) (found, action string) {
	switch failed, ok := errors.AsType[*rocketchat.Error](err); {
	case a.overtime && (!ok || failed.Outcome == rocketchat.Timeout):
		return overtime, "raise --time-limit, or check one workspace at a time with --workspace"
	case ok && failed.Outcome != rocketchat.Canceled:
		return failed.Parts()
	case errors.Is(err, rocketchat.ErrNoCredentials):
		_, what, _ := strings.Cut(err.Error(), ": ") // After the name of the route.
		return what, readable
	case errors.Is(err, rocketchat.ErrBudgetSpent):
		return "the call budget of rate_limit, " + shownLimit(a.Limit) + ", is spent by this check",
			"check again in " + shown(a.Limit.Per) + ", or one workspace at a time with --workspace"
	case errors.Is(err, context.Canceled), ok && failed.Outcome == rocketchat.Canceled:
		return interrupted, "check again"
	default:
		return err.Error(), ""
	}
}
