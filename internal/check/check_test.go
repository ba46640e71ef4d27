package check_test

import (
	"context"
	"encoding/pem"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/internal/check"
	"livechat_exporter/internal/config"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

var update = flag.Bool("update", false, "write the golden reports")

const account = "user_id: " + rocketchattest.UserID + ", auth_token: " + rocketchattest.AuthToken

// scenario is a configuration and a workspace of Rocket.Chat.
type scenario struct {
	// config is the configuration; by default one workspace on this machine.
	config string
	// old is a release of before 7.9.
	old     bool
	server  func(*rocketchattest.Workspace)
	options check.Options
	// failed is what the exit code shows.
	failed bool
}

// fault is a server with a fault on all routes that have the text in their path.
func fault(path string, f rocketchattest.Fault) func(*rocketchattest.Workspace) {
	return func(ws *rocketchattest.Workspace) {
		ws.Inject(func(r *http.Request) bool { return strings.Contains(r.URL.Path, path) }, f)
	}
}

func settings(change func(*rocketchattest.Settings)) func(*rocketchattest.Workspace) {
	return func(ws *rocketchattest.Workspace) { ws.Configure(change) }
}

// departments is a server with so many departments that each have an abandoned chat.
func departments(n int, change func(*rocketchattest.Settings)) func(*rocketchattest.Workspace) {
	return func(ws *rocketchattest.Workspace) {
		ws.Configure(change)
		now := ws.Settings().Now()
		for i := range n {
			id := fmt.Sprintf("department-%03d", i)
			ws.AddDepartments(rocketchattest.Department{ID: id, Name: id})
			ws.AddRooms(rocketchattest.Room{
				DepartmentID: id, OpenedAt: now.Add(-5 * time.Hour), ClosedAt: now.Add(-time.Hour),
				VisitorInactivity: new(2 * time.Hour), Answered: true,
			})
		}
	}
}

func workspace(url, account string) string {
	return "workspaces: {main: {url: '" + url + "', " + account + "}}\n"
}

func scenarios() map[string]scenario {
	const local, remote, analytics = "http://localhost:3000", "http://chat.example.com", "analytics/departments"
	login := func(password string) string {
		return workspace(local, "username: "+rocketchattest.Username+", password: "+password)
	}
	return map[string]scenario{
		"healthy": {server: departments(3, func(*rocketchattest.Settings) {})},
		"warnings": {
			config: "windows: [90m, 24h]\nrooms: false\n" + workspace(remote, account),
			server: settings(func(s *rocketchattest.Settings) {
				s.Now = func() time.Time { return time.Now().Add(-20 * time.Second) }
			}),
		},
		"two-workspaces": {failed: true, config: "workspaces:\n  support: {url: 'http://127.0.0.1:3001', " + account + "}\n" +
			"  billing: {url: 'http://127.0.0.1:3002', user_id: " + rocketchattest.UserID + ", auth_token: wR0ngT0ken}\n"},
		"permission-missing": {failed: true, server: settings(func(s *rocketchattest.Settings) { s.Permissions = []string{rocketchattest.ViewLRoom} })},
		"licence-missing":    {failed: true, server: settings(func(s *rocketchattest.Settings) { s.Licensed = false })},
		"licence-missing-on-an-old-release": {
			failed: true, old: true, server: settings(func(s *rocketchattest.Settings) { s.Licensed = false }),
		},
		"login":           {config: login(rocketchattest.Password), server: fault("logout", rocketchattest.BadGateway())},
		"login-refused":   {failed: true, config: login("wrong")},
		"no-answer":       {failed: true, server: fault("", rocketchattest.Hang())},
		"slow":            {server: fault(analytics, rocketchattest.Slow(20*time.Second))},
		"redirect":        {failed: true, config: workspace(remote, account), server: settings(func(s *rocketchattest.Settings) { s.ForceSSL = true })},
		"not-rocketchat":  {failed: true, server: fault("", rocketchattest.HTML())},
		"version-unknown": {server: fault("info", rocketchattest.Respond(http.StatusForbidden, "text/html", "blocked"))},
		"token-in-an-error": {failed: true, server: fault("amount-of-chats",
			rocketchattest.RespondJSON(http.StatusInternalServerError, `{"error":"`+rocketchattest.AuthToken+`"}`))},
		"rate-limit-too-high": {server: settings(func(s *rocketchattest.Settings) { s.RateLimit.Calls = 4 })},
		"rate-limit-not-needed": {server: settings(func(s *rocketchattest.Settings) {
			s.Permissions = append(s.Permissions, rocketchattest.BypassRateLimit)
		})},
		"rate-limit-lifted": {config: "rate_limit: {calls: 0}\n" + workspace(local, account), server: settings(func(s *rocketchattest.Settings) {
			s.Permissions = append(s.Permissions, rocketchattest.BypassRateLimit)
		})},
		"rate-limit-reached": {failed: true, server: fault("total-abandoned",
			rocketchattest.RespondJSON(http.StatusTooManyRequests, `{"success":false,"error":"Error, too many requests."}`))},
		"departments-missing": {old: true, server: departments(60, func(*rocketchattest.Settings) {})},
		"departments-in-pages": {server: departments(250, func(s *rocketchattest.Settings) {
			s.AllowInfiniteCount, s.Shuffle = false, func(int, func(i, j int)) {}
		})},
		"clock-ahead":      {failed: true, server: settings(func(s *rocketchattest.Settings) { s.Now = func() time.Time { return time.Now().Add(10 * time.Minute) } })},
		"business-hours":   {server: settings(func(s *rocketchattest.Settings) { s.AbandonedRoomsAction, s.BusinessHours = "close", true })},
		"settings-blocked": {server: fault("settings.public", rocketchattest.Respond(http.StatusForbidden, "text/html", "blocked"))},
		"queue-forbidden":  {failed: true, server: fault("inquiries.list", rocketchattest.RespondJSON(http.StatusForbidden, `{"success":false,"error":"unauthorized"}`))},
		"offline":          {options: check.Options{Offline: true}},
		"offline-without-token": {
			config: workspace(local, "user_id: "+rocketchattest.UserID+", auth_token_file: /nonexistent/token"), options: check.Options{Offline: true}, failed: true,
		},
	}
}

// load reads a configuration.
func load(t *testing.T, text string) []config.Workspace {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(t.Context(), file, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Workspaces
}

// run checks the scenario's workspaces in simulated time, each on a server of its own.
func (s scenario) run(t *testing.T) (report check.Report, requests int) {
	t.Helper()
	if s.config == "" {
		s.config = workspace("http://localhost:3000", account)
	}
	workspaces, profile := load(t, s.config), rocketchattest.Latest
	if s.old {
		profile = rocketchattest.Old
	}
	synctest.Test(t, func(t *testing.T) {
		servers := make(map[string]*rocketchattest.Workspace)
		for _, ws := range workspaces {
			servers[ws.Name] = rocketchattest.New(profile)
			if s.server != nil {
				s.server(servers[ws.Name])
			}
		}
		s.options.Now = time.Now
		s.options.Transport = func(ws config.Workspace) http.RoundTripper { return servers[ws.Name].Transport() }
		report = check.Run(t.Context(), workspaces, s.options)
		for _, server := range servers {
			requests += len(server.Requests())
		}
	})
	return report, requests
}

func text(t *testing.T, report check.Report) string {
	t.Helper()
	var out strings.Builder
	if err := report.Write(&out, "config.yml"); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestReports(t *testing.T) {
	for name, s := range scenarios() {
		t.Run(name, func(t *testing.T) {
			report, requests := s.run(t)
			got := text(t, report)
			golden(t, name+".txt", got)
			if report.Failed() != s.failed {
				t.Errorf("failed is %v, want %v", report.Failed(), s.failed)
			}
			if calls := fmt.Sprintf(" %d calls sent\n", requests); requests != 1 && !strings.Contains(got, calls) {
				t.Errorf("the report does not contain %q", calls)
			}
			for _, secret := range []string{rocketchattest.UserID, rocketchattest.AuthToken, rocketchattest.Password, "wR0ngT0ken"} {
				if strings.Contains(got, secret) {
					t.Errorf("the report contains %q", secret)
				}
			}
		})
	}
}

// golden compares with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}

// finding returns the first finding about a topic.
func finding(t *testing.T, report check.Report, topic string) check.Finding {
	t.Helper()
	for _, ws := range report.Workspaces {
		for _, f := range ws.Findings {
			if f.Topic == topic {
				return f
			}
		}
	}
	t.Fatalf("no finding about %s:\n%s", topic, text(t, report))
	return check.Finding{}
}

func TestCertificate(t *testing.T) {
	server := httptest.NewUnstartedServer(rocketchattest.New(rocketchattest.Latest))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer server.Close()
	end := server.Certificate().NotAfter
	day := end.UTC().Format(time.DateOnly)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	trusted := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(trusted, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		tlsConfig string
		now       time.Time
		topic     string
		want      check.Finding
	}{
		"valid": {
			tlsConfig: "ca_file: " + trusted, now: time.Now(), topic: "tls",
			want: check.Finding{Severity: check.OK, What: "TLS 1.3, certificate valid until " + day},
		},
		"soon expired": {
			tlsConfig: "ca_file: " + trusted, now: end.Add(-13 * 24 * time.Hour), topic: "tls",
			want: check.Finding{Severity: check.Warning, What: "TLS 1.3, certificate valid until " + day, Hint: "renew the certificate before that day"},
		},
		"not verified": {
			tlsConfig: "insecure_skip_verify: true", now: time.Now(), topic: "tls",
			want: check.Finding{
				Severity: check.Warning, What: "insecure_skip_verify accepts any certificate, so anybody on the way can read the credentials",
				Hint: "set ca_file in its place",
			},
		},
		"unknown authority": {
			tlsConfig: "server_name: example.com", now: time.Now(), topic: "server",
			want: check.Finding{
				Severity: check.Failed, What: "the server's certificate is signed by an unknown authority",
				Hint: "set ca_file in http_client's tls_config, or have the server send its intermediate certificate",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			workspaces := load(t, workspace(server.URL, account+", http_client: {tls_config: {"+tt.tlsConfig+"}}"))
			report := check.Run(t.Context(), workspaces, check.Options{Transport: config.Workspace.Transport, Now: func() time.Time { return tt.now }})
			tt.want.Topic = tt.topic
			if got := finding(t, report, tt.topic); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestServerThatIsNotThere(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	report := check.Run(t.Context(), load(t, workspace("http://"+address, account)), check.Options{Transport: config.Workspace.Transport, Now: time.Now})
	if got := finding(t, report, "server"); got.Severity != check.Failed || !strings.Contains(got.What, "connection refused") {
		t.Errorf("got %+v", got)
	}
	if !report.Failed() || !strings.Contains(text(t, report), "0 calls sent") {
		t.Errorf("got %s, want a failure without calls", text(t, report))
	}
}

// Of three workspaces of one server, the call budget of two calls is enough for two. With
// more routes than one, each workspace could be the one that is stopped at another route.
func TestWorkspacesShareTheCallBudget(t *testing.T) {
	const entry = "{url: 'http://localhost:3000', " + account + "}"
	workspaces := load(t, "windows: [24h]\ncounter: false\nrooms: false\ndepartments: false\nlive: false\nrate_limit: {calls: 2, per: 1m}\nworkspaces: {a: "+entry+", b: "+entry+", c: "+entry+"}\n")
	for name, tt := range map[string]struct {
		workspace string
		failures  int
	}{"all": {"", 1}, "one of them": {"b", 0}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := rocketchattest.New(rocketchattest.Latest)
				report := check.Run(t.Context(), workspaces, check.Options{
					Workspace: tt.workspace, Now: time.Now,
					Transport: func(config.Workspace) http.RoundTripper { return server.Transport() },
				})
				got := text(t, report)
				if n := strings.Count(got, "FAILED   total-abandoned-chats  rate_limit, 2 calls per 1m, leaves no call for this check"); n != tt.failures {
					t.Errorf("%d failures, want %d:\n%s", n, tt.failures, got)
				}
			})
		})
	}
}

func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := rocketchattest.New(rocketchattest.Latest)
		server.Inject(nil, rocketchattest.Hang())
		ctx, interrupt := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, interrupt)
		begin := time.Now()
		report := check.Run(ctx, load(t, workspace("http://localhost:3000", account)), check.Options{
			Now: time.Now, Transport: func(config.Workspace) http.RoundTripper { return server.Transport() },
		})
		if took := time.Since(begin); took != time.Second || !report.Failed() {
			t.Errorf("took %v and failed is %v, want 1s and true", took, report.Failed())
		}
	})
}

func TestNothingVerifiedIsAFailure(t *testing.T) {
	skipped := []check.Finding{{Severity: check.Skipped, Topic: "routes", What: "not called"}}
	report := check.Report{Workspaces: []check.WorkspaceReport{{Name: "main", Findings: skipped}}}
	if !report.Failed() || !strings.Contains(text(t, report), "run the check again") {
		t.Errorf("got success: %s", text(t, report))
	}
}
