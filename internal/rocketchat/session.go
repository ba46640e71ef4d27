package rocketchat

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"
)

// loginInterval is the least time between two logins, or two calls with a token that was
// refused. An account has at most 50 tokens
// of logins, of which the next login removes the oldest, whoever uses it; and a workspace
// can block an account after failed logins.
const loginInterval = time.Minute

// LoginWith returns the [Credentials] of an account that logs in with its user name and
// password. It logs in when the first call needs a token, keeps the token, and logs in
// again only after the server refused it, at most once a minute. Nothing is sent
// meanwhile.
//
// The credentials belong to one workspace and outlive its clients, so that a reload costs
// no login. [Client.Logout] ends the session.
func LoginWith(username, password Source) Credentials {
	return &session{username: username, password: password, turn: make(chan struct{}, 1)}
}

type session struct {
	username, password Source

	turn chan struct{} // Holds one while somebody logs in; the others wait.

	mu        sync.Mutex
	current   account // Zero as long as there is no token that the server accepts.
	lastLogin time.Time
	failure   *Error // Why there is no token since the last login.
}

// account returns the account with its token, after a login if there is none.
func (s *session) account(ctx context.Context, c *Client, route *Route) (account, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return account{}, ctx.Err()
	}
	now := c.options.Now()
	s.mu.Lock()
	current, failure, recent := s.current, s.failure, !s.lastLogin.IsZero() && now.Sub(s.lastLogin) < loginInterval
	s.mu.Unlock()
	switch {
	case current != account{}:
		return current, nil
	case recent:
		return account{}, failure
	}
	got, err := s.login(ctx, c, route)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = got
	s.failure = noCredentials(route, "the session has ended, and there is at most one login a minute",
		"if this does not pass, look for what ends the account's sessions")
	e, failed := errors.AsType[*Error](err)
	if failed && e.Outcome != Canceled {
		s.failure = e
	}
	if err == nil || failed && e.Outcome != NoCredentials { // It was sent.
		s.lastLogin = now
	}
	return got, err
}

// login reads user name and password, and sends them, for a call of the route.
//
// https://developer.rocket.chat/apidocs/login-with-username-and-password
func (s *session) login(ctx context.Context, c *Client, route *Route) (account, error) {
	username, err := s.username.read(ctx, route, "user name")
	if err != nil {
		return account{}, err
	}
	password, err := s.password.read(ctx, route, "password")
	if err != nil {
		return account{}, err
	}
	body, err := json.Marshal(map[string]string{"user": username, "password": password})
	if err != nil {
		return account{}, err
	}
	calls, err := c.one(Login)
	if err != nil {
		return account{}, err
	}
	defer calls.Release()
	got := account{password: password}
	req := request{method: http.MethodPost, route: Login, body: body, account: got}
	if err := c.send(ctx, calls, req, func(data []byte) error { return decodeLogin(data, &got) }); err != nil {
		return account{}, err
	}
	return got, nil
}

// decodeLogin reads an answer such as {"data":{"userId":"...","authToken":"..."}} into a.
func decodeLogin(data []byte, a *account) error {
	var answer struct {
		Success *bool `json:"success"` // Not all releases send it.
		Data    struct {
			UserID    string `json:"userId"`
			AuthToken string `json:"authToken"`
		} `json:"data"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return err
	}
	if answer.Success != nil && !*answer.Success {
		return errNoSuccess
	}
	if CheckToken(answer.Data.UserID) != nil || CheckToken(answer.Data.AuthToken) != nil {
		return invalid("the answer to the login has no usable userId and authToken")
	}
	a.userID, a.authToken = answer.Data.UserID, answer.Data.AuthToken
	return nil
}

// loginHint is what to do about a refused login. The errors are named in
// apps/meteor/app/2fa/server/code/index.ts and
// apps/meteor/app/authentication/server/hooks/login.ts; 9.0 gives no reason.
func loginHint(said errorBody) string {
	const useToken = "use a personal access token (user_id and auth_token) in place of username and password"
	switch kind, _ := said.Error.(string); {
	case strings.HasPrefix(kind, "totp-"):
		return "the account wants a second factor, which the exporter cannot answer: " + useToken
	case strings.HasPrefix(kind, "error-login-blocked-"):
		return "the workspace blocks this account or address for some minutes after failed logins: check username and password, and wait"
	case kind == "unauthorized":
		return "check username and password, and whether the account is locked or has two-factor authentication: then " + useToken
	default:
		return "check username and password, and whether the account is active"
	}
}

// ended drops a token that was refused, unless there is a newer one by now.
func (s *session) ended(a account, e *Error, _ time.Time) {
	if e == nil || e.Outcome != Unauthorized {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == a {
		s.current = account{}
	}
	e.What, e.Hint = "the server has ended the session", "nothing: the next call logs in again, at most once a minute"
}

// Logout ends the session of an account that logged in: the token is dropped, and the
// server is asked to drop it too. Without a session it does nothing.
//
// https://developer.rocket.chat/apidocs/logout
func (c *Client) Logout(ctx context.Context) error {
	s, ok := c.options.Credentials.(*session)
	if !ok {
		return nil
	}
	s.mu.Lock()
	ended := s.current
	s.current = account{}
	s.mu.Unlock()
	if ended == (account{}) {
		return nil
	}
	calls, err := c.one(Logout)
	if err != nil {
		return err
	}
	defer calls.Release()
	req := request{method: http.MethodPost, route: Logout, body: []byte("{}"), account: ended}
	err = c.send(ctx, calls, req, func([]byte) error { return nil })
	if e, ok := errors.AsType[*Error](err); ok && e.Outcome == Unauthorized {
		return nil // The server has ended it already.
	}
	return err
}
