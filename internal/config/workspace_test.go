package config

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"

	"livechat_exporter/internal/budget"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/window"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://chat.example.com":             "https://chat.example.com:443",
		"https://Chat.EXAMPLE.com:443/support": "https://chat.example.com:443",
		"https://chat.example.com:80":          "https://chat.example.com:80",
		"http://chat.example.com":              "http://chat.example.com:80",
		"http://10.0.0.1:3000":                 "http://10.0.0.1:3000",
		"https://[::1]":                        "https://[::1]:443",
	} {
		if got := (Workspace{URL: mustURL(t, address)}).Address(); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}

// identical returns a workspace with every field set, made anew each time.
func identical(t *testing.T) Workspace {
	t.Helper()
	return Workspace{
		Name: "main", URL: mustURL(t, "https://chat.example.com/support"),
		UserID: "id", UserIDFile: "file", AuthToken: "token", AuthTokenFile: "token", Username: "name", Password: "password", PasswordFile: "file",
		HTTPClient:        HTTPClient{TLSConfig: promconfig.TLSConfig{CAFile: "ca.pem", Key: "key"}, ProxyURL: mustURL(t, "http://proxy.example.com")},
		Windows:           []window.Window{{Name: "24h", Duration: 24 * time.Hour, Refresh: time.Minute}},
		Timezone:          mustZone(t, "Europe/Berlin"),
		InactivityTimeout: model.Hour, Counter: true, Rooms: true, Live: true, Departments: true,
		RateLimit: budget.Limit{Calls: 10, Per: model.Minute}, Timeout: model.Second, MaxAge: model.Minute,
	}
}

func TestEqualAndSameAccount(t *testing.T) {
	t.Parallel()
	changed := map[string]bool{}
	for _, test := range []struct {
		field       string
		change      func(w *Workspace)
		sameAccount bool
	}{
		{"Name", func(w *Workspace) { w.Name = "other" }, true},
		{"URL", func(w *Workspace) { w.URL = mustURL(t, "https://chat.example.com/sales") }, false},
		{"URL", func(w *Workspace) { w.URL = mustURL(t, "https://other.example.com/support") }, false},
		{"URL", func(w *Workspace) { w.URL = mustURL(t, "https://Chat.example.com:443/support") }, true},
		{"UserID", func(w *Workspace) { w.UserID = "other" }, false},
		{"UserIDFile", func(w *Workspace) { w.UserIDFile = "" }, false},
		{"AuthToken", func(w *Workspace) { w.AuthToken = "" }, false},
		{"AuthTokenFile", func(w *Workspace) { w.AuthTokenFile = "other" }, false},
		{"Username", func(w *Workspace) { w.Username = "other" }, false},
		{"Password", func(w *Workspace) { w.Password = "other" }, false},
		{"PasswordFile", func(w *Workspace) { w.PasswordFile = "other" }, false},
		{"HTTPClient", func(w *Workspace) { w.HTTPClient.TLSConfig.Key = "other" }, true},
		{"HTTPClient", func(w *Workspace) { w.HTTPClient.ProxyURL.Host = "other.example.com" }, true},
		{"Windows", func(w *Workspace) { w.Windows[0].Refresh = 0 }, true},
		{"Timezone", func(w *Workspace) { w.Timezone = Location{time.UTC} }, true},
		{"InactivityTimeout", func(w *Workspace) { w.InactivityTimeout = 0 }, true},
		{"Counter", func(w *Workspace) { w.Counter = false }, true},
		{"Rooms", func(w *Workspace) { w.Rooms = false }, true},
		{"Live", func(w *Workspace) { w.Live = false }, true},
		{"Departments", func(w *Workspace) { w.Departments = false }, true},
		{"RateLimit", func(w *Workspace) { w.RateLimit.Calls = 0 }, true},
		{"Timeout", func(w *Workspace) { w.Timeout = 0 }, true},
		{"MaxAge", func(w *Workspace) { w.MaxAge = 0 }, true},
	} {
		changed[test.field] = true
		w, other := identical(t), identical(t)
		if !w.Equal(other) || !w.SameAccount(other) {
			t.Fatal("two workspaces that are configured alike are not equal")
		}
		test.change(&other)
		if w.Equal(other) || other.Equal(w) {
			t.Errorf("%s is changed, and the workspaces are equal", test.field)
		}
		if got := w.SameAccount(other); got != test.sameAccount || other.SameAccount(w) != got {
			t.Errorf("%s is changed: got the same account %v, want %v", test.field, got, test.sameAccount)
		}
	}
	for field, content := range reflect.ValueOf(identical(t)).Fields() {
		if field.IsExported() && (!changed[field.Name] || content.IsZero()) {
			t.Errorf("this test does not change %s", field.Name)
		}
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	all := []*rocketchat.Route{
		rocketchat.TotalAbandonedChats, rocketchat.AmountOfChats, rocketchat.Departments, rocketchat.Inquiries, rocketchat.AgentsStatus,
	}
	if got := (Workspace{Rooms: true, Departments: true, Live: true}).Routes(); !slices.Equal(got, all) {
		t.Errorf("got %v", got)
	}
	if got := (Workspace{}).Routes(); !slices.Equal(got, all[:1]) {
		t.Errorf("with nothing else: got %v", got)
	}
}

func TestCosts(t *testing.T) {
	t.Parallel()
	workspace := func(address string, limit, windows int, counter, rooms, departments, live bool) Workspace {
		w := withDefaults(t, address, address)
		w.RateLimit.Calls, w.Windows = limit, make([]window.Window, windows)
		w.Counter, w.Rooms, w.Departments, w.Live = counter, rooms, departments, live
		return w
	}
	older := workspace("https://chat.example.com/older", 10, 1, true, false, true, true)
	older.MaxAge = 4 * model.Minute
	got := Costs([]Workspace{
		workspace("https://odd.example.com", 3, 2, true, true, false, false),
		workspace("https://chat.example.com", 10, 4, true, true, true, true), older,
		workspace("http://unlimited.example.com", 0, 1, false, false, false, false),
	})
	limit := func(calls int) budget.Limit { return budget.Limit{Calls: calls, Per: model.Minute} }
	want := []Cost{
		{Address: "http://unlimited.example.com:80", Route: "total-abandoned-chats", Limit: limit(0), MaxAge: 5 * model.Minute, Calls: 1},
		{Address: "https://chat.example.com:443", Route: "agents-status", Limit: limit(10), MaxAge: 4 * model.Minute, Calls: 2, Periods: 1, Age: 2 * model.Minute},
		{Address: "https://chat.example.com:443", Route: "amount-of-chats", Limit: limit(10), MaxAge: 4 * model.Minute, Calls: 8, Periods: 1, Age: 2 * model.Minute},
		{Address: "https://chat.example.com:443", Route: "department", Limit: limit(10), MaxAge: 4 * model.Minute, Calls: 2, Periods: 1, Age: 2 * model.Minute},
		{Address: "https://chat.example.com:443", Route: "inquiries.list", Limit: limit(10), MaxAge: 4 * model.Minute, Calls: 2, Periods: 1, Age: 2 * model.Minute},
		{Address: "https://chat.example.com:443", Route: "total-abandoned-chats", Limit: limit(10), MaxAge: 4 * model.Minute, Calls: 9, Periods: 1, Age: 2 * model.Minute},
		{Address: "https://odd.example.com:443", Route: "amount-of-chats", Limit: limit(3), MaxAge: 5 * model.Minute, Calls: 4, Periods: 2, Age: 4 * model.Minute},
		{Address: "https://odd.example.com:443", Route: "total-abandoned-chats", Limit: limit(3), MaxAge: 5 * model.Minute, Calls: 4, Periods: 2, Age: 4 * model.Minute},
	}
	for i := range got {
		got[i].remedy = ""
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestSource(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	read := source("", Secret(file))
	if got, err := read(t.Context()); err == nil || strings.Contains(err.Error(), file) {
		t.Errorf("a missing file: got %q, %v; want an error without its name", got, err)
	}
	for _, token := range []string{"first", "second"} {
		if err := os.WriteFile(file, []byte(" "+token+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := read(t.Context()); got != token || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, token)
		}
	}
	if got, err := source("inline", "")(t.Context()); got != "inline" || err != nil {
		t.Errorf("got %q, %v, want inline", got, err)
	}
}

// A pipe that nobody writes to blocks its reader, and so does a dead mount.
func TestBlockingFiles(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	pipe := filepath.Join(directory, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	read, ended := source("", Secret(pipe)), make(chan error)
	ctx, cancel := context.WithCancel(t.Context())
	for range 2 {
		go func() {
			_, err := read(ctx)
			ended <- err
		}()
	}
	cancel()
	for range 2 {
		if err := <-ended; err == nil || !strings.Contains(err.Error(), "takes too long") {
			t.Errorf("a credential: got %v", err)
		}
	}
	file := filepath.Join(directory, "config.yml")
	text := "workspaces: {main: {url: 'https://chat.example.com', user_id: x, auth_token: x, http_client: {tls_config: {ca_file: pipe}}}}"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(ctx, file, environment(nil)); err == nil || !strings.Contains(err.Error(), "takes too long") {
		t.Errorf("a ca_file: got %v", err)
	}
}

// A file that blocks is read by one goroutine, however often it is asked for.
func TestOneAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		block, reads := make(chan struct{}), 0
		read := oneAtATime(func(context.Context) (int, error) {
			reads++
			<-block
			return reads, nil
		})
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if got, err := read(ctx); err == nil {
				t.Errorf("got %d of a file that blocks", got)
			}
			cancel()
		}
		close(block)
		if got, err := read(t.Context()); got != 2 || err != nil {
			t.Errorf("got %d, %v; want the second read", got, err)
		}
	})
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	if (Workspace{UserID: "id", AuthTokenFile: "token"}).UsesLogin() || !(Workspace{Username: "x", PasswordFile: "y"}).UsesLogin() {
		t.Error("UsesLogin mistakes a token for a login, or a login for a token")
	}
	token, login := Workspace{UserID: "id", AuthToken: "token"}.Credentials(), Workspace{Username: "name", Password: "password"}.Credentials()
	if reflect.TypeOf(token) == reflect.TypeOf(login) {
		t.Errorf("got %T for both kinds", token)
	}
}

func TestTransport(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/large":
			w.Header().Set("X-Large", strings.Repeat("x", 64<<10))
		}
	}))
	t.Cleanup(server.Close)
	directory := t.TempDir()
	ca, _ := writePair(t, directory)
	status := func(path string, c HTTPClient) (int, error) {
		transport, err := c.newTransport()
		if err != nil {
			return 0, err
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, http.NoBody)
		if err != nil {
			return 0, err
		}
		response, err := transport.RoundTrip(request)
		if err != nil {
			return 0, err
		}
		return response.StatusCode, response.Body.Close()
	}
	insecure := HTTPClient{TLSConfig: promconfig.TLSConfig{InsecureSkipVerify: true}, EnableHTTP2: true}
	if got, err := status("/redirect", insecure); got != http.StatusFound || err != nil {
		t.Errorf("a redirect: got %d, %v, want it unfollowed", got, err)
	}
	for name, wrong := range map[string]func() (int, error){
		"a large header":    func() (int, error) { return status("/large", insecure) },
		"unknown authority": func() (int, error) { return status("/", HTTPClient{TLSConfig: promconfig.TLSConfig{CA: ca}}) },
		"no file": func() (int, error) {
			return status("/", HTTPClient{TLSConfig: promconfig.TLSConfig{CAFile: "missing"}})
		},
		"proxy is not there": func() (int, error) { return status("/", HTTPClient{ProxyURL: mustURL(t, "http://127.0.0.1:1")}) },
	} {
		if got, err := wrong(); err == nil {
			t.Errorf("%s: got %d", name, got)
		}
	}
}

func TestProxyEnvironment(t *testing.T) {
	t.Parallel()
	good := map[string]string{
		"HTTP_PROXY": "proxy.example.com:3128", "https_proxy": "http://user:p%40ss@proxy.example.com:3128/",
	}
	const text = "workspaces: {main: {url: 'https://chat.example.com', user_id: x, auth_token: x, http_client: {proxy_from_environment: true}}}"
	load(t, "/", text, good)
	for name, value := range map[string]string{
		"HTTP_PROXY": "ftp://proxy.example.com", "HTTPS_PROXY": "http://proxy.example.com/path", "http_proxy": "http://proxy example.com",
		"https_proxy": "http://",
	} {
		variables := maps.Clone(good)
		variables[name] = value
		if _, err := parse("/config.yml", []byte(text), environment(variables)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%s: got %v", name, value, err)
		}
	}
}
