package rocketchattest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

const rightLogin = `{"user":"` + Username + `","password":"` + Password + `"}`

func TestLogin(t *testing.T) {
	t.Parallel()
	twoFactor := func(s *Settings) { s.TwoFactorCode = "123456" }
	const (
		withCode = `{"username":"` + Username + `","password":"` + Password + `","code":"123456"}`
		factors  = `"details":{"method":"totp","codeGenerated":false,"availableMethods":["totp"]},`
		nothing  = `"error":400,"status":"error","message":"Unrecognized options for login request"}`
	)
	for name, tt := range map[string]struct {
		setting setting
		body    string
		failure string // Without success, which old releases leave out.
	}{
		"user and password":     {nil, rightLogin, ""},
		"no licence":            {unlicensed, rightLogin, ""},
		"an unknown user":       {nil, `{"user":"nobody","password":"x"}`, `"error":"Unauthorized","status":"error","message":"Unauthorized"}`},
		"a wrong password":      {twoFactor, `{"user":"` + Username + `","password":"wrong"}`, `"error":403,"status":"error","message":"Incorrect password"}`},
		"no password":           {nil, `{"user":"` + Username + `"}`, nothing},
		"no JSON":               {nil, "user=" + Username, nothing},
		"no second factor":      {twoFactor, rightLogin, `"error":"totp-required","status":"error",` + factors + `"message":"TOTP Required"}`},
		"a wrong one":           {twoFactor, strings.Replace(withCode, "123456", "1", 1), `"error":"totp-invalid","status":"error",` + factors + `"message":"TOTP Invalid"}`},
		"a second factor":       {twoFactor, withCode, ""},
		"a token that has gone": {nil, `{"resume":"nothing"}`, `"error":403,"status":"error","message":"You've been logged out by the server. Please log in again."}`},
	} {
		for _, p := range profiles {
			w := newWorkspace(p, tt.setting)
			got := send(t, w, request{method: http.MethodPost, target: loginPath, stranger: true, body: tt.body})
			status, want := 401, `{"success":false,`+tt.failure
			switch {
			case tt.failure == "":
				status, want = 200, `{"status":"success","data":{"userId":"`+UserID+`","authToken":"`
			case p == Old:
				want = "{" + tt.failure
			case p == Nine: // It gives no reason.
				want = `{"success":false,"error":"unauthorized"}`
			}
			if success := strings.Contains(got.body, `"success":true`); success != (status == 200 && p != Old) {
				t.Errorf("%s, %s: success: true = %t", name, p, success)
			}
			if got.status != status || !strings.HasPrefix(got.body, want) || w.Logins() != map[int]int{200: 1}[status] {
				t.Errorf("%s, %s: answer = %d %s, want %d %s", name, p, got.status, got.body, status, want)
			}
			if got.header.Get("X-RateLimit-Limit") != "10" {
				t.Errorf("%s, %s: has no limiter's headers", name, p)
			}
		}
	}
}

// A token opens until it is logged out, expires after 90 days, is revoked, or 50 others
// came after it.
func TestSessions(t *testing.T) {
	t.Parallel()
	clock := now
	w := newWorkspace(Latest, unlimited, func(s *Settings) { s.Now = func() time.Time { return clock } })
	logIn := func() (token string) {
		var body loginAnswer
		got := send(t, w, request{method: http.MethodPost, target: loginPath, stranger: true, body: rightLogin})
		if err := json.Unmarshal([]byte(got.body), &body); err != nil || len(body.Data.AuthToken) != len(AuthToken) {
			t.Fatalf("login is answered %d %s", got.status, got.body)
		}
		return body.Data.AuthToken
	}
	with := func(token, method, target, body string) reply {
		return send(t, w, request{method: method, target: target, body: body, header: map[string]string{"X-Auth-Token": token}})
	}
	want := func(what string, tokens int, opens map[string]bool) {
		t.Helper()
		for token, opens := range opens {
			if got := with(token, "", departmentPath, "").status; (got == 200) != opens {
				t.Errorf("%s: a token is answered %d", what, got)
			}
		}
		if got := w.LoginTokens(); got != tokens {
			t.Errorf("%s: %d tokens, want %d", what, got, tokens)
		}
	}
	first, second := logIn(), logIn()
	want("two logins", 2, map[string]bool{first: true, second: true, "wrong": false})
	if got := with("", http.MethodPost, loginPath, `{"resume":"`+first+`"}`); got.status != 200 || !strings.Contains(got.body, first) || w.Logins() != 2 {
		t.Errorf("resume is answered %d %s", got.status, got.body)
	}
	if got := with(first, http.MethodPost, logoutPath, ""); got.body != `{"status":"success","data":{"message":"You've been logged out!"}}` {
		t.Errorf("logout is answered %d %s", got.status, got.body)
	}
	want("a logout", 1, map[string]bool{first: false, second: true})
	clock = now.Add(90*24*time.Hour - 1)
	third := logIn()
	want("90 days, almost", 2, map[string]bool{second: true})
	clock = now.Add(90 * 24 * time.Hour)
	want("90 days", 1, map[string]bool{second: false, third: true})
	for range 49 {
		logIn()
	}
	want("50 logins", 50, map[string]bool{third: true})
	logIn()
	want("51 logins", 50, map[string]bool{third: false})
	w.RevokeLoginTokens()
	want("all revoked", 0, map[string]bool{AuthToken: true})
}
