package collector

import (
	"errors"

	"livechat_exporter/internal/rocketchat"
)

// Reasons of a failed attempt that are no outcome of a call.
const (
	noCredentials  = "no_credentials"
	unusableAnswer = "unusable_answer"
)

// failure is why an attempt failed. Two that are equal need be told only once.
type failure struct {
	// reason is a word of a closed set, empty if there was no failure.
	reason string
	// detail is what the reason leaves open and the operator has to know, such
	// as which file is missing. It never comes from the server, whose words can
	// be others each time.
	detail string
}

// failureOf returns why an attempt failed by its error, which may be nil.
func failureOf(err error) failure {
	failed, isCall := errors.AsType[*rocketchat.Error](err)
	switch {
	case err == nil:
		return failure{}
	case isCall:
		return failure{reason: string(failed.Outcome), detail: failed.Cause}
	case errors.Is(err, rocketchat.ErrNoCredentials):
		return failure{reason: noCredentials, detail: err.Error()}
	default:
		return failure{reason: unusableAnswer}
	}
}

// lasts reports whether the failure stays until somebody does something.
func (f failure) lasts() bool {
	switch f.reason {
	case noCredentials, string(rocketchat.Unauthorized), string(rocketchat.Forbidden),
		string(rocketchat.Unlicensed), string(rocketchat.Redirected):
		return true
	default:
		return false
	}
}
