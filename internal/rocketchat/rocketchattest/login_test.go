package rocketchattest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	loginPath  = "/api/v1/login"
	logoutPath = "/api/v1/logout"
)

// rightLogin is a login with the account's name and password.
var rightLogin = request{
	method: http.MethodPost, target: loginPath, stranger: true,
	body: `{"user":"` + Username + `","password":"` + Password + `"}`,
}

// logIn logs in and returns the token.
func logIn(t *testing.T, w *Workspace) string {
	t.Helper()
	got := ask(t, w, rightLogin)
	var body loginAnswer
	if err := json.Unmarshal([]byte(got.body), &body); err != nil || got.status != http.StatusOK || body.Data.UserID != UserID {
		t.Fatalf("login is answered %d %s", got.status, got.body)
	}
	return body.Data.AuthToken
}

// with is a request for the day with a token.
func with(token string) request {
	return request{header: map[string]string{"X-Auth-Token": token}}
}

// accepted says whether a token opens the API.
func accepted(t *testing.T, w *Workspace, token string) bool {
	t.Helper()
	return ask(t, w, with(token)).status == http.StatusOK
}

func TestLogin(t *testing.T) {
	t.Parallel()
	twoFactor := func(s *Settings) { s.TwoFactorCode = "123456" }
	const (
		unknown  = `"error":"Unauthorized","status":"error","message":"Unauthorized"}`
		wrong    = `"error":403,"status":"error","message":"Incorrect password"}`
		nothing  = `"error":400,"status":"error","message":"Unrecognized options for login request"}`
		required = `"error":"totp-required","status":"error","details":{"method":"totp","codeGenerated":false,"availableMethods":["totp"]},"message":"TOTP Required"}`
		badCode  = `"error":"totp-invalid","status":"error","details":{"method":"totp","codeGenerated":false,"availableMethods":["totp"]},"message":"TOTP Invalid"}`
		loggedO  = `"error":403,"status":"error","message":"You've been logged out by the server. Please log in again."}`
		success  = `{"status":"success","data":{"userId":"` + UserID + `","authToken":"`
	)
	for name, tt := range map[string]struct {
		settings setting
		body     string
		header   map[string]string
		status   int
		want     string // of a failure, without success
	}{
		"user and password":        {body: `{"user":"livechat.exporter","password":"correct horse battery staple"}`, status: 200},
		"username and password":    {body: `{"username":"livechat.exporter","password":"correct horse battery staple"}`, status: 200},
		"an unknown user":          {body: `{"user":"nobody","password":"correct horse battery staple"}`, status: 401, want: unknown},
		"a wrong password":         {body: `{"user":"livechat.exporter","password":"wrong"}`, status: 401, want: wrong},
		"no password":              {body: `{"user":"livechat.exporter"}`, status: 401, want: nothing},
		"no user":                  {body: `{"password":"x"}`, status: 401, want: nothing},
		"nothing":                  {status: 401, want: nothing},
		"no JSON":                  {body: "user=livechat.exporter", status: 401, want: nothing},
		"a list":                   {body: "[]", status: 401, want: nothing},
		"no second factor":         {settings: twoFactor, body: `{"user":"livechat.exporter","password":"correct horse battery staple"}`, status: 401, want: required},
		"a wrong second factor":    {settings: twoFactor, body: `{"user":"livechat.exporter","password":"correct horse battery staple","code":"1"}`, status: 401, want: badCode},
		"a second factor":          {settings: twoFactor, body: `{"user":"livechat.exporter","password":"correct horse battery staple","code":"123456"}`, status: 200},
		"a second factor's header": {settings: twoFactor, header: map[string]string{"X-2fa-Code": "123456"}, body: `{"user":"livechat.exporter","password":"correct horse battery staple"}`, status: 200},
		"a wrong password first":   {settings: twoFactor, body: `{"user":"livechat.exporter","password":"wrong","code":"1"}`, status: 401, want: wrong},
		"another password":         {settings: func(s *Settings) { s.Password = "new" }, body: `{"user":"livechat.exporter","password":"new"}`, status: 200},
		"an earlier login's token": {body: `{"resume":"nothing"}`, status: 401, want: loggedO},
		"who needs no permission":  {settings: func(s *Settings) { s.Permissions, s.Licensed = nil, false }, body: `{"user":"livechat.exporter","password":"correct horse battery staple"}`, status: 200},
	} {
		for _, p := range profiles {
			w := newWorkspace(p)
			if tt.settings != nil {
				w.Configure(tt.settings)
			}
			got := ask(t, w, request{method: http.MethodPost, target: loginPath, stranger: true, body: tt.body, header: tt.header})
			want, right := `{"success":false,`+tt.want, false
			switch {
			case tt.status == http.StatusOK:
				want = success
				right = strings.HasPrefix(got.body, want)
			case p == Old:
				want = "{" + tt.want
				fallthrough
			default:
				right = got.body == want
			}
			if got.status != tt.status || !right {
				t.Errorf("%s, %s: answer = %d %s, want %d %s", name, p, got.status, got.body, tt.status, want)
			}
			if said := strings.Contains(got.body, `"success":true`); said != (tt.status == 200 && p != Old) {
				t.Errorf("%s, %s: says success: true = %t", name, p, said)
			}
			if issued := w.Logins(); issued != map[int]int{200: 1}[tt.status] {
				t.Errorf("%s, %s: %d logins", name, p, issued)
			}
			if got.header.Get("X-RateLimit-Limit") != "10" {
				t.Errorf("%s, %s: has no limiter's headers", name, p)
			}
		}
	}
}

func TestATokenOpensUntilItIsLoggedOut(t *testing.T) {
	t.Parallel()
	for _, p := range profiles {
		w := newWorkspace(p)
		first, second := logIn(t, w), logIn(t, w)
		if first == second || len(first) != len(AuthToken) {
			t.Errorf("tokens = %q, %q, want two of 43 characters", first, second)
		}
		if !accepted(t, w, first) || !accepted(t, w, second) || accepted(t, w, "wrong") {
			t.Errorf("%s: the tokens of the logins do not open", p)
		}
		resumed := ask(t, w, request{method: http.MethodPost, target: loginPath, stranger: true, body: `{"resume":"` + first + `"}`})
		if resumed.status != 200 || !strings.Contains(resumed.body, first) || w.Logins() != 2 {
			t.Errorf("%s: resume is answered %d %s after %d logins", p, resumed.status, resumed.body, w.Logins())
		}
		out := with(first)
		out.method, out.target = http.MethodPost, logoutPath
		if got := ask(t, w, out); got.status != 200 || got.body != `{"status":"success","data":{"message":"You've been logged out!"}}` {
			t.Errorf("%s: logout is answered %d %s", p, got.status, got.body)
		}
		if accepted(t, w, first) || !accepted(t, w, second) || w.LoginTokens() != 1 {
			t.Errorf("%s: logging out ended another login than its own", p)
		}
		if got := ask(t, w, out); got.status != 401 {
			t.Errorf("%s: a second logout is answered %d", p, got.status)
		}
		w.Configure(unpermitted)
		out.header = map[string]string{"X-Auth-Token": second}
		if got := ask(t, w, out); got.status != 200 {
			t.Errorf("%s: logout without a permission is answered %d", p, got.status)
		}
	}
}

func TestTokensOfLoginsEnd(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	clock := now
	w.Configure(func(s *Settings) { s.Now = func() time.Time { return clock } })
	w.Configure(unlimited)
	first := logIn(t, w)
	clock = now.Add(90*24*time.Hour - 1)
	if !accepted(t, w, first) {
		t.Error("a token ends before its time")
	}
	second := logIn(t, w)
	clock = now.Add(90 * 24 * time.Hour)
	if accepted(t, w, first) || !accepted(t, w, second) || w.LoginTokens() != 1 {
		t.Error("a token does not end after 90 days")
	}
	w.RevokeLoginTokens()
	if accepted(t, w, second) || !accepted(t, w, AuthToken) || w.LoginTokens() != 0 || w.Logins() != 2 {
		t.Error("revoking ends other tokens than those of logins")
	}
}

func TestTheFiftyFirstLoginThrowsTheOldestOut(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Mid)
	w.Configure(unlimited)
	var tokens []string
	for range 51 {
		tokens = append(tokens, logIn(t, w))
	}
	if accepted(t, w, tokens[0]) || !accepted(t, w, tokens[1]) || !accepted(t, w, tokens[50]) || w.LoginTokens() != 50 || w.Logins() != 51 {
		t.Errorf("%d tokens are valid after %d logins", w.LoginTokens(), w.Logins())
	}
}

func TestALoginIsRecordedAsTheAccounts(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	token := logIn(t, w)
	ask(t, w, with(token))
	ask(t, w, with("wrong"))
	for i, want := range []bool{false, true, false} {
		if got := w.Requests()[i]; got.Authenticated != want {
			t.Errorf("request %d: authenticated = %t, want %t", i, got.Authenticated, want)
		}
	}
}

// A request with a body, too, is given up when its client goes.
func TestAHangingLoginCanBeLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := New(Latest)
		w.Inject(nil, Hang())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://chat.example.com"+loginPath, strings.NewReader(rightLogin.body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := client(t, w).Do(r) // The bubble ends only if the handler has.
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v, want %v", err, context.DeadlineExceeded)
			response.Body.Close()
		}
	})
}
