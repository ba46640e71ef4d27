package e2e

import (
	"cmp"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// wantCheck runs the check of a configuration. It compares the exit code and looks for a
// pattern, in any case and across lines, in what the check printed.
func wantCheck(t *testing.T, config string, code int, pattern string, flags ...string) {
	t.Helper()
	file := writeFile(t, "config.yml", config)
	p := start(t, programs.exporter, append([]string{"check", "--config.file=" + file}, flags...)...)
	p.wantExit(t, code)
	output := p.stdout.String() + p.stderr.String()
	if !regexp.MustCompile("(?is)" + pattern).MatchString(output) {
		t.Errorf("want %q in\n%s", pattern, output)
	}
	if strings.ContainsFunc(output, func(r rune) bool { return r < ' ' && r != '\n' }) {
		t.Errorf("the report has control characters: %q", output)
	}
	p.wantNoSecret(t)
}

// wantFewCalls checks how many calls a check has cost: some for each route, not for each
// window.
func wantFewCalls(t *testing.T, w *workspace) {
	t.Helper()
	if n := len(w.Requests()); n < 1 || n > 8 {
		t.Errorf("got %d calls, want a few", n)
	}
}

func TestCheckOfAGoodWorkspace(t *testing.T) {
	t.Parallel()
	for _, profile := range profiles {
		t.Run(profile.String(), func(t *testing.T) {
			t.Parallel()
			w := startWorkspace(t, profile, history(3, time.Now(), departmentIDs(12))...)
			for _, id := range departmentIDs(12) {
				w.AddDepartments(rocketchattest.Department{ID: id, Name: "Department " + id, Agents: 1})
			}
			wantCheck(t, fullConfig(t, w, "6h", "24h", "today"), 0, `12 departments.*\b0 failed`)
			wantFewCalls(t, w)
		})
	}
}

// The check fails where numbers would be missing, and names the cause.
func TestCheckNamesTheCause(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault   rocketchattest.Fault
		change  func(*rocketchattest.Settings)
		timeout string
		code    int
		want    string
	}{
		"hang":       {fault: rocketchattest.Hang(), timeout: "3s", code: 1, want: `failed\b.*\btime`},
		"drip":       {fault: rocketchattest.Drip(100 * time.Millisecond), timeout: "3s", code: 1, want: `failed\b.*\btime`},
		"web page":   {fault: rocketchattest.HTML(), code: 1, want: `failed\b`},
		"redirect":   {fault: rocketchattest.Redirect(http.StatusFound, "https://chat.example.org"), code: 1, want: `failed\b.*redirect`},
		"502":        {fault: rocketchattest.BadGateway(), code: 1, want: `failed\b.*\b502\b`},
		"truncated":  {fault: rocketchattest.Truncate(5), code: 1, want: `failed\b`},
		"permission": {change: func(s *rocketchattest.Settings) { s.Permissions = []string{rocketchattest.ViewLRoom} }, code: 1, want: `failed +total-abandoned-chats.*permission`},
		"licence":    {change: func(s *rocketchattest.Settings) { s.Licensed = false }, code: 1, want: `failed\b.*licen[cs]e`},
		"token":      {change: func(s *rocketchattest.Settings) { s.AuthToken = "another" }, code: 1, want: `failed\b.*token`},
		"clock":      {change: func(s *rocketchattest.Settings) { s.Now = func() time.Time { return time.Now().Add(-time.Minute) } }, code: 0, want: `warning +clock`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := startWorkspace(t, rocketchattest.Latest)
			if test.change != nil {
				w.Configure(test.change)
			}
			if test.fault != nil {
				w.Inject(nil, test.fault)
			}
			wantCheck(t, fullConfig(t, w, "6h", "24h")+"timeout: "+cmp.Or(test.timeout, "30s")+"\n", test.code, test.want)
			wantFewCalls(t, w)
		})
	}
}

func TestCheckOfWrongConfigurations(t *testing.T) {
	t.Parallel()
	const account = ", user_id: somebody, auth_token: something-secret}}\n"
	wantCheck(t, "workspaces: {main: {url: 'http://127.0.0.1:1'"+account, 1, `connection refused`)
	wantCheck(t, "workspaces: {main: {url: 'http://chat.invalid'"+account, 1, `failed\b.*chat\.invalid`)
	wantCheck(t, "windows: [30m]\nworkspaces: {main: {url: 'ftp://x'"+account, 2, `config\.yml:1: `)
	wantCheck(t, "workspaces: {main: {url: 'http://127.0.0.1:1'"+account, 0, `main`, "--offline", "--workspace=main")
	wantCheck(t, "workspaces: {main: {url: 'http://127.0.0.1:1'"+account, 2, `other`, "--offline", "--workspace=other")
}
