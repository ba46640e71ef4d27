package rocketchattest

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"sync"
	"time"
)

// maxLoginTokens is how many tokens of logins an account can have. The next login
// throws the oldest out, whoever uses it.
const maxLoginTokens = 50

// sessions are the logins of the account.
type sessions struct {
	mu     sync.Mutex
	tokens []loginToken // the oldest first
	logins int
}

type loginToken struct {
	token string
	since time.Time
}

// Logins is how many logins have given a token so far.
func (w *Workspace) Logins() int {
	w.sessions.mu.Lock()
	defer w.sessions.mu.Unlock()
	return w.sessions.logins
}

// LoginTokens is how many tokens of logins are valid: those that were not logged
// out, have not expired, were not thrown out and not revoked.
func (w *Workspace) LoginTokens() int {
	settings := w.Settings()
	return w.sessions.valid(&settings, settings.Now())
}

// RevokeLoginTokens ends all logins, as an administrator does who logs the account
// out everywhere, and as a new password does. The personal access token stays.
func (w *Workspace) RevokeLoginTokens() {
	w.sessions.mu.Lock()
	defer w.sessions.mu.Unlock()
	w.sessions.tokens = nil
}

// begin gives a token. Tokens are of the server's form, and the same in each run.
func (s *sessions) begin(settings *Settings, now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logins++
	secret := sha256.Sum256(fmt.Appendf(nil, "login %d", s.logins))
	token := base64.RawURLEncoding.EncodeToString(secret[:])
	s.expire(settings, now)
	s.tokens = append(s.tokens, loginToken{token: token, since: now})
	s.tokens = s.tokens[max(0, len(s.tokens)-maxLoginTokens):]
	return token
}

// end takes a token back.
func (s *sessions) end(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = slices.DeleteFunc(s.tokens, func(t loginToken) bool { return t.token == token })
}

// has reports whether a token is valid.
func (s *sessions) has(token string, settings *Settings, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(settings, now)
	return slices.ContainsFunc(s.tokens, func(t loginToken) bool { return t.token == token })
}

// valid is how many tokens are.
func (s *sessions) valid(settings *Settings, now time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(settings, now)
	return len(s.tokens)
}

func (s *sessions) expire(settings *Settings, now time.Time) {
	s.tokens = slices.DeleteFunc(s.tokens, func(t loginToken) bool { return now.Sub(t.since) >= settings.LoginExpiration })
}
