package rocketchattest

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestFaultsThatAnswer(t *testing.T) {
	t.Parallel()
	const mongo = "connection 7 to 10.0.0.5:27017 timed out"
	for name, tt := range map[string]struct {
		fault    Fault
		settings setting
		status   int
		content  string
		location string
		body     string // the beginning
	}{
		"redirect to https":     {fault: Redirect(302, "https://chat.example.com/"), status: 302, location: "https://chat.example.com/"},
		"redirect for good":     {fault: Redirect(301, "http://elsewhere.example.com/a?b=c"), status: 301, location: "http://elsewhere.example.com/a?b=c"},
		"redirect for now":      {fault: Redirect(307, "/login"), status: 307, location: "/login"},
		"blank":                 {fault: Blank(), status: 200, content: contentHTML},
		"HTML":                  {fault: HTML(), status: 200, content: contentHTML, body: "<!DOCTYPE html>"},
		"bad gateway":           {fault: BadGateway(), status: 502, content: "text/html", body: "<html>\r\n<head><title>502 Bad Gateway</title>"},
		"service unavailable":   {fault: ServiceUnavailable(), status: 503, content: "text/html", body: "<html>\r\n<head><title>503 Service Temporarily Unavailable</title>"},
		"anything":              {fault: Respond(418, "text/x-tea", "short and stout"), status: 418, content: "text/x-tea", body: "short and stout"},
		"JSON":                  {fault: RespondJSON(200, `{"success":false}`), status: 200, content: contentJSON, body: `{"success":false}`},
		"nested":                {fault: Nested(200_000), status: 200, content: contentJSON, body: `{"success":true,"departments":[[[[`},
		"a database error":      {fault: DatabaseError(mongo), status: 400, content: contentJSON, body: `{"success":false,"error":"` + mongo + `"}`},
		"a database not asked":  {fault: DatabaseError(mongo), settings: unpermitted, status: 403, content: contentJSON, body: noPermission},
		"an answer without end": {fault: EndlessBody(1 << 16), status: 200, content: contentJSON, body: `{"success":true,"departments":[{"_id":"00000000000000000","abandonedRooms":1},{"_id":"00000000000000001","abandonedRooms":1},`},
		"a string without end":  {fault: EndlessString(1 << 16), status: 200, content: contentJSON, body: `{"success":true,"departments":[{"_id":"xxxx`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(Latest)
			if tt.settings != nil {
				w.Configure(tt.settings)
			}
			w.Inject(nil, tt.fault)
			response, err := send(t.Context(), t, client(t, w))
			if err != nil {
				t.Fatal(err)
			}
			got := read(t, response)
			if got.status != tt.status || got.header.Get("Content-Type") != tt.content || got.header.Get("Location") != tt.location {
				t.Errorf("answer = %d %q to %q, want %d %q to %q", got.status, got.header.Get("Content-Type"), got.header.Get("Location"),
					tt.status, tt.content, tt.location)
			}
			if !strings.HasPrefix(got.body, tt.body) || tt.body == "" && got.body != "" {
				t.Errorf("body = %.200q, want %q", got.body, tt.body)
			}
			if got, want := got.header.Get("Date"), "Wed, 04 Mar 2026 12:00:00 GMT"; got != want {
				t.Errorf("Date = %q, want %q", got, want)
			}
			if log := w.Requests(); len(log) != 1 || log[0].Status != tt.status {
				t.Errorf("requests = %+v, want one with status %d", log, tt.status)
			}
		})
	}
}

func TestADatabaseErrorCostsBudget(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	w.Inject(nil, DatabaseError("not primary"))
	limited(t, ask(t, w, request{}), http.StatusBadRequest, 9, now.Add(w.Settings().RateLimit.Per))
}

func TestADatabaseErrorIsReadableToAClientThatTakesGzip(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Old)
	addDepartments(w, 50)
	w.Inject(nil, DatabaseError("not primary"))
	got := ask(t, w, request{header: map[string]string{"Accept-Encoding": "gzip"}})
	if want := `{"success":false,"error":"not primary"}`; got.body != want || got.header.Get("Content-Encoding") != "" {
		t.Errorf("body = %q in %q, want %q as it is", got.body, got.header.Get("Content-Encoding"), want)
	}
}

func TestAFaultThatWritesNothingAnswers200(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	w.Inject(nil, func(http.ResponseWriter, *http.Request, http.Handler) {})
	if got := ask(t, w, request{}); got.status != http.StatusOK || got.body != "" {
		t.Errorf("answer = %d %q, want 200 and nothing", got.status, got.body)
	}
	if got := w.Requests()[0].Status; got != http.StatusOK {
		t.Errorf("recorded status = %d, want 200", got)
	}
}

func TestStreamsEndAfterTheirBytes(t *testing.T) {
	t.Parallel()
	const n = 32 << 20
	for name, fault := range map[string]Fault{"departments": EndlessBody(n), "a string": EndlessString(n)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(Latest)
			w.Inject(nil, fault)
			server := httptest.NewServer(w)
			t.Cleanup(server.Close)
			response, err := server.Client().Get(server.URL) //nolint:noctx // The server ends with the test.
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if got, err := io.Copy(io.Discard, response.Body); got != n || err != nil {
				t.Errorf("read %d bytes, %v, want %d", got, err, n)
			}
		})
	}
}

// A client reads what came before the connection broke, and then an error, over
// sockets as inside the process.
func TestFaultsThatBreakTheConnection(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault  Fault
		length int64
		body   string
	}{
		"truncated":              {fault: Truncate(20), length: int64(len(noRooms)), body: noRooms[:20]},
		"truncated at once":      {fault: Truncate(0), length: int64(len(noRooms))},
		"truncated in chunks":    {fault: TruncateChunked(20), length: -1, body: noRooms[:20]},
		"the last chunk missing": {fault: TruncateChunked(1000), length: -1, body: noRooms},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(Latest)
			w.Inject(nil, tt.fault)
			server := httptest.NewServer(w)
			t.Cleanup(server.Close)
			for where, c := range map[string]*http.Client{"inside the process": client(t, w), "over a socket": proxied(t, server)} {
				response, err := send(t.Context(), t, c)
				if err != nil {
					t.Fatalf("%s: %v", where, err)
				}
				body, err := io.ReadAll(response.Body)
				response.Body.Close()
				if !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("%s: error = %v, want %v", where, err, io.ErrUnexpectedEOF)
				}
				if response.ContentLength != tt.length || string(body) != tt.body {
					t.Errorf("%s: body = %q of %d bytes, want %q of %d", where, body, response.ContentLength, tt.body, tt.length)
				}
			}
		})
	}
}

// proxied is a client that sends requests for any host to the server.
func proxied(t *testing.T, server *httptest.Server) *http.Client {
	t.Helper()
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(address)}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestCloseConnection(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	w.Inject(nil, CloseConnection())
	response, err := send(t.Context(), t, client(t, w))
	if !errors.Is(err, io.EOF) {
		t.Errorf("error = %v, want %v", err, io.EOF)
		response.Body.Close()
	}
}

func TestInjectedFaultsMeetTheRequestsTheyMatch(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	status := func(n int) Fault { return Respond(n, "text/plain", "") }
	expect := func(when string, endpoint, info int) {
		t.Helper()
		if got := ask(t, w, request{}).status; got != endpoint {
			t.Errorf("%s the endpoint answers %d, want %d", when, got, endpoint)
		}
		if got := ask(t, w, request{target: "/api/info"}).status; got != info {
			t.Errorf("%s info answers %d, want %d", when, got, info)
		}
	}
	expect("first", 200, 200)
	removeAll := w.Inject(nil, status(501))
	expect("with a fault for all", 501, 501)
	removeOne := w.Inject(func(r *http.Request) bool { return r.URL.Path == "/api/info" }, status(502))
	expect("with another, injected later, for one", 501, 502)
	removeAll()
	expect("without the first", 200, 502)
	removeAll()
	expect("after the first was removed twice", 200, 502)
	removeOne()
	expect("last", 200, 200)
}

func TestAFaultCanLetTheRequestPass(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	var order []string
	pass := func(name string) Fault {
		return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			order = append(order, name)
			next.ServeHTTP(w, r)
		}
	}
	w.Inject(nil, pass("first"))
	w.Inject(nil, pass("second"))
	if got := ask(t, w, request{}); got.body != noRooms {
		t.Errorf("body = %s, want %s", got.body, noRooms)
	}
	if got := strings.Join(order, ", "); got != "second, first" {
		t.Errorf("faults met: %s; want second, first", got)
	}
}
