package rocketchat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// loginPause is the least time from one login to the next. An account has 50 tokens of
// logins, and the next login throws the oldest out, whoever uses it; a workspace can
// also block an account after logins that failed.
const loginPause = time.Minute

// errNoSession is why nothing is sent until there may be another login. It says the
// same each time.
var errNoSession = fmt.Errorf("%w: the server has ended the session, or a login was given up, and there is at most one in a minute: "+
	"if this does not pass by itself, look for what ends the account's sessions", ErrNoCredentials)

// Login returns the [Credentials] of an account that logs in with its user name and
// password, each read anew for each login. It logs in when the first call needs a token,
// keeps the token in memory, and logs in again only after the server has refused it,
// never more than once a minute. Meanwhile nothing is sent. Calls that need a token at
// the same time share one login.
//
// The credentials belong to one workspace and outlive its clients: a client with a new
// configuration need not log in. [Client.Logout] ends the session. A second factor cannot
// be answered: such an account needs a personal access token.
//
// The errors of the parts must not hold a credential.
func Login(username, password func() (string, error)) Credentials {
	return &session{username: username, password: password}
}

// session is an account that is logged in, or not yet.
type session struct {
	username, password func() (string, error)

	mu sync.Mutex
	// server is the address of the only one that gets the password and the token.
	server string
	// current is zero as long as there is no token that the server accepts.
	current account
	// attempt is the login that is on its way, nil if there is none.
	attempt *loginAttempt
	// began is when the last login that was sent began.
	began time.Time
	// failure is why the last login gave no token.
	failure *Error
}

// loginAttempt is a login that one or more calls wait for.
type loginAttempt struct {
	cancel  context.CancelFunc
	waiting int // Guarded by the session's lock.

	// What follows is set when done is closed.
	done    chan struct{}
	account account
	err     error
}

// account returns the account with its token. Where there is none it joins the login
// that is on its way, or begins one if there may be one.
func (s *session) account(ctx context.Context, c *Client) (account, error) {
	attempt, current, err := s.join(ctx, c)
	if attempt == nil {
		return current, err
	}
	select {
	case <-attempt.done:
		return attempt.account, attempt.err
	case <-ctx.Done():
		s.leave(attempt)
		return account{}, fmt.Errorf("wait for the login: %w", ctx.Err())
	}
}

// join returns the login to wait for, nil if there is nothing to wait for.
func (s *session) join(ctx context.Context, c *Client) (*loginAttempt, account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	address := serverAddress(c.options.URL)
	switch {
	case s.server != "" && s.server != address:
		return nil, account{}, fmt.Errorf("%w: the session belongs to another server", ErrNoCredentials)
	case s.current != account{}:
		return nil, s.current, nil
	case s.attempt == nil && !s.began.IsZero() && c.options.Now().Sub(s.began) < loginPause:
		return nil, account{}, s.pausing()
	}
	s.server = address
	if s.attempt == nil {
		s.begin(ctx, c)
	}
	s.attempt.waiting++
	return s.attempt, account{}, nil
}

// pausing returns why there is no token until there may be another login.
func (s *session) pausing() error {
	if s.failure != nil {
		return s.failure
	}
	return errNoSession
}

// begin sends a login, which ends when nobody waits for it.
func (s *session) begin(ctx context.Context, c *Client) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	attempt := &loginAttempt{cancel: cancel, done: make(chan struct{})}
	before := s.began
	s.attempt, s.began = attempt, c.options.Now()
	go func() {
		defer cancel()
		got, err := s.logIn(ctx, c)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.attempt, s.current, s.failure = nil, got, nil
		if failed, sent := errors.AsType[*Error](err); sent && failed.Outcome != Canceled {
			s.failure = failed
		} else if err != nil && !sent {
			s.began = before
		}
		attempt.account, attempt.err = got, err
		close(attempt.done)
	}()
}

// leave gives up waiting. The last to leave ends the login, and waits for that.
func (s *session) leave(attempt *loginAttempt) {
	s.mu.Lock()
	attempt.waiting--
	last := attempt.waiting == 0
	s.mu.Unlock()
	if last {
		attempt.cancel()
		<-attempt.done
	}
}

// logIn reads user name and password, and sends them.
func (s *session) logIn(ctx context.Context, c *Client) (account, error) {
	username, err := s.username()
	if err != nil {
		return account{}, fmt.Errorf("%w: user name: %w", ErrNoCredentials, err)
	}
	password, err := s.password()
	switch {
	case err != nil:
		return account{}, fmt.Errorf("%w: password: %w", ErrNoCredentials, err)
	case username == "" || !utf8.ValidString(username):
		return account{}, fmt.Errorf("%w: the user name is empty or not in UTF-8", ErrNoCredentials)
	case password == "" || !utf8.ValidString(password):
		return account{}, fmt.Errorf("%w: the password is empty or not in UTF-8", ErrNoCredentials)
	}
	return c.logIn(ctx, username, password)
}

// refused forgets the token, unless there is a newer one by now.
func (s *session) refused(a account) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == a {
		s.current = account{}
	}
	return "the server has ended the session: the next call logs in again, at most once in a minute"
}

// end forgets the token and returns it, after a login that was on its way has ended.
func (s *session) end() account {
	s.mu.Lock()
	defer s.mu.Unlock()
	if attempt := s.attempt; attempt != nil {
		attempt.cancel()
		s.mu.Unlock()
		<-attempt.done
		s.mu.Lock()
	}
	ended := s.current
	s.current = account{}
	return ended
}

// serverAddress is scheme, host and port, written in one way.
func serverAddress(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)]
	}
	return strings.ToLower(u.Scheme + "://" + net.JoinHostPort(u.Hostname(), port))
}
