package rocketchat_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

const (
	loginOK, dataOK, data401 = "login ok", "total-abandoned-chats ok", "total-abandoned-chats unauthorized"

	whatEnded = "no credentials: the session has ended, and there is at most one login a minute"
	hintEnded = "if this does not pass, look for what ends the account's sessions"
)

// withPassword has a client log in as the double's account.
func withPassword(o *rocketchat.Options) {
	o.Credentials = rocketchat.LoginWith(fixed(rocketchattest.Username), fixed(rocketchattest.Password))
}

func TestSession(t *testing.T) {
	for _, profile := range profiles {
		t.Run(profile.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ws := rocketchattest.New(profile)
				client, observed := connect(t, ws, withPassword)
				query := func() error { _, err := lastDay(t.Context(), client); return err }
				if err := client.Logout(t.Context()); err != nil || len(ws.Requests()) > 0 {
					t.Errorf("logout without a session: error %v, sent %d", err, len(ws.Requests()))
				}
				for range 3 {
					if err := query(); err != nil {
						t.Error(err)
					}
				}
				observed.want(t, "three queries", loginOK, dataOK, dataOK, dataOK)
				login := ws.Requests()[0]
				if login.Method != http.MethodPost || login.Header.Get("Content-Type") != "application/json" || login.Header.Get("X-Auth-Token") != "" {
					t.Errorf("logged in with %+v", login)
				}

				time.Sleep(2 * time.Minute)
				ws.RevokeLoginTokens()
				wantError(t, query(), rocketchat.Error{
					Route: "total-abandoned-chats", Outcome: rocketchat.Unauthorized, Status: 401,
					What: "the server has ended the session", Hint: "nothing: the next call logs in again, at most once a minute",
				})
				if err := query(); err != nil {
					t.Error(err)
				}
				observed.want(t, "after 401", data401, loginOK, dataOK)

				// Again, within a minute of that login: the refused token is not sent.
				ws.RevokeLoginTokens()
				_ = query()
				time.Sleep(time.Minute - time.Nanosecond)
				wantError(t, query(), rocketchat.Error{Route: "total-abandoned-chats", Outcome: rocketchat.NoCredentials, What: whatEnded, Hint: hintEnded})
				observed.want(t, "within a minute", data401)
				time.Sleep(time.Nanosecond)
				if err := query(); err != nil {
					t.Error(err)
				}
				observed.want(t, "a minute after the login", loginOK, dataOK)

				if err := client.Logout(t.Context()); err != nil || ws.LoginTokens() != 0 {
					t.Errorf("logout: error %v, %d tokens left", err, ws.LoginTokens())
				}
				time.Sleep(time.Minute)
				_ = query()
				ws.RevokeLoginTokens()
				if err := client.Logout(t.Context()); err != nil {
					t.Errorf("logout of an ended session: %v", err)
				}
				observed.want(t, "logout", "logout ok", loginOK, dataOK, "logout unauthorized")
			})
		})
	}
}

// A login that fails is tried once a minute, and its error has what to do.
func TestLoginFailures(t *testing.T) {
	const (
		refused     = "the login is refused"
		hintUser    = "check username and password, and whether the account is active"
		hintPAT     = "use a personal access token (user_id and auth_token) in place of username and password"
		hintBlocked = "the workspace blocks this account or address for some minutes after failed logins: check username and password, and wait"
	)
	type settings = rocketchattest.Settings
	for name, tt := range map[string]struct {
		configure  func(*settings)
		fault      rocketchattest.Fault
		outcome    rocketchat.Outcome
		status     int
		what, hint string
	}{
		"wrong password":       {func(s *settings) { s.Password = "another" }, nil, rocketchat.Unauthorized, 401, refused, hintUser},
		"second factor":        {func(s *settings) { s.TwoFactorCode = "123456" }, nil, rocketchat.Unauthorized, 401, refused + ` ("totp-required")`, "the account wants a second factor, which the exporter cannot answer: " + hintPAT},
		"blocked":              {nil, rocketchattest.RespondJSON(401, `{"error":"error-login-blocked-for-user"}`), rocketchat.Unauthorized, 401, refused + ` ("error-login-blocked-for-user")`, hintBlocked},
		"no reason, 9.0":       {nil, rocketchattest.RespondJSON(401, `{"success":false,"error":"unauthorized"}`), rocketchat.Unauthorized, 401, refused + ` ("unauthorized")`, "check username and password, and whether the account is locked or has two-factor authentication: then " + hintPAT},
		"password in an error": {nil, rocketchattest.RespondJSON(401, `{"error":"no: `+rocketchattest.Password+`"}`), rocketchat.Unauthorized, 401, refused, hintUser},
		"forced TLS":           {func(s *settings) { s.ForceSSL = true }, nil, rocketchat.Redirected, 302, `redirects to "https://chat.example.com", which is never followed`, hintRedirect},
		"web app":              {nil, rocketchattest.HTML(), rocketchat.NotFound, 200, "a web page answers in place of the API", hintURL},
		"success: false":       {nil, rocketchattest.RespondJSON(200, `{"success":false,"data":{"userId":"u","authToken":"t"}}`), rocketchat.BadResponse, 200, "the answer lacks success: true", hintNotRocketChat},
		"no token":             {nil, rocketchattest.RespondJSON(200, `{"data":{"userId":"u"}}`), rocketchat.BadResponse, 200, "the answer to the login has no usable userId and authToken", hintNotRocketChat},
		"an unusable token":    {nil, rocketchattest.RespondJSON(200, `{"data":{"userId":"u","authToken":"a\nb"}}`), rocketchat.BadResponse, 200, "the answer to the login has no usable userId and authToken", hintNotRocketChat},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ws := rocketchattest.New(rocketchattest.Latest)
				if tt.configure != nil {
					ws.Configure(tt.configure)
				}
				if tt.fault != nil {
					ws.Inject(nil, tt.fault)
				}
				client, observed := connect(t, ws, withPassword)
				begin := time.Now()
				want := rocketchat.Error{Route: "login", Outcome: tt.outcome, Status: tt.status, What: tt.what, Hint: tt.hint}
				for _, after := range []time.Duration{0, time.Minute - 1, time.Minute} {
					time.Sleep(after - time.Since(begin))
					_, err := lastDay(t.Context(), client)
					wantError(t, err, want)
				}
				observed.want(t, "in a minute", "login "+string(tt.outcome), "login "+string(tt.outcome))
			})
		})
	}
}

func TestConcurrentCallsShareASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws := rocketchattest.New(rocketchattest.Latest)
		ws.Configure(func(s *rocketchattest.Settings) { s.RateLimit.Calls = 0 })
		ws.Inject(nil, rocketchattest.Slow(time.Second))
		var session rocketchat.Credentials
		client, observed := connect(t, ws, withPassword, func(o *rocketchat.Options) { session = o.Credentials })
		together := func() (failed int32) {
			var group sync.WaitGroup
			var failures atomic.Int32
			for range 20 {
				group.Go(func() {
					if _, err := lastDay(t.Context(), client); err != nil {
						failures.Add(1)
					}
				})
			}
			group.Wait()
			return failures.Load()
		}
		if failed := together(); failed > 0 || ws.Logins() != 1 {
			t.Errorf("%d logins, want 1; %d calls failed", ws.Logins(), failed)
		}
		time.Sleep(time.Minute)
		ws.RevokeLoginTokens()
		if refused, failed := together(), together(); refused != 20 || failed > 0 || ws.Logins() != 2 {
			t.Errorf("%d logins, want 2; %d calls were refused, %d failed after that", ws.Logins(), refused, failed)
		}

		// A call with the last token that is refused late does not end the next session.
		time.Sleep(time.Minute)
		ws.RevokeLoginTokens()
		remove := ws.Inject(nil, rocketchattest.Slow(10*time.Second))
		late := make(chan error)
		go func() { _, err := lastDay(t.Context(), client); late <- err }()
		synctest.Wait()
		remove()
		_, _ = lastDay(t.Context(), client) // Refused.
		_, _ = lastDay(t.Context(), client) // Logs in.
		if err := <-late; outcome(err) != rocketchat.Unauthorized {
			t.Errorf("the late call: %v, want unauthorized", err)
		}
		observed.calls = nil
		if _, err := lastDay(t.Context(), client); err != nil {
			t.Error(err)
		}
		observed.want(t, "after a late refusal", dataOK)

		// A reload makes another client, which does not log in.
		again, _ := connect(t, ws, func(o *rocketchat.Options) { o.Credentials = session })
		if _, err := lastDay(t.Context(), again); err != nil || ws.Logins() != 3 {
			t.Errorf("%d logins, want 3; error %v", ws.Logins(), err)
		}
	})
}

func TestCanceledLoginAndFailedLogout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws := rocketchattest.New(rocketchattest.Latest)
		remove := ws.Inject(nil, rocketchattest.Hang())
		client, observed := connect(t, ws, withPassword)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		waiting := make(chan error)
		go func() { _, err := lastDay(ctx, client); waiting <- err }() // One logs in, and the other waits for it.
		_, err := lastDay(ctx, client)
		if other := <-waiting; outcome(err) != rocketchat.Canceled || outcome(other) != rocketchat.Canceled {
			t.Errorf("got %v and %v, want canceled", err, other)
		}
		observed.want(t, "canceled", "login canceled")
		remove()
		_, err = lastDay(t.Context(), client)
		wantError(t, err, rocketchat.Error{Route: "total-abandoned-chats", Outcome: rocketchat.NoCredentials, What: whatEnded, Hint: hintEnded})
		time.Sleep(time.Minute)
		if _, err := lastDay(t.Context(), client); err != nil {
			t.Error(err)
		}
		ws.Inject(nil, rocketchattest.Hang())
		if err := client.Logout(t.Context()); outcome(err) != rocketchat.Timeout {
			t.Errorf("logout: got %v, want timeout", err)
		}
		if err := client.Logout(t.Context()); err != nil {
			t.Errorf("a second logout: %v", err)
		}
		observed.want(t, "later", loginOK, dataOK, "logout timeout")
	})
}

func TestLoginWithinTheBudget(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Latest)
	shared := limited(1)
	for _, want := range []error{nil, rocketchat.ErrBudgetSpent} {
		client, _ := connect(t, ws, withPassword, func(o *rocketchat.Options) { o.Budget = shared })
		if _, err := client.Departments(t.Context(), rocketchat.Query{}); !errors.Is(err, want) || ws.Logins() != 1 {
			t.Errorf("got %v after %d logins, want %v after 1", err, ws.Logins(), want)
		}
	}
}
