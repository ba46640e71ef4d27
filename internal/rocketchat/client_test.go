package rocketchat_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log" //nolint:depguard // What httptest takes.
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
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

// profiles are all generations of the server, by the name of their test.
var profiles = map[string]rocketchattest.Profile{
	"old": rocketchattest.Old, "mid": rocketchattest.Mid, "new": rocketchattest.Latest,
}

// calls notes what a client observes.
type calls struct {
	mu   sync.Mutex
	list []rocketchat.Call
}

func (c *calls) observe(call rocketchat.Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, call)
}

// outcomes returns how the calls so far ended, and forgets them.
func (c *calls) outcomes() []rocketchat.Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	var outcomes []rocketchat.Outcome
	for _, call := range c.list {
		outcomes = append(outcomes, call.Outcome)
	}
	c.list = nil
	return outcomes
}

// connect returns a client of the workspace, and what it observes. Options can be
// changed before it is made.
func connect(t *testing.T, ws *rocketchattest.Workspace, change ...func(*rocketchat.Options)) (*rocketchat.Client, *calls) {
	t.Helper()
	observed := new(calls)
	options := rocketchat.Options{
		URL:         &url.URL{Scheme: "http", Host: "chat.example.com"},
		Transport:   ws.Transport(),
		Credentials: account(rocketchattest.UserID, rocketchattest.AuthToken),
		UserAgent:   "livechat_exporter/test",
		Timeout:     30 * time.Second,
		Observe:     observed.observe,
		Now:         time.Now,
	}
	for _, c := range change {
		c(&options)
	}
	client := rocketchat.New(options)
	t.Cleanup(client.CloseIdleConnections)
	return client, observed
}

// account returns fixed credentials.
func account(userID, authToken string) rocketchat.Credentials {
	return rocketchat.AccessToken(
		func() (string, error) { return userID, nil },
		func() (string, error) { return authToken, nil })
}

// lastDay asks for the 24 hours until now.
func lastDay(ctx context.Context, client *rocketchat.Client, paging *rocketchat.Question) (rocketchat.Answer, error) {
	now := time.Now()
	return client.AbandonedRooms(ctx, now.Add(-24*time.Hour), now, paging)
}

// abandoned is a room of the department that was abandoned within the last day.
func abandoned(departmentID string) rocketchattest.Room {
	return rocketchattest.Room{
		DepartmentID: departmentID,
		OpenedAt:     time.Now().Add(-5 * time.Hour), ClosedAt: time.Now().Add(-time.Hour),
		VisitorInactivity: new(2 * time.Hour), Answered: true,
	}
}

// byID returns the answer's numbers, and fails if an id stands twice.
func byID(t *testing.T, answer rocketchat.Answer) map[string]int {
	t.Helper()
	numbers := make(map[string]int)
	for _, d := range answer.Departments {
		if _, twice := numbers[d.ID]; twice {
			t.Errorf("department %q stands twice in the answer", d.ID)
		}
		numbers[d.ID] = int(d.Rooms)
	}
	return numbers
}

func TestAbandonedRoomsAreCountedPerDepartmentOnEveryRelease(t *testing.T) {
	for name, profile := range profiles {
		t.Run(name, func(t *testing.T) {
			ws := rocketchattest.New(profile)
			ws.AddRooms(abandoned("sales"), abandoned("sales"), abandoned("support"), abandoned(""))
			ws.AddRooms(rocketchattest.Room{DepartmentID: "support", OpenedAt: time.Now().Add(-2 * time.Hour)})
			client, observed := connect(t, ws)

			answer, err := lastDay(t.Context(), client, new(rocketchat.Question))
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]int{"sales": 2, "support": 1, rocketchat.NoDepartment: 1}
			if got := byID(t, answer); !maps.Equal(got, want) || !answer.Complete {
				t.Errorf("got %v, complete %v; want %v, complete", got, answer.Complete, want)
			}
			if got := observed.outcomes(); !slices.Equal(got, []rocketchat.Outcome{rocketchat.OK}) {
				t.Errorf("calls ended %v, want one ok", got)
			}
		})
	}
}

func TestARequestIsWhatEveryReleaseUnderstands(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Latest)
	client, _ := connect(t, ws, func(o *rocketchat.Options) { o.URL = o.URL.JoinPath("/sub/path/") })
	zone := time.FixedZone("", 2*60*60)
	start := time.Date(2026, 3, 1, 1, 2, 3, 456_789_000, zone)
	_, _ = client.AbandonedRooms(t.Context(), start, start.Add(time.Hour), new(rocketchat.Question))

	got := ws.Requests()[0]
	wantQuery := url.Values{"start": {"2026-02-28T23:02:03.456Z"}, "end": {"2026-03-01T00:02:03.456Z"}}
	if got.Method != http.MethodGet || got.Path != "/sub/path/api/v1/livechat/analytics/departments/total-abandoned-chats" {
		t.Errorf("asked %s %s", got.Method, got.Path)
	}
	if got.Query.Encode() != wantQuery.Encode() {
		t.Errorf("got query %v, want %v", got.Query, wantQuery)
	}
	for name, want := range map[string]string{
		"X-User-Id": rocketchattest.UserID, "X-Auth-Token": rocketchattest.AuthToken,
		"User-Agent": "livechat_exporter/test", "Accept": "application/json", "Accept-Encoding": "gzip",
	} {
		if got := got.Header.Get(name); got != want {
			t.Errorf("got %s: %q, want %q", name, got, want)
		}
	}
}

func TestEveryFailureHasItsOutcomeAndItsCure(t *testing.T) {
	inject := func(f rocketchattest.Fault) func(*rocketchattest.Workspace) {
		return func(ws *rocketchattest.Workspace) { ws.Inject(nil, f) }
	}
	configure := func(change func(*rocketchattest.Settings)) func(*rocketchattest.Workspace) {
		return func(ws *rocketchattest.Workspace) { ws.Configure(change) }
	}
	body := func(body string) func(*rocketchattest.Workspace) {
		return inject(rocketchattest.RespondJSON(http.StatusOK, body))
	}
	unlicensed := configure(func(s *rocketchattest.Settings) { s.Licensed = false })
	wrongToken := configure(func(s *rocketchattest.Settings) { s.AuthToken = "another" })
	noPermission := configure(func(s *rocketchattest.Settings) { s.Permissions = nil })

	tests := map[string]struct {
		profile rocketchattest.Profile
		arrange func(*rocketchattest.Workspace)
		outcome rocketchat.Outcome
		message string // Part of the error's text: what to do.
	}{
		"wrong token, old":      {rocketchattest.Old, wrongToken, rocketchat.Unauthorized, "HTTP 401: user id or auth token is wrong"},
		"wrong token, mid":      {rocketchattest.Mid, wrongToken, rocketchat.Unauthorized, "make a new personal access token"},
		"wrong token, new":      {rocketchattest.Latest, wrongToken, rocketchat.Unauthorized, "make a new personal access token"},
		"no permission, old":    {rocketchattest.Old, noPermission, rocketchat.Forbidden, "view-livechat-manager"},
		"no permission, new":    {rocketchattest.Latest, noPermission, rocketchat.Forbidden, "give it a role that has it (livechat-manager or livechat-monitor)"},
		"no licence, old":       {rocketchattest.Old, unlicensed, rocketchat.Unlicensed, "wrong URL, or a workspace without a premium licence"},
		"no licence, mid":       {rocketchattest.Mid, unlicensed, rocketchat.Unlicensed, "no active premium licence"},
		"no licence, new":       {rocketchattest.Latest, unlicensed, rocketchat.Unlicensed, "no active premium licence"},
		"the web app":           {rocketchattest.Latest, inject(rocketchattest.HTML()), rocketchat.Unlicensed, "wrong URL, or a workspace without a premium licence"},
		"blank page":            {rocketchattest.Latest, inject(rocketchattest.Blank()), rocketchat.BadResponse, "the answer is blank"},
		"blank JSON":            {rocketchattest.Latest, body(""), rocketchat.BadResponse, "the answer is blank"},
		"plain text":            {rocketchattest.Latest, inject(rocketchattest.Respond(200, "text/plain", "hello")), rocketchat.BadResponse, `content type is "text/plain"`},
		"no content type":       {rocketchattest.Latest, inject(rocketchattest.Respond(200, "", "{}")), rocketchat.BadResponse, "not application/json"},
		"not found":             {rocketchattest.Latest, inject(rocketchattest.Respond(404, "text/plain", "404 Not Found")), rocketchat.NotFound, "without /api/v1"},
		"rate limited":          {rocketchattest.Latest, inject(rocketchattest.RespondJSON(429, `{"success":false}`)), rocketchat.RateLimited, "scrape less often"},
		"redirect to a host":    {rocketchattest.Latest, inject(rocketchattest.Redirect(302, "https://evil.example.org/x?y=z")), rocketchat.Redirected, "redirects to https://evil.example.org, which is never followed"},
		"redirect to nowhere":   {rocketchattest.Latest, inject(rocketchattest.Redirect(301, ":")), rocketchat.Redirected, "Force_SSL"},
		"forced TLS":            {rocketchattest.Mid, configure(func(s *rocketchattest.Settings) { s.ForceSSL = true }), rocketchat.Redirected, "redirects to https://chat.example.com"},
		"database error":        {rocketchattest.Latest, inject(rocketchattest.DatabaseError("operation exceeded time limit")), rocketchat.ServerError, `("operation exceeded time limit")`},
		"bad gateway":           {rocketchattest.Latest, inject(rocketchattest.BadGateway()), rocketchat.ServerError, "HTTP 502"},
		"starting up":           {rocketchattest.Latest, inject(rocketchattest.ServiceUnavailable()), rocketchat.ServerError, "look at its logs"},
		"internal error":        {rocketchattest.Latest, inject(rocketchattest.Respond(500, "text/plain", "Internal Server Error")), rocketchat.ServerError, "HTTP 500"},
		"bad request, not JSON": {rocketchattest.Latest, inject(rocketchattest.Respond(400, "text/html", "<h1>400</h1>")), rocketchat.ServerError, "HTTP 400"},
		"refused parameters": {
			rocketchattest.Latest,
			inject(rocketchattest.RespondJSON(400, `{"success":false,"error":"must be number [invalid-params]","errorType":"invalid-params"}`)),
			rocketchat.InvalidParams, `("must be number [invalid-params]")`,
		},
		"refused parameters, typed route": {
			rocketchattest.Latest, inject(rocketchattest.RespondJSON(400, `{"success":false,"error":"no","errorType":"error-invalid-params"}`)),
			rocketchat.InvalidParams, "release",
		},
		"a status of no meaning": {rocketchattest.Latest, inject(rocketchattest.Respond(418, "text/plain", "")), rocketchat.BadResponse, "HTTP 418"},
		"created":                {rocketchattest.Latest, inject(rocketchattest.RespondJSON(201, `{}`)), rocketchat.BadResponse, "HTTP 201"},
		"hang":                   {rocketchattest.Latest, inject(rocketchattest.Hang()), rocketchat.Timeout, "slow or hangs"},
		"drip":                   {rocketchattest.Latest, inject(rocketchattest.Drip(20 * time.Second)), rocketchat.Timeout, "slow or hangs"},
		"slow":                   {rocketchattest.Latest, inject(rocketchattest.Slow(31 * time.Second)), rocketchat.Timeout, "slow or hangs"},
		"connection closed":      {rocketchattest.Latest, inject(rocketchattest.CloseConnection()), rocketchat.Network, "check url, name resolution, firewall and TLS"},
		"cut short":              {rocketchattest.Latest, inject(rocketchattest.Truncate(20)), rocketchat.BadResponse, "cut short"},
		"cut short in a chunk":   {rocketchattest.Latest, inject(rocketchattest.TruncateChunked(20)), rocketchat.BadResponse, "cut short"},
		"success: false":         {rocketchattest.Latest, body(`{"success":false,"departments":[],"total":0}`), rocketchat.BadResponse, "success: true"},
		"a gigabyte of rows":     {rocketchattest.Latest, inject(rocketchattest.EndlessBody(1 << 30)), rocketchat.BadResponse, "more than 20000 departments"},
		"a gigabyte of id":       {rocketchattest.Latest, inject(rocketchattest.EndlessString(1 << 30)), rocketchat.BadResponse, "id over"},
		"200,000 brackets":       {rocketchattest.Latest, inject(rocketchattest.Nested(200_000)), rocketchat.BadResponse, "not an object"},
		"a redirect, not gzip":   {rocketchattest.Latest, inject(notGzip(302)), rocketchat.Redirected, "Force_SSL"},
		"a refusal, not gzip":    {rocketchattest.Latest, inject(notGzip(401)), rocketchat.Unauthorized, "make a new personal access token"},
		"multiple choices":       {rocketchattest.Latest, inject(rocketchattest.Respond(300, "text/plain", "")), rocketchat.Redirected, "Force_SSL"},
		"a status beyond all":    {rocketchattest.Latest, inject(rocketchattest.Respond(600, "text/plain", "")), rocketchat.ServerError, "HTTP 600"},
		"the token as id":        {rocketchattest.Latest, body(`{"departments":[{"_id":"x` + rocketchattest.AuthToken + `","abandonedRooms":1}],"total":1,"success":true}`), rocketchat.BadResponse, "holds a credential"},
		"not gzip":               {rocketchattest.Latest, inject(gzipHeader("plain")), rocketchat.BadResponse, "not gzip"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ws := rocketchattest.New(tt.profile)
				ws.AddRooms(abandoned("sales"))
				tt.arrange(ws)
				client, observed := connect(t, ws)

				answer, err := lastDay(t.Context(), client, new(rocketchat.Question))
				failed, ok := errors.AsType[*rocketchat.Error](err)
				if !ok {
					t.Fatalf("got answer %v and error %v, want an *Error", answer, err)
				}
				if failed.Outcome != tt.outcome || !strings.Contains(err.Error(), tt.message) {
					t.Errorf("got %s: %v\nwant %s and %q", failed.Outcome, err, tt.outcome, tt.message)
				}
				if !strings.HasPrefix(err.Error(), "total-abandoned-chats: ") || strings.Contains(err.Error(), "\n") {
					t.Errorf("error %q is not one line that begins with its route", err)
				}
				if got := observed.outcomes(); !slices.Equal(got, []rocketchat.Outcome{tt.outcome}) {
					t.Errorf("observed %v, want one %s", got, tt.outcome)
				}
			})
		})
	}
}

// notGzip answers with the status and an empty body that says it is compressed.
func notGzip(status int) rocketchattest.Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(status)
	}
}

// gzipHeader answers JSON that says it is compressed.
func gzipHeader(content string) rocketchattest.Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, content)
	}
}

func TestACallThatIsGivenUpIsCanceledNotTimedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws := rocketchattest.New(rocketchattest.Latest)
		ws.Inject(nil, rocketchattest.Hang())
		client, observed := connect(t, ws)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)

		_, err := lastDay(ctx, client, new(rocketchat.Question))
		failed, ok := errors.AsType[*rocketchat.Error](err)
		if !ok || failed.Outcome != rocketchat.Canceled {
			t.Errorf("got %v, want canceled", err)
		}
		if got := observed.outcomes(); !slices.Equal(got, []rocketchat.Outcome{rocketchat.Canceled}) {
			t.Errorf("observed %v, want one canceled", got)
		}
	})
}

func TestTheShorterOfTimeoutAndDeadlineEndsACall(t *testing.T) {
	for name, tt := range map[string]struct{ timeout, deadline, want time.Duration }{
		"timeout":    {timeout: 3 * time.Second, deadline: time.Minute, want: 3 * time.Second},
		"deadline":   {timeout: time.Minute, deadline: 4 * time.Second, want: 4 * time.Second},
		"no timeout": {deadline: 5 * time.Second, want: 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ws := rocketchattest.New(rocketchattest.Latest)
				ws.Inject(nil, rocketchattest.Hang())
				client, observed := connect(t, ws, func(o *rocketchat.Options) { o.Timeout = tt.timeout })
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				defer cancel()
				begin := time.Now()
				_, err := lastDay(ctx, client, new(rocketchat.Question))
				failed, ok := errors.AsType[*rocketchat.Error](err)
				if got := time.Since(begin); got != tt.want || !ok || failed.Outcome != rocketchat.Timeout {
					t.Errorf("ended after %v with %v, want timeout after %v", got, err, tt.want)
				}
				if got := observed.list[0].Duration; got != tt.want {
					t.Errorf("observed %v, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestNothingIsSentWithoutUsableCredentials(t *testing.T) {
	broken := errors.New("no such file")
	for name, credentials := range map[string]rocketchat.Credentials{
		"unreadable user id": rocketchat.AccessToken(
			func() (string, error) { return "", broken }, func() (string, error) { return "t", nil }),
		"unreadable token": rocketchat.AccessToken(
			func() (string, error) { return "u", nil }, func() (string, error) { return "", broken }),
		"empty token":       account("u", ""),
		"empty user id":     account("", "secret"),
		"newline in token":  account("u", "se\ncret"),
		"space in user id":  account("u u", "secret"),
		"token of a script": account("u", "секрет"),
	} {
		t.Run(name, func(t *testing.T) {
			ws := rocketchattest.New(rocketchattest.Latest)
			client, observed := connect(t, ws, func(o *rocketchat.Options) { o.Credentials = credentials })
			_, err := lastDay(t.Context(), client, new(rocketchat.Question))
			if !errors.Is(err, rocketchat.ErrNoCredentials) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "секрет") {
				t.Errorf("got %v, want ErrNoCredentials without the token", err)
			}
			if sent, got := ws.Requests(), observed.outcomes(); len(sent) > 0 || len(got) > 0 {
				t.Errorf("sent %v, observed %v", sent, got)
			}
		})
	}
}

func TestASwitchOfProtocolsIsRefusedAtOnce(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Latest)
	ended := make(chan error, 1)
	ws.Inject(nil, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_, err = conn.Read(make([]byte, 1)) // Until the client closes it.
		ended <- err
		panic(http.ErrAbortHandler)
	})
	server := httptest.NewServer(ws)
	defer server.Close()
	client, _ := connect(t, ws, func(o *rocketchat.Options) {
		o.Transport = &http.Transport{}
		o.URL, _ = url.Parse(server.URL)
	})
	if _, err := lastDay(t.Context(), client, new(rocketchat.Question)); outcomeOf(err) != rocketchat.BadResponse {
		t.Errorf("got %v, want bad_response", err)
	}
	if err := <-ended; err == nil {
		t.Error("the connection is still used")
	}
}

// again is a transport that gets one connection after the other for one call.
type again struct{}

func (again) RoundTrip(r *http.Request) (*http.Response, error) {
	for range 1000 {
		httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
		if r.Context().Err() != nil {
			return nil, context.Cause(r.Context())
		}
	}
	return nil, errors.New("was not stopped")
}

func TestOneCallIsNotSentAgainAndAgain(t *testing.T) {
	client, observed := connect(t, rocketchattest.New(rocketchattest.Latest), func(o *rocketchat.Options) { o.Transport = again{} })
	_, err := lastDay(t.Context(), client, new(rocketchat.Question))
	if outcomeOf(err) != rocketchat.Network || !strings.Contains(err.Error(), "sent again and again") {
		t.Errorf("got %v, want network", err)
	}
	if got := observed.outcomes(); len(got) != 1 {
		t.Errorf("observed %v, want one call", got)
	}
}

func TestARotatedTokenIsUsedForTheNextCall(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Latest)
	token := "outdated"
	client, _ := connect(t, ws, func(o *rocketchat.Options) {
		o.Credentials = rocketchat.AccessToken(
			func() (string, error) { return rocketchattest.UserID, nil },
			func() (string, error) { return token, nil })
	})
	if _, err := lastDay(t.Context(), client, new(rocketchat.Question)); err == nil {
		t.Error("the outdated token was accepted")
	}
	token = rocketchattest.AuthToken
	if _, err := lastDay(t.Context(), client, new(rocketchat.Question)); err != nil {
		t.Error(err)
	}
}

func TestAServerThatSendsTheTokenBackDoesNotGetItIntoAnError(t *testing.T) {
	const token = rocketchattest.AuthToken
	for name, fault := range map[string]rocketchattest.Fault{
		"error body":   rocketchattest.RespondJSON(400, `{"error":"bad header X-Auth-Token: `+token+`"}`),
		"content type": rocketchattest.Respond(200, "text/"+token, "x"),
		"location":     rocketchattest.Redirect(302, "https://"+token+".example.org/"+token),
		"user id":      rocketchattest.RespondJSON(500, `{"error":"`+rocketchattest.UserID+`"}`),
		"garbage":      garbage("HTTP/1.1 " + token + "\r\n\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			ws := rocketchattest.New(rocketchattest.Latest)
			ws.Inject(nil, fault)
			server := httptest.NewServer(ws)
			defer server.Close()
			client, _ := connect(t, ws, func(o *rocketchat.Options) {
				o.Transport = &http.Transport{}
				o.URL, _ = url.Parse(server.URL)
			})
			_, err := lastDay(t.Context(), client, new(rocketchat.Question))
			if err == nil {
				t.Fatal("got no error")
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				if text := strings.ToLower(e.Error()); strings.Contains(text, strings.ToLower(token)) || strings.Contains(text, strings.ToLower(rocketchattest.UserID)) {
					t.Errorf("the error holds a credential: %v", e)
				}
			}
		})
	}
}

// garbage answers with bytes that are no HTTP.
func garbage(text string) rocketchattest.Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, text)
		_ = conn.Close()
		panic(http.ErrAbortHandler) // The connection is no longer the server's to answer on.
	}
}

func TestNoRequestReachesTheHostOfARedirect(t *testing.T) {
	var reached sync.Map
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { reached.Store(r.URL.Path, r.Header) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		ws := rocketchattest.New(rocketchattest.Latest)
		ws.Inject(nil, rocketchattest.Redirect(status, other.URL+"/stolen"))
		server := httptest.NewServer(ws)
		t.Cleanup(server.Close)
		client, _ := connect(t, ws, func(o *rocketchat.Options) {
			o.Transport = &http.Transport{}
			o.URL, _ = url.Parse(server.URL)
		})
		_, err := lastDay(t.Context(), client, new(rocketchat.Question))
		if failed, ok := errors.AsType[*rocketchat.Error](err); !ok || failed.Outcome != rocketchat.Redirected {
			t.Errorf("status %d: got %v, want redirected", status, err)
		}
	}
	reached.Range(func(path, header any) bool {
		t.Errorf("the other host was asked %v with %v", path, header)
		return true
	})
}

func TestAConnectionThatCannotBeMadeSaysWhyInTheSameWordsEachTime(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	defer untrusted.Close()
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	for name, tt := range map[string]struct{ url, want string }{
		"nobody listens":   {closed.URL, "total-abandoned-chats: dial: connect: connection refused: check url, name resolution, firewall and TLS"},
		"not trusted":      {untrusted.URL, "total-abandoned-chats: the server's certificate is refused: x509: certificate signed by unknown authority: check url, or set ca_file or server_name in http_client's tls_config"},
		"TLS in the clear": {strings.Replace(untrusted.URL, "https", "http", 1), "HTTP 400"},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := connect(t, rocketchattest.New(rocketchattest.Latest), func(o *rocketchat.Options) {
				o.Transport = &http.Transport{}
				o.URL, _ = url.Parse(tt.url)
			})
			for range 2 {
				_, err := lastDay(t.Context(), client, new(rocketchat.Question))
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %s", err, tt.want)
				}
			}
		})
	}
}

func TestConnectionsAreReused(t *testing.T) {
	for name, fault := range map[string]rocketchattest.Fault{
		"answers": func(w http.ResponseWriter, r *http.Request, next http.Handler) { next.ServeHTTP(w, r) },
		"errors":  rocketchattest.BadGateway(),
		"pages":   rocketchattest.HTML(),
	} {
		t.Run(name, func(t *testing.T) {
			ws := rocketchattest.New(rocketchattest.Latest)
			ws.Inject(nil, fault)
			transport := ws.Transport()
			dial, dialled := transport.DialContext, 0
			transport.DialContext = func(ctx context.Context, network, address string) (conn net.Conn, err error) {
				dialled++
				return dial(ctx, network, address)
			}
			client, _ := connect(t, ws, func(o *rocketchat.Options) { o.Transport = transport })
			for range 5 {
				_, _ = lastDay(t.Context(), client, new(rocketchat.Question))
			}
			if dialled != 1 {
				t.Errorf("five calls took %d connections, want 1", dialled)
			}
		})
	}
}

func TestCompressedAnswersAreRead(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Old)
	for i := range 40 {
		ws.AddRooms(abandoned("department-with-a-long-id-" + strings.Repeat("x", i)))
	}
	var encodings bytes.Buffer
	ws.Inject(nil, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(w, r)
		encodings.WriteString(w.Header().Get("Content-Encoding"))
	})
	client, _ := connect(t, ws)
	answer, err := lastDay(t.Context(), client, new(rocketchat.Question))
	if err != nil || len(answer.Departments) != 40 || encodings.String() != "gzip" {
		t.Errorf("got %d departments, error %v, encoding %q; want 40 by gzip", len(answer.Departments), err, encodings.String())
	}
}

// outcomeOf returns how a call ended by its error.
func outcomeOf(err error) rocketchat.Outcome {
	if failed, ok := errors.AsType[*rocketchat.Error](err); ok {
		return failed.Outcome
	}
	return rocketchat.OK
}
