package rocketchat_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// fixed returns what always reads the value.
func fixed(value string) func() (string, error) {
	return func() (string, error) { return value, nil }
}

// withPassword lets a client log in as the double's account.
func withPassword(o *rocketchat.Options) {
	o.Credentials = rocketchat.Login(fixed(rocketchattest.Username), fixed(rocketchattest.Password))
}

// ends are how the calls so far ended, such as "login ok", in their order, and forgets
// them.
func (c *calls) ends() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []string
	for _, call := range c.list {
		list = append(list, call.Route+" "+string(call.Outcome))
	}
	c.list = nil
	return list
}

// want fails if the calls since the last question did not end like this.
func (c *calls) want(t *testing.T, what string, want ...string) {
	t.Helper()
	if got := c.ends(); !slices.Equal(got, want) {
		t.Errorf("%s: calls ended %q, want %q", what, got, want)
	}
}

const (
	loginOK, dataOK, data401 = "login ok", "total-abandoned-chats ok", "total-abandoned-chats unauthorized"
	login401                 = "login unauthorized"
)

func TestOneLoginLastsForTheWholeProcessOnEveryRelease(t *testing.T) {
	for name, profile := range profiles {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ws := rocketchattest.New(profile)
				ws.AddRooms(abandoned("sales"))
				client, observed := connect(t, ws, withPassword)
				if got := observed.ends(); len(got) > 0 || len(ws.Requests()) > 0 {
					t.Errorf("sent %q before it was needed", got)
				}
				for range 3 {
					answer, err := lastDay(t.Context(), client, new(rocketchat.Question))
					if err != nil || byID(t, answer)["sales"] != 1 {
						t.Fatalf("got %v, error %v", answer, err)
					}
					time.Sleep(15 * time.Second)
				}
				if _, err := client.DepartmentList(t.Context(), new(rocketchat.Question)); err != nil {
					t.Error(err)
				}
				observed.want(t, "four questions", loginOK, dataOK, dataOK, dataOK, "department ok")
				if ws.Logins() != 1 || ws.LoginTokens() != 1 {
					t.Errorf("%d logins, %d tokens, want one", ws.Logins(), ws.LoginTokens())
				}
				login := ws.Requests()[0]
				if login.Method != http.MethodPost || login.Path != "/api/v1/login" || login.Header.Get("Content-Type") != "application/json" ||
					login.Header.Get("X-Auth-Token") != "" || login.Header.Get("X-User-Id") != "" || login.Header.Get("User-Agent") != "livechat_exporter/test" {
					t.Errorf("logged in with %+v", login)
				}
			})
		})
	}
}

func TestARefusedTokenIsNotSentAgainAndReplacedOnce(t *testing.T) {
	for name, profile := range profiles {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ws := rocketchattest.New(profile)
				client, observed := connect(t, ws, withPassword)
				ask := func() error {
					_, err := lastDay(t.Context(), client, new(rocketchat.Question))
					return err
				}
				if err := ask(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Minute)
				ws.RevokeLoginTokens()
				observed.ends()

				err := ask()
				if outcomeOf(err) != rocketchat.Unauthorized || !strings.Contains(err.Error(), "the next call logs in again") || strings.Contains(err.Error(), "personal access token") {
					t.Errorf("got %v, want that the session has ended", err)
				}
				observed.want(t, "with a revoked token", data401)
				if err := ask(); err != nil {
					t.Errorf("after the token was refused: %v", err)
				}
				observed.want(t, "after that", loginOK, dataOK)

				// Again, now within a minute of that login.
				ws.RevokeLoginTokens()
				_ = ask()
				observed.want(t, "with another revoked token", data401)
				for range 3 {
					if err := ask(); !errors.Is(err, rocketchat.ErrNoCredentials) || !strings.Contains(err.Error(), "at most one in a minute") {
						t.Errorf("got %v, want ErrNoCredentials", err)
					}
					time.Sleep(19 * time.Second)
				}
				observed.want(t, "while there may be no login")
				time.Sleep(3 * time.Second) // A minute and 0 seconds after the login.
				if err := ask(); err != nil {
					t.Errorf("after a minute: %v", err)
				}
				observed.want(t, "after a minute", loginOK, dataOK)
				if ws.Logins() != 3 {
					t.Errorf("%d logins, want 3", ws.Logins())
				}
			})
		})
	}
}

func TestATokenThatHasExpiredIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws := rocketchattest.New(rocketchattest.Latest)
		client, observed := connect(t, ws, withPassword)
		for range 3 {
			_, _ = lastDay(t.Context(), client, new(rocketchat.Question))
			time.Sleep(46 * 24 * time.Hour)
		}
		_, _ = lastDay(t.Context(), client, new(rocketchat.Question))
		observed.want(t, "in 138 days", loginOK, dataOK, dataOK, data401, loginOK, dataOK)
	})
}

func TestALoginThatFailsIsTriedOnceAMinuteAndSaysWhatToDo(t *testing.T) {
	configure := func(change func(*rocketchattest.Settings)) func(*rocketchattest.Workspace) {
		return func(ws *rocketchattest.Workspace) { ws.Configure(change) }
	}
	onLogin := func(f rocketchattest.Fault) func(*rocketchattest.Workspace) {
		return func(ws *rocketchattest.Workspace) {
			ws.Inject(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/login") }, f)
		}
	}
	says := func(status int, body string) func(*rocketchattest.Workspace) {
		return onLogin(rocketchattest.RespondJSON(status, body))
	}
	for name, tt := range map[string]struct {
		arrange func(*rocketchattest.Workspace)
		outcome rocketchat.Outcome
		message string
	}{
		"wrong password":      {configure(func(s *rocketchattest.Settings) { s.Password = "another" }), rocketchat.Unauthorized, "login: HTTP 401: user name or password is wrong, or the account is not active: check username and password"},
		"unknown user":        {configure(func(s *rocketchattest.Settings) { s.Username = "another" }), rocketchat.Unauthorized, "check username and password"},
		"a second factor":     {configure(func(s *rocketchattest.Settings) { s.TwoFactorCode = "123456" }), rocketchat.Unauthorized, "use a personal access token (user_id and auth_token) in place of username and password"},
		"a blocked account":   {says(401, `{"success":false,"status":"error","error":"error-login-blocked-for-user","message":"x"}`), rocketchat.Unauthorized, "blocks the logins"},
		"too many logins":     {says(429, `{"success":false,"error":"[error-too-many-requests]"}`), rocketchat.RateLimited, "too many calls"},
		"forced TLS":          {configure(func(s *rocketchattest.Settings) { s.ForceSSL = true }), rocketchat.Redirected, "redirects"},
		"a proxy's refusal":   {onLogin(rocketchattest.Respond(403, "text/html", "no")), rocketchat.Forbidden, "check that no proxy before the workspace refuses it"},
		"no such route":       {onLogin(rocketchattest.Respond(404, "text/plain", "404 Not Found")), rocketchat.NotFound, "check url (without /api/v1)"},
		"the web app":         {onLogin(rocketchattest.HTML()), rocketchat.NotFound, "check url (without /api/v1)"},
		"an internal error":   {says(500, `{"success":false,"error":"Internal server error"}`), rocketchat.ServerError, "look at its logs"},
		"no JSON":             {onLogin(rocketchattest.Respond(200, "application/json", "yes")), rocketchat.BadResponse, "(text that could hold the password)"},
		"nothing to use":      {says(200, `{"status":"success","data":{}}`), rocketchat.BadResponse, "check that url leads to Rocket.Chat"},
		"a hanging server":    {onLogin(rocketchattest.Hang()), rocketchat.Timeout, "slow or hangs"},
		"a lost connection":   {onLogin(rocketchattest.CloseConnection()), rocketchat.Network, "check url, name resolution, firewall and TLS"},
		"an answer cut short": {onLogin(rocketchattest.Truncate(30)), rocketchat.BadResponse, "check that url leads to Rocket.Chat"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ws := rocketchattest.New(rocketchattest.Latest)
				tt.arrange(ws)
				client, observed := connect(t, ws, withPassword, func(o *rocketchat.Options) { o.Timeout = 10 * time.Second })
				begin := time.Now()
				failedLogin := "login " + string(tt.outcome)
				for range 3 { // At once, and twice while there may be no other login.
					_, err := lastDay(t.Context(), client, new(rocketchat.Question))
					if outcomeOf(err) != tt.outcome || !strings.HasPrefix(err.Error(), "login: ") || !strings.Contains(err.Error(), tt.message) {
						t.Errorf("got %v, want %s and %q", err, tt.outcome, tt.message)
					}
				}
				observed.want(t, "within the minute", failedLogin)
				time.Sleep(time.Minute - time.Since(begin) - time.Nanosecond)
				_, _ = lastDay(t.Context(), client, new(rocketchat.Question))
				observed.want(t, "at the end of the minute")
				time.Sleep(time.Nanosecond)
				_, _ = lastDay(t.Context(), client, new(rocketchat.Question))
				got := observed.ends()
				// A server that says wait is left alone, and then nothing is sent.
				if tt.outcome != rocketchat.RateLimited && !slices.Equal(got, []string{failedLogin}) {
					t.Errorf("after the minute: calls ended %q, want one more %s", got, failedLogin)
				}
			})
		})
	}
}

func TestAPasswordThatIsPutRightIsUsedForTheNextLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws := rocketchattest.New(rocketchattest.Old)
		password := "outdated"
		client, observed := connect(t, ws, func(o *rocketchat.Options) {
			o.Credentials = rocketchat.Login(fixed(rocketchattest.Username), func() (string, error) { return password, nil })
		})
		_, _ = lastDay(t.Context(), client, new(rocketchat.Question))
		password = rocketchattest.Password
		time.Sleep(time.Minute)
		if _, err := lastDay(t.Context(), client, new(rocketchat.Question)); err != nil {
			t.Error(err)
		}
		observed.want(t, "two logins", login401, loginOK, dataOK)
	})
}

func TestWithoutNameAndPasswordNothingIsSentAndNothingWaitedFor(t *testing.T) {
	broken := func() (string, error) { return "", errors.New("no such file") }
	for name, tt := range map[string]struct{ username, password func() (string, error) }{
		"unreadable user name": {broken, fixed("secret")},
		"unreadable password":  {fixed("u"), broken},
		"empty user name":      {fixed(""), fixed("secret")},
		"empty password":       {fixed("u"), fixed("")},
		"no UTF-8":             {fixed("u"), fixed("secret\xff")},
		"a name in no UTF-8":   {fixed("secret\xff"), fixed("p")},
	} {
		t.Run(name, func(t *testing.T) {
			ws := rocketchattest.New(rocketchattest.Latest)
			username, password := tt.username, tt.password
			client, observed := connect(t, ws, func(o *rocketchat.Options) {
				o.Credentials = rocketchat.Login(
					func() (string, error) { return username() }, func() (string, error) { return password() })
			})
			_, err := lastDay(t.Context(), client, new(rocketchat.Question))
			if !errors.Is(err, rocketchat.ErrNoCredentials) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v, want ErrNoCredentials without the password", err)
			}
			if sent, got := ws.Requests(), observed.ends(); len(sent) > 0 || len(got) > 0 {
				t.Errorf("sent %v, observed %v", sent, got)
			}
			username, password = fixed(rocketchattest.Username), fixed(rocketchattest.Password)
			if _, err := lastDay(t.Context(), client, new(rocketchat.Question)); err != nil {
				t.Errorf("as soon as they are there: %v", err)
			}
		})
	}
}

func TestCallsAtTheSameTimeShareOneLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws := rocketchattest.New(rocketchattest.Latest)
		ws.Configure(func(s *rocketchattest.Settings) { s.RateLimit.Calls = 0 })
		ws.Inject(nil, rocketchattest.Slow(time.Second))
		client, observed := connect(t, ws, withPassword)
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				if _, err := lastDay(t.Context(), client, new(rocketchat.Question)); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if got := observed.ends(); len(got) != 21 || got[0] != loginOK || ws.Logins() != 1 {
			t.Errorf("calls ended %q, want one login and 20 answers", got)
		}
		// All of them find the token revoked, and none throws out the next one.
		time.Sleep(time.Minute)
		ws.RevokeLoginTokens()
		for range 20 {
			group.Go(func() { _, _ = lastDay(t.Context(), client, new(rocketchat.Question)) })
		}
		group.Wait()
		for range 5 {
			if _, err := lastDay(t.Context(), client, new(rocketchat.Question)); err != nil {
				t.Error(err)
			}
		}
		if ws.Logins() != 2 {
			t.Errorf("%d logins, want 2", ws.Logins())
		}
	})
}

// A call that was sent with the last token and ends late must not end the new session.
func TestALateRefusalDoesNotEndANewSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws := rocketchattest.New(rocketchattest.Latest)
		client, observed := connect(t, ws, withPassword)
		_, _ = lastDay(t.Context(), client, new(rocketchat.Question))
		time.Sleep(time.Minute)
		ws.RevokeLoginTokens()
		remove := ws.Inject(nil, rocketchattest.Slow(10*time.Second))
		late := make(chan error, 1)
		go func() {
			_, err := lastDay(t.Context(), client, new(rocketchat.Question))
			late <- err
		}()
		synctest.Wait()
		remove()
		_, _ = lastDay(t.Context(), client, new(rocketchat.Question)) // Refused.
		_, _ = lastDay(t.Context(), client, new(rocketchat.Question)) // Logs in.
		if err := <-late; outcomeOf(err) != rocketchat.Unauthorized {
			t.Errorf("the late call ended with %v", err)
		}
		observed.ends()
		if _, err := lastDay(t.Context(), client, new(rocketchat.Question)); err != nil {
			t.Error(err)
		}
		observed.want(t, "after the late refusal", dataOK)
	})
}

func TestALoginOutlivesTheCallThatBeganItAsLongAsAnotherWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws := rocketchattest.New(rocketchattest.Latest)
		ws.Inject(nil, rocketchattest.Slow(5*time.Second))
		client, observed := connect(t, ws, withPassword)
		first, second := make(chan error, 1), make(chan error, 1)
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go func() {
			_, err := lastDay(impatient, client, new(rocketchat.Question))
			first <- err
		}()
		synctest.Wait()
		go func() {
			_, err := lastDay(t.Context(), client, new(rocketchat.Question))
			second <- err
		}()
		if err := <-first; outcomeOf(err) != rocketchat.Timeout || !strings.HasPrefix(err.Error(), "total-abandoned-chats: ") {
			t.Errorf("the impatient call ended with %v", err)
		}
		if err := <-second; err != nil {
			t.Errorf("the patient call ended with %v", err)
		}
		observed.want(t, "together", loginOK, dataOK)
	})
}

func TestALoginEndsWhenNobodyWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws := rocketchattest.New(rocketchattest.Latest)
		remove := ws.Inject(nil, rocketchattest.Hang())
		client, observed := connect(t, ws, withPassword)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				if _, err := lastDay(ctx, client, new(rocketchat.Question)); outcomeOf(err) != rocketchat.Canceled {
					t.Errorf("got %v, want canceled", err)
				}
			})
		}
		group.Wait()
		observed.want(t, "given up by all", "login canceled") // Before any of them returns.
		remove()
		if _, err := lastDay(t.Context(), client, new(rocketchat.Question)); !errors.Is(err, rocketchat.ErrNoCredentials) || !strings.Contains(err.Error(), "a login was given up") {
			t.Errorf("got %v, want ErrNoCredentials", err)
		}
		time.Sleep(time.Minute)
		if _, err := lastDay(t.Context(), client, new(rocketchat.Question)); err != nil {
			t.Error(err)
		}
	})
}

func TestLogoutEndsTheSession(t *testing.T) {
	for name, profile := range profiles {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ws := rocketchattest.New(profile)
				client, observed := connect(t, ws, withPassword)
				if err := client.Logout(t.Context()); err != nil || len(ws.Requests()) > 0 {
					t.Errorf("without a session: error %v, sent %v", err, ws.Requests())
				}
				_, _ = lastDay(t.Context(), client, new(rocketchat.Question))
				if err := client.Logout(t.Context()); err != nil || ws.LoginTokens() != 0 {
					t.Errorf("error %v, %d tokens left", err, ws.LoginTokens())
				}
				observed.want(t, "with a session", loginOK, dataOK, "logout ok")
				if err := client.Logout(t.Context()); err != nil {
					t.Error(err)
				}
				observed.want(t, "a second time")

				time.Sleep(time.Minute)
				_, _ = lastDay(t.Context(), client, new(rocketchat.Question))
				ws.RevokeLoginTokens()
				if err := client.Logout(t.Context()); err != nil {
					t.Errorf("of a session that the server has ended: %v", err)
				}
				observed.want(t, "of a session that the server has ended", loginOK, dataOK, "logout unauthorized")
			})
		})
	}
}

func TestALogoutThatFailsSaysSoAndForgetsTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws := rocketchattest.New(rocketchattest.Latest)
		client, observed := connect(t, ws, withPassword)
		_, _ = lastDay(t.Context(), client, new(rocketchat.Question))
		ws.Inject(nil, rocketchattest.Hang())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := client.Logout(ctx); outcomeOf(err) != rocketchat.Timeout {
			t.Errorf("got %v, want timeout", err)
		}
		if err := client.Logout(ctx); err != nil {
			t.Errorf("a second time: %v", err)
		}
		observed.want(t, "in all", loginOK, dataOK, "logout timeout")
	})
}

func TestLogoutEndsALoginThatIsOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws := rocketchattest.New(rocketchattest.Latest)
		ws.Inject(nil, rocketchattest.Hang())
		client, observed := connect(t, ws, withPassword)
		ended := make(chan error, 1)
		go func() {
			_, err := lastDay(t.Context(), client, new(rocketchat.Question))
			ended <- err
		}()
		synctest.Wait()
		if err := client.Logout(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-ended; outcomeOf(err) != rocketchat.Canceled {
			t.Errorf("the call ended with %v, want canceled", err)
		}
		observed.want(t, "in all", "login canceled")
	})
}

func TestAPersonalAccessTokenIsNotLoggedOut(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Latest)
	client, _ := connect(t, ws)
	if err := client.Logout(t.Context()); err != nil || len(ws.Requests()) > 0 {
		t.Errorf("error %v, sent %v", err, ws.Requests())
	}
}

// A reload makes a new client, which need not log in.
func TestASessionOutlivesItsClient(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Latest)
	session := rocketchat.Login(fixed(rocketchattest.Username), fixed(rocketchattest.Password))
	for _, host := range []string{"chat.example.com", "chat.example.com:80", "CHAT.example.com"} {
		client, _ := connect(t, ws, func(o *rocketchat.Options) {
			o.Credentials = session
			o.URL = &url.URL{Scheme: "http", Host: host}
		})
		if _, err := lastDay(t.Context(), client, new(rocketchat.Question)); err != nil {
			t.Error(err)
		}
	}
	if ws.Logins() != 1 {
		t.Errorf("%d logins, want one", ws.Logins())
	}
	for _, other := range []string{"http://other.example.com", "http://chat.example.com:8080", "https://chat.example.com"} {
		client, _ := connect(t, ws, func(o *rocketchat.Options) {
			o.Credentials = session
			o.URL, _ = url.Parse(other)
		})
		sent := len(ws.Requests())
		if _, err := lastDay(t.Context(), client, new(rocketchat.Question)); !errors.Is(err, rocketchat.ErrNoCredentials) || len(ws.Requests()) > sent {
			t.Errorf("%s: error %v, sent %d", other, err, len(ws.Requests())-sent)
		}
	}
}

func TestALoginFollowsNoRedirect(t *testing.T) {
	reached := make(chan string, 10)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { reached <- r.URL.Path }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		ws := rocketchattest.New(rocketchattest.Latest)
		ws.Inject(nil, rocketchattest.Redirect(status, other.URL+"/stolen"))
		server := httptest.NewServer(ws)
		t.Cleanup(server.Close)
		client, _ := connect(t, ws, withPassword, func(o *rocketchat.Options) {
			o.Transport = &http.Transport{}
			o.URL, _ = url.Parse(server.URL)
		})
		_, err := lastDay(t.Context(), client, new(rocketchat.Question))
		if outcomeOf(err) != rocketchat.Redirected || strings.Contains(err.Error(), "stolen") {
			t.Errorf("status %d: got %v, want redirected", status, err)
		}
	}
	if len(reached) > 0 {
		t.Errorf("the other host was asked for %s", <-reached)
	}
}

func TestAServerThatSendsThePasswordBackDoesNotGetItIntoAnError(t *testing.T) {
	for _, password := range []string{"short", "!§$%&/()=?", rocketchattest.Password, "a very long password, of many words"} {
		for name, fault := range map[string]rocketchattest.Fault{
			"unauthorized": rocketchattest.RespondJSON(401, fmt.Sprintf(`{"error":%q,"message":%q}`, password, password)),
			"bad request":  rocketchattest.RespondJSON(400, fmt.Sprintf(`{"error":%q,"errorType":%q}`, password, password)),
			"bad params":   rocketchattest.RespondJSON(400, fmt.Sprintf(`{"error":%q,"errorType":"invalid-params"}`, password)),
			"server error": rocketchattest.RespondJSON(500, fmt.Sprintf(`{"error":%q}`, password)),
			"content type": rocketchattest.Respond(200, "text/"+password, password),
			"location":     rocketchattest.Redirect(302, "https://"+password+".example.org/"+password),
			"garbage":      garbage("HTTP/1.1 " + password + "\r\n\r\n"),
			"no JSON":      rocketchattest.RespondJSON(200, password),
		} {
			ws := rocketchattest.New(rocketchattest.Latest)
			ws.Inject(nil, fault)
			server := httptest.NewServer(ws)
			client, _ := connect(t, ws, func(o *rocketchat.Options) {
				o.Credentials = rocketchat.Login(fixed("user"), fixed(password))
				o.Transport = &http.Transport{}
				o.URL, _ = url.Parse(server.URL)
			})
			_, err := lastDay(t.Context(), client, new(rocketchat.Question))
			if err == nil {
				t.Errorf("%s: got no error", name)
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				if strings.Contains(e.Error(), password) {
					t.Errorf("%s: the error holds the password: %v", name, e)
				}
			}
			client.CloseIdleConnections()
			server.Close()
		}
	}
}

// Afterwards the password is looked for in all texts, like the token.
func TestAnswersThatHoldThePasswordAreRefused(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Latest)
	ws.AddRooms(abandoned("x" + rocketchattest.Password))
	ws.AddDepartments(rocketchattest.Department{ID: "a", Name: "Our " + rocketchattest.Password})
	client, _ := connect(t, ws, withPassword)
	if _, err := lastDay(t.Context(), client, new(rocketchat.Question)); outcomeOf(err) != rocketchat.BadResponse {
		t.Errorf("as an id: got %v, want bad_response", err)
	}
	if _, err := client.DepartmentList(t.Context(), new(rocketchat.Question)); outcomeOf(err) != rocketchat.BadResponse {
		t.Errorf("as a name: got %v, want bad_response", err)
	}
}

func TestALoginThatTheBudgetDoesNotAllowIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws := rocketchattest.New(rocketchattest.Latest)
		budget := rocketchat.NewBudgets(time.Now).Server("http://chat.example.com:80", rocketchat.Limit{Calls: 1, Per: time.Minute})
		one, _ := connect(t, ws, withPassword, func(o *rocketchat.Options) { o.Budget = budget })
		two, _ := connect(t, ws, withPassword, func(o *rocketchat.Options) { o.Budget = budget })
		if _, err := one.DepartmentList(t.Context(), new(rocketchat.Question)); err != nil {
			t.Error(err)
		}
		if _, err := lastDay(t.Context(), two, new(rocketchat.Question)); !errors.Is(err, rocketchat.ErrBudgetSpent) || ws.Logins() != 1 {
			t.Errorf("got %v after %d logins, want ErrBudgetSpent after one", err, ws.Logins())
		}
		time.Sleep(time.Minute + time.Second)
		if _, err := lastDay(t.Context(), two, new(rocketchat.Question)); err != nil || ws.Logins() != 2 {
			t.Errorf("got %v after %d logins, want two", err, ws.Logins())
		}
		if err := two.Logout(t.Context()); err != nil {
			t.Error(err)
		}
		if err := one.Logout(t.Context()); !errors.Is(err, rocketchat.ErrBudgetSpent) {
			t.Errorf("a second logout: %v, want ErrBudgetSpent", err)
		}
	})
}
