package rocketchat

import (
	"context"
	"fmt"
	"strings"
)

// Credentials are what a [Client] proves itself with: those of [AccessToken] or of
// [Login]. They are safe for concurrent use.
type Credentials interface {
	// account returns what to send with one call. If it takes another call to get
	// that, the client sends it. The error is an [*Error] of such a call, or wraps
	// [ErrNoCredentials] or [ErrBudgetSpent] if nothing was sent, or the context's
	// own. It holds no credential.
	account(ctx context.Context, c *Client) (account, error)
	// refused is told that the server did not accept the account, and returns what
	// that means; empty where it means that the account is wrong.
	refused(a account) (meaning string)
}

// account is a user with a token.
type account struct {
	userID, authToken string
	// password is what the token was got with, or is to be got with. It is empty for
	// a personal access token.
	password string
}

// remoteText is how to show what comes back when the account was sent.
func (a account) remoteText() remoteText {
	return remoteText{
		secrets: []string{a.authToken, a.userID, a.password},
		unseen:  a.password != "" && a.authToken == "",
	}
}

// AccessToken returns the [Credentials] of an account with a personal access
// token, each part read anew for each call, so that a token can be rotated without a
// restart. The errors of the parts must not hold a credential.
func AccessToken(userID, authToken func() (string, error)) Credentials {
	return accessToken{userID: userID, authToken: authToken}
}

type accessToken struct {
	userID, authToken func() (string, error)
}

func (t accessToken) account(context.Context, *Client) (account, error) {
	userID, err := t.userID()
	if err != nil {
		return account{}, fmt.Errorf("%w: user id: %w", ErrNoCredentials, err)
	}
	authToken, err := t.authToken()
	switch {
	case err != nil:
		return account{}, fmt.Errorf("%w: auth token: %w", ErrNoCredentials, err)
	case !fitsHeader(userID):
		return account{}, fmt.Errorf("%w: the user id is empty or holds characters that a header cannot carry", ErrNoCredentials)
	case !fitsHeader(authToken):
		return account{}, fmt.Errorf("%w: the auth token is empty or holds characters that a header cannot carry", ErrNoCredentials)
	}
	return account{userID: userID, authToken: authToken}, nil
}

func (accessToken) refused(account) string { return "" }

// fitsHeader reports whether the value is printable ASCII without white space,
// as all of the server's ids and tokens are.
func fitsHeader(value string) bool {
	return value != "" && strings.IndexFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}
