package rocketchat

import (
	"fmt"
	"strings"
)

// Credentials returns the user id and the auth token for one call. It is asked
// before each call, so that a token can be rotated without a restart. An error
// means that there is nothing usable: then nothing is sent. It must be safe for
// concurrent use, and its error must not hold a credential.
type Credentials func() (userID, authToken string, err error)

// AccessToken returns the [Credentials] of an account with a personal access
// token, each part read anew for each call.
func AccessToken(userID, authToken func() (string, error)) Credentials {
	return func() (string, string, error) {
		id, err := userID()
		if err != nil {
			return "", "", fmt.Errorf("user id: %w", err)
		}
		token, err := authToken()
		if err != nil {
			return "", "", fmt.Errorf("auth token: %w", err)
		}
		return id, token, nil
	}
}

// usable returns user id and token if a header can carry both.
func (c Credentials) usable() (userID, authToken string, err error) {
	userID, authToken, err = c()
	switch {
	case err != nil:
		return "", "", fmt.Errorf("%w: %w", ErrNoCredentials, err)
	case !fitsHeader(userID):
		return "", "", fmt.Errorf("%w: the user id is empty or holds characters that a header cannot carry", ErrNoCredentials)
	case !fitsHeader(authToken):
		return "", "", fmt.Errorf("%w: the auth token is empty or holds characters that a header cannot carry", ErrNoCredentials)
	}
	return userID, authToken, nil
}

// fitsHeader reports whether the value is printable ASCII without white space,
// as all of the server's ids and tokens are.
func fitsHeader(value string) bool {
	return value != "" && strings.IndexFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}
