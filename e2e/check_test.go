package e2e

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log" //nolint:depguard // What httptest takes.
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// checkReport is the report of a check, as docs/check.md describes it. It is written down
// here once more: what machines read must not change with the code.
type checkReport struct {
	FormatVersion int           `json:"format_version"`
	Exporter      string        `json:"exporter"`
	ConfigFile    string        `json:"config_file"`
	Offline       bool          `json:"offline"`
	Status        string        `json:"status"`
	Calls         int           `json:"calls"`
	Configuration []checkResult `json:"configuration"`
	Workspaces    []struct {
		Workspace string        `json:"workspace"`
		URL       string        `json:"url"`
		Status    string        `json:"status"`
		Release   string        `json:"release"`
		Calls     int           `json:"calls"`
		Checks    []checkResult `json:"checks"`
	} `json:"workspaces"`
}

type checkResult struct {
	Check   string `json:"check"`
	Route   string `json:"route"`
	Status  string `json:"status"`
	Found   string `json:"found"`
	Meaning string `json:"meaning"`
	Action  string `json:"action"`
}

// status is that of the check of the first workspace, or of the route of that name.
func (r checkReport) status(name string) string {
	for _, c := range r.Workspaces[0].Checks {
		if c.Check == name || c.Route == name {
			return c.Status
		}
	}
	return "not there"
}

// runCheck runs the exporter's check, and returns what it wrote and its exit code.
func runCheck(t *testing.T, config string, flags ...string) (code int, stdout, stderr string) {
	t.Helper()
	file := writeFile(t, "config.yml", config)
	p := start(t, programs.exporter, append([]string{"check", "--config.file=" + file}, flags...)...)
	within(t, "the end of the check", p.exited)
	for _, secret := range []string{rocketchattest.AuthToken, rocketchattest.Password, rocketchattest.UserID} {
		if strings.Contains(p.stdout.String()+p.stderr.String(), secret) {
			t.Errorf("it tells %s", secret)
		}
	}
	return p.cmd.ProcessState.ExitCode(), p.stdout.String(), p.stderr.String()
}

// reported runs a check for machines.
func reported(t *testing.T, config string, flags ...string) (int, checkReport) {
	t.Helper()
	code, stdout, stderr := runCheck(t, config, append(flags, "--format=json")...)
	var report checkReport
	d := json.NewDecoder(strings.NewReader(stdout))
	d.DisallowUnknownFields()
	if err := d.Decode(&report); err != nil {
		t.Fatalf("%v in\n%s\nand %s", err, stdout, stderr)
	}
	if report.FormatVersion != 1 || report.Exporter != version {
		t.Errorf("got %+v, want format 1 of version %s", report, version)
	}
	return code, report
}

// A check of a workspace that works says so on every release, in a few calls, and is
// what the exporter then finds.
func TestCheckOfAWorkspaceThatWorks(t *testing.T) {
	t.Parallel()
	for _, profile := range []rocketchattest.Profile{rocketchattest.Old, rocketchattest.Mid, rocketchattest.Latest} {
		t.Run(profile.String(), func(t *testing.T) {
			t.Parallel()
			w := startWorkspace(t, profile)
			for _, id := range departments(12) {
				w.AddDepartments(rocketchattest.Department{ID: id, Name: "Department " + id, Agents: 1})
			}
			w.AddRooms(history(3, time.Now(), departments(12))...)
			code, report := reported(t, configOfEverything(t, w, "6h", "24h", "today"))
			if code != 0 || report.Status != "ok" || report.Calls != 4 || len(w.Requests()) != 4 {
				t.Errorf("got exit code %d, %d calls and %+v, want everything right in 4 calls", code, len(w.Requests()), report)
			}
			code, text, stderr := runCheck(t, configOfEverything(t, w, "6h", "24h", "today"))
			if code != 0 || stderr != "" || !strings.Contains(text, "0 failed, 0 warnings, 15 ok, 0 skipped; 4 calls sent") ||
				!strings.Contains(text, "12 departments: 12 enabled, 0 disabled, 0 archived") {
				t.Errorf("got exit code %d, %s and %s", code, text, stderr)
			}
			for line := range strings.Lines(text) {
				if strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return r < ' ' || r > '~' }) {
					t.Errorf("%q has control characters", line)
				}
			}
		})
	}
}

// Whatever is wrong with a workspace, the check ends in time, fails where numbers are
// missing, and blames the right thing.
func TestCheckBlamesTheRightThing(t *testing.T) {
	t.Parallel()
	const soon = "timeout: 1s\n"
	for name, tt := range map[string]struct {
		fault  rocketchattest.Fault
		change func(*rocketchattest.Settings)
		old    bool // The release, not the latest.
		code   int
		want   map[string]string
		calls  int
	}{
		"hang":        {fault: rocketchattest.Hang(), code: 1, calls: 1, want: map[string]string{"reachability": "failed", "account": "skipped"}},
		"drip":        {fault: rocketchattest.Drip(100 * time.Millisecond), code: 1, calls: 1, want: map[string]string{"reachability": "failed", "account": "skipped"}},
		"a web page":  {fault: rocketchattest.HTML(), code: 1, calls: 2, want: map[string]string{"reachability": "failed", "licence": "skipped"}},
		"a redirect":  {fault: rocketchattest.Redirect(http.StatusFound, "https://chat.example.org"), code: 1, calls: 1, want: map[string]string{"reachability": "failed"}},
		"502":         {fault: rocketchattest.BadGateway(), code: 1, calls: 2, want: map[string]string{"reachability": "failed", "department": "failed"}},
		"truncated":   {fault: rocketchattest.Truncate(5), code: 1, calls: 2, want: map[string]string{"reachability": "failed"}},
		"permission":  {change: func(s *rocketchattest.Settings) { s.Permissions = []string{rocketchattest.ViewLRoom} }, code: 1, calls: 4, want: map[string]string{"account": "ok", "total-abandoned-chats": "failed", "department": "ok"}},
		"licence":     {change: func(s *rocketchattest.Settings) { s.Licensed = false }, code: 1, calls: 3, want: map[string]string{"account": "ok", "licence": "failed", "total-abandoned-chats": "skipped"}},
		"old licence": {old: true, change: func(s *rocketchattest.Settings) { s.Licensed = false }, code: 1, calls: 3, want: map[string]string{"account": "ok", "licence": "failed"}},
		"token":       {change: func(s *rocketchattest.Settings) { s.AuthToken = "another" }, code: 1, calls: 2, want: map[string]string{"reachability": "ok", "account": "failed", "licence": "skipped"}},
		"clock":       {change: func(s *rocketchattest.Settings) { s.Now = func() time.Time { return time.Now().Add(-time.Minute) } }, code: 0, calls: 4, want: map[string]string{"clock": "warning"}},
		"limit":       {change: func(s *rocketchattest.Settings) { s.Permissions, s.RateLimit.Calls = s.Permissions[:2], 5 }, code: 0, calls: 4, want: map[string]string{"rate_limit": "warning"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			profile := rocketchattest.Latest
			if tt.old {
				profile = rocketchattest.Old
			}
			w := startWorkspace(t, profile)
			if tt.change != nil {
				w.Configure(tt.change)
			}
			if tt.fault != nil {
				w.Inject(nil, tt.fault)
			}
			begin := time.Now()
			code, report := reported(t, configOfEverything(t, w, "6h", "24h")+soon)
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
			if code != tt.code || report.Calls != tt.calls || len(w.Requests()) != tt.calls {
				t.Errorf("got exit code %d, and %d calls of which %d came, want %d and %d", code, report.Calls, len(w.Requests()), tt.code, tt.calls)
			}
			for check, want := range tt.want {
				if got := report.status(check); got != want {
					t.Errorf("%s: got %s, want %s of\n%+v", check, got, want, report.Workspaces[0].Checks)
				}
			}
		})
	}
}

// The certificate of a server is told, and whether it is trusted.
func TestCheckOfCertificates(t *testing.T) {
	t.Parallel()
	trusted := newAuthority(t)
	chat := httptest.NewUnstartedServer(rocketchattest.New(rocketchattest.Latest))
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = chat.Listener.Close()
	chat.Listener = listener
	chat.TLS = &tls.Config{Certificates: []tls.Certificate{*trusted.issue(t, nil).load(t)}, MinVersion: tls.VersionTLS12}
	chat.Config.ErrorLog = log.New(io.Discard, "", 0)
	chat.StartTLS()
	t.Cleanup(chat.Close)
	token := writeFile(t, "token", rocketchattest.AuthToken)
	with := func(client string) string {
		return fmt.Sprintf("workspaces: {main: {url: %q, user_id: %s, auth_token_file: %q, http_client: {tls_config: {%s}}}}\n",
			chat.URL, rocketchattest.UserID, token, client)
	}
	for name, tt := range map[string]struct {
		client, status, found string
		code                  int
	}{
		"trusted":     {client: fmt.Sprintf("ca_file: %q", trusted.file(t)), status: "warning", found: "with a certificate for 127.0.0.1, issued by CN=authority of"}, // It ends within the hour.
		"not trusted": {client: "", status: "failed", found: "the server's certificate is refused: it is for 127.0.0.1, issued by", code: 1},
		"any":         {client: "insecure_skip_verify: true", status: "warning", found: "with a certificate for 127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, report := reported(t, with(tt.client))
			i := slices.IndexFunc(report.Workspaces[0].Checks, func(c checkResult) bool { return c.Check == "tls" })
			if got := report.Workspaces[0].Checks[i]; code != tt.code || got.Status != tt.status || !strings.Contains(got.Found, tt.found) {
				t.Errorf("got exit code %d and %+v, want %d, %s and %q", code, got, tt.code, tt.status, tt.found)
			}
		})
	}
}

// An account with a second factor cannot be used, and the check says what can.
func TestCheckOfALogin(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	password := writeFile(t, "password", rocketchattest.Password)
	login := fmt.Sprintf("workspaces: {main: {url: %q, username: %s, password_file: %q}}\n", w.url(), rocketchattest.Username, password)
	if code, report := reported(t, login); code != 0 || report.status("account") != "ok" || report.Calls != 6 {
		t.Errorf("got exit code %d and %+v, want the login and the logout to succeed", code, report)
	}
	if last := w.Requests()[len(w.Requests())-1]; last.Path != "/api/v1/logout" || last.Status != http.StatusOK {
		t.Errorf("the last call was %s with status %d, want a logout", last.Path, last.Status)
	}
	w.Configure(func(s *rocketchattest.Settings) { s.TwoFactorCode = "123456" })
	code, text, _ := runCheck(t, login)
	if code != 1 || !strings.Contains(text, "second factor, which no program can answer") || !strings.Contains(text, "use a personal access token") {
		t.Errorf("got exit code %d and %s", code, text)
	}
	if err := os.Remove(password); err != nil {
		t.Fatal(err)
	}
	if code, report := reported(t, login, "--offline"); code != 1 || report.status("credentials") != "failed" || report.Calls != 0 {
		t.Errorf("got exit code %d and %+v, want the missing file to be told offline", code, report)
	}
}

// A host that is not there, and a configuration that is wrong.
func TestCheckOfWhatCannotBeAsked(t *testing.T) {
	t.Parallel()
	const account = ", user_id: somebody, auth_token: something-secret}}\n"
	for name, tt := range map[string]struct {
		config, stdout, stderr string
		code                   int
	}{
		"nobody listens":        {config: "workspaces: {main: {url: 'http://127.0.0.1:1'" + account, code: 1, stdout: "connection refused"},
		"no such name":          {config: "workspaces: {main: {url: 'http://chat.invalid'" + account, code: 1, stdout: "-> check the host name in url"},
		"a wrong configuration": {config: "windows: [30m]\nworkspaces: {main: {url: 'ftp://x'" + account, code: 2, stderr: "config.yml:1: windows[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := runCheck(t, tt.config)
			if code != tt.code || !strings.Contains(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) || strings.Contains(stdout+stderr, "something-secret") {
				t.Errorf("got exit code %d\n%s\n%s\nwant %d, %q and %q", code, stdout, stderr, tt.code, tt.stdout, tt.stderr)
			}
		})
	}
}
