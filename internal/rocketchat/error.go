package rocketchat

import (
	"errors"
	"fmt"
)

// ErrNoCredentials is wrapped by the error of a request that was not sent
// because there is no usable user id or token.
var ErrNoCredentials = errors.New("no credentials")

// Error is a call that brought no valid answer. It wraps nothing: the errors
// below it may hold what the server sent, and a server can send back the token.
type Error struct {
	// Route is the last part of the path that was asked.
	Route string
	// Outcome is never [OK].
	Outcome Outcome
	// Status is the HTTP status, 0 if no answer came.
	Status int
	// Message is what happened and what to do.
	Message string
	// Cause is what failed below HTTP, in the same words each time; empty where
	// words of the server tell, which can be others each time.
	Cause string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("%s: %s", e.Route, e.Message)
	}
	return fmt.Sprintf("%s: HTTP %d: %s", e.Route, e.Status, e.Message)
}
