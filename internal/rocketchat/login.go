package rocketchat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// loginBody is what a login sends.
type loginBody struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

// logIn logs in and returns the account with its token.
//
// https://developer.rocket.chat/apidocs/login-with-username-and-password
func (c *Client) logIn(ctx context.Context, username, password string) (account, error) {
	b, err := c.single(login)
	if err != nil {
		return account{}, err
	}
	body, err := json.Marshal(loginBody{User: username, Password: password}) //nolint:gosec // G117: a login is what sends the password.
	if err != nil {
		b.release(1)
		return account{}, fmt.Errorf("%s: write the request: %w", login.name, err)
	}
	var got account
	o := outgoing{method: http.MethodPost, route: login, body: body, account: account{password: password}}
	_, err = c.send(ctx, o, b, func(r io.Reader, _ remoteText) (err error) {
		got, err = decodeLogin(r)
		return err
	})
	if err != nil {
		return account{}, err
	}
	got.password = password
	return got, nil
}

// Logout ends the session of a client whose credentials are those of [Login]: the token
// is forgotten here, and the server is told to forget it. It does nothing if there is no
// session. The error is an [*Error], or wraps [ErrBudgetSpent] if nothing was sent.
//
// https://developer.rocket.chat/apidocs/logout
func (c *Client) Logout(ctx context.Context) error {
	s, ok := c.options.Credentials.(*session)
	if !ok {
		return nil
	}
	ended := s.end()
	if ended == (account{}) {
		return nil
	}
	b, err := c.single(logout)
	if err != nil {
		return err
	}
	o := outgoing{method: http.MethodPost, route: logout, body: []byte("{}"), account: ended}
	_, err = c.send(ctx, o, b, func(r io.Reader, _ remoteText) error {
		_, read := io.Copy(io.Discard, r)
		return read //nolint:wrapcheck // The body tells what it means.
	})
	if failed, ok := errors.AsType[*Error](err); ok && failed.Outcome == Unauthorized {
		return nil // The server had ended it already.
	}
	return err
}

// single takes the one call that a route needs which is asked no [Question].
func (c *Client) single(r *route) (*budget, error) {
	b := c.options.Budget.route(r.name)
	if !b.more(Place{Holder: c, Since: c.options.Now()}, 1) {
		return nil, fmt.Errorf("%s: %w", r.name, ErrBudgetSpent)
	}
	return b, nil
}

// refusedLogin says why a login was refused, and what to do. The kinds of refusal are
// named in apps/meteor/app/2fa/server/code/index.ts and
// apps/meteor/app/authentication/server/hooks/login.ts.
func refusedLogin(body errorBody) string {
	kind, _ := body.Error.(string) // A wrong password has a number.
	switch {
	case strings.HasPrefix(kind, "totp-"):
		return "the account asks for a second factor, which no program can answer: use a personal access token (user_id and auth_token) in place of username and password"
	case strings.HasPrefix(kind, "error-login-blocked-"):
		return "the workspace blocks the logins of this account or address for a while, after too many that failed: check username and password, and wait some minutes"
	default:
		return "user name or password is wrong, or the account is not active: check username and password"
	}
}
