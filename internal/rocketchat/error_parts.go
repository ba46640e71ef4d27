package rocketchat

import (
	"fmt"
	"strings"
)

// Parts returns what happened, with the HTTP status if there is one, and what to do
// about it: the two parts of Message, which its last colon divides. What to do is empty
// where the error cannot know it.
func (e *Error) Parts() (what, cure string) {
	what = e.Message
	if i := strings.LastIndex(what, ": "); i >= 0 {
		what, cure = what[:i], what[i+2:]
	}
	if e.Status != 0 {
		what = fmt.Sprintf("HTTP %d: %s", e.Status, what)
	}
	return what, cure
}
