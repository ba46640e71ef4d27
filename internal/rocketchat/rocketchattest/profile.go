package rocketchattest

import "fmt"

// Profile is a generation of the server. The generations differ in the bodies of
// their errors, in the order of their checks and in the parameters they accept.
type Profile int

const (
	// Old is Rocket.Chat 6: no paging parameters, and without a licence the
	// route does not exist, so that the web app's page answers with 200.
	Old Profile = iota
	// Mid is Rocket.Chat 7.9 to 8.5: it checks the licence before anything else
	// and the permission last.
	Mid
	// Latest is Rocket.Chat 8.8: it checks the licence after credentials and
	// permission, and answers unknown paths with a plain 404.
	Latest
	// Nine is Rocket.Chat 9.0: as Latest, but a refusal of credentials has no more
	// than success and error, and that of a login no reason.
	Nine
)

// String names the profile as its constant does, in lower case.
func (p Profile) String() string {
	switch p {
	case Old:
		return "old"
	case Mid:
		return "mid"
	case Latest:
		return "latest"
	case Nine:
		return "nine"
	}
	return fmt.Sprintf("Profile(%d)", int(p))
}
