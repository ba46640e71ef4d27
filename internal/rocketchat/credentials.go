package rocketchat

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Credentials are what a [Client] proves itself with: those of [AccessToken] or of
// [LoginWith]. They are safe for concurrent use.
type Credentials interface {
	// account returns what to send with a call of the route. It sends a login first if it
	// takes one. The error is an [*Error], or wraps [ErrBudgetSpent].
	account(ctx context.Context, c *Client, route *Route) (account, error)
	// ended is called when a call with the account has ended, with nil if it gave a valid
	// answer. It may change the error's hint.
	ended(a account, e *Error, now time.Time)
}

// account is a user and its token. It is never printed.
type account struct {
	userID, authToken string
	// password is what the token was got with; empty for a personal access token.
	password string
}

// appearsIn reports whether the text contains one of the account's credentials.
func (a account) appearsIn(text string) bool {
	for _, secret := range []string{a.authToken, a.userID, a.password} {
		if secret != "" && strings.Contains(text, secret) {
			return true
		}
	}
	return false
}

// CheckToken fails if the value cannot be a user id or a token, which are printable ASCII
// without white space and quotes. The error does not contain the value.
func CheckToken(value string) error {
	switch {
	case value == "":
		return errors.New("is empty")
	case strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("contains white space or characters that a header cannot carry")
	case strings.ContainsAny(value, `"'`):
		return errors.New("contains a quote: remove the quotes around it")
	}
	return nil
}

// noCredentials is the error of a query for which nothing was sent.
func noCredentials(route *Route, what, hint string) *Error {
	return &Error{Route: route.Name, Outcome: NoCredentials, What: "no credentials: " + what, Hint: hint}
}

// Source reads a credential anew each time, so that a file can be replaced without a
// restart. Its error must not contain the credential.
type Source func(context.Context) (string, error)

// AccessToken returns the [Credentials] of an account with a personal access token. One
// that the server refused is sent once a minute until it is accepted or changes: more
// would look like an intrusion.
func AccessToken(userID, authToken Source) Credentials {
	return &accessToken{userID: userID, authToken: authToken}
}

type accessToken struct {
	userID, authToken Source

	mu      sync.Mutex
	refused account
	refusal *Error // Nil if the server accepts the account.
	sentAt  time.Time
}

func (t *accessToken) account(ctx context.Context, c *Client, route *Route) (account, error) {
	var a account
	for name, part := range map[string]struct {
		source Source
		value  *string
	}{"user id": {t.userID, &a.userID}, "auth token": {t.authToken, &a.authToken}} {
		var err error
		if *part.value, err = part.source.read(ctx, route, name); err != nil {
			return account{}, err
		}
		if err = CheckToken(*part.value); err != nil {
			return account{}, noCredentials(route, "the "+name+" "+err.Error(), "check its value in the configuration or its file")
		}
	}
	now := c.options.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.refusal != nil && t.refused == a {
		if now.Sub(t.sentAt) < loginInterval {
			again := *t.refusal
			again.Route = route.Name
			return account{}, &again
		}
		t.sentAt = now
	}
	return a, nil
}

// idForm is that of the ids that the server makes.
var idForm = regexp.MustCompile(`^[0-9A-Za-z]{17}$|^[0-9a-f]{24}$`)

func (t *accessToken) ended(a account, e *Error, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case e == nil:
		t.refusal = nil
	case e.Outcome == Unauthorized:
		if !idForm.MatchString(a.userID) {
			e.Hint += ", which is not the user name: Rocket.Chat shows both when it makes the token"
		}
		t.refused, t.refusal, t.sentAt = a, e, now
	}
}

// readTimeout is how long reading a credential may take.
const readTimeout = 10 * time.Second

// read reads a credential for a call of the route.
func (s Source) read(ctx context.Context, route *Route, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	value, err := s(ctx)
	if err == nil && value == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		return "", noCredentials(route, name+": "+err.Error(), "check the file and its permissions")
	}
	return value, nil
}
