package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"livechat_exporter/internal/check"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// checkOf runs the command check and returns what it wrote and its exit code.
func checkOf(t *testing.T, env func(string) (string, bool), args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, log bytes.Buffer
	code = run(t.Context(), append([]string{"check"}, args...), env, &out, &log)
	if strings.Contains(out.String()+log.String(), rocketchattest.AuthToken) {
		t.Error("it tells the token")
	}
	return code, out.String(), log.String()
}

func TestExitCodesOfACheckTellWhatIsWrong(t *testing.T) {
	good := httptest.NewServer(rocketchattest.New(rocketchattest.Latest))
	defer good.Close()
	unlicensed := rocketchattest.New(rocketchattest.Latest)
	unlicensed.Configure(func(s *rocketchattest.Settings) { s.Licensed = false })
	bad := httptest.NewServer(unlicensed)
	defer bad.Close()
	limited := rocketchattest.New(rocketchattest.Latest)
	limited.Configure(func(s *rocketchattest.Settings) { s.RateLimit.Calls = 4 })
	warned := httptest.NewServer(limited)
	defer warned.Close()
	for name, tt := range map[string]struct {
		url            string
		args           []string
		code           int
		stdout, stderr string
	}{
		"a good workspace":    {url: good.URL, code: 0, stdout: "0 failed, 0 warnings, 15 ok, 0 skipped; 4 calls sent\n"},
		"one with a warning":  {url: warned.URL, code: 0, stdout: "0 failed, 1 warning, 14 ok, 0 skipped; 4 calls sent\n"},
		"one with a failure":  {url: bad.URL, code: 1, stdout: "  failed   licence "},
		"offline":             {url: bad.URL, args: []string{"--offline"}, code: 0, stdout: "nothing is sent with --offline"},
		"one of its names":    {url: good.URL, args: []string{"--workspace=main"}, code: 0, stdout: "\nmain  " + good.URL + "  4 calls sent\n"},
		"none of its names":   {url: good.URL, args: []string{"--workspace=other"}, code: 2, stderr: `there is no workspace \"other\" in config.yml`},
		"a bad configuration": {url: "ftp://x", code: 2, stderr: `msg="The configuration is wrong" err="config.yml:16: workspaces.main.url`},
		"no file":             {args: []string{"--config.file=none.yml"}, code: 2, stderr: "none.yml"},
		"a flag of serve":     {url: good.URL, args: []string{"--web.enable-lifecycle"}, code: 2, stderr: "unknown long flag '--web.enable-lifecycle'"},
		"a bad format":        {url: good.URL, args: []string{"--format=xml"}, code: 2, stderr: "--format must be text or json, not \"xml\""},
		"a bad interval":      {url: good.URL, args: []string{"--scrape-interval=0s"}, code: 2, stderr: "--scrape-interval must be 1s or more"},
		"a bad limit":         {url: good.URL, args: []string{"--time-limit=0s"}, code: 2, stderr: "--time-limit must be more than 0"},
		"an interval":         {url: good.URL, args: []string{"--scrape-interval=15s", "--offline"}, code: 0, stdout: "a number is renewed every 1m"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := checkOf(t, account(tt.url), tt.args...)
			if code != tt.code || !strings.Contains(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) || (stderr == "") != (tt.stderr == "") {
				t.Errorf("got exit code %d\nstdout %s\nstderr %s\nwant %d, %q and %q", code, stdout, stderr, tt.code, tt.stdout, tt.stderr)
			}
			if strings.Contains(stdout, "\x1b") {
				t.Error("there are control characters in what is no terminal")
			}
		})
	}
}

func TestServeDoesNotTakeTheFlagsOfACheck(t *testing.T) {
	for _, args := range [][]string{{"--offline"}, {"serve", "--format=json"}, {"--web.enable-pprof", "check"}} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), args, account("http://chat.example.com"), &stdout, &stderr); code != exitUsage || !strings.Contains(stderr.String(), "try --help") {
			t.Errorf("%v: got exit code %d and %s", args, code, &stderr)
		}
	}
}

func TestMistakesOfTheConfigurationAreToldToMachinesToo(t *testing.T) {
	code, stdout, stderr := checkOf(t, environment(), "--format=json")
	var report check.Report
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || code != exitUsage {
		t.Fatalf("got exit code %d and %q: %v", code, stdout, err)
	}
	if report.Status != check.Failed || len(report.Configuration) != 3 || report.Workspaces == nil || report.ConfigFile != "config.yml" ||
		!strings.Contains(report.Configuration[0].Found, "ROCKETCHAT_URL is not set") {
		t.Errorf("got %+v", report)
	}
	if strings.Count(stderr, "The configuration is wrong") != 3 {
		t.Errorf("got %s, want the three mistakes as when serving", stderr)
	}
}

// Workspaces of one server share the budget that the configuration gives it.
func TestSeveralWorkspacesAreCheckedTogether(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Latest)
	chat := httptest.NewServer(ws)
	defer chat.Close()
	elsewhere := httptest.NewServer(rocketchattest.New(rocketchattest.Old))
	defer elsewhere.Close()
	var text strings.Builder
	text.WriteString("windows: [24h]\nrooms: false\ncounter: false\nrate_limit: {calls: 2}\nworkspaces:\n")
	for name, url := range map[string]string{"a": chat.URL, "b": chat.URL, "c": elsewhere.URL, "d": chat.URL + "/"} {
		fmt.Fprintf(&text, "  %s: {url: %q, user_id: %s, auth_token: %s}\n", name, url, rocketchattest.UserID, rocketchattest.AuthToken)
	}
	file := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := checkOf(t, environment(), "--config.file="+file, "--format=json")
	var report check.Report
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || stderr != "" || len(report.Workspaces) != 4 {
		t.Fatalf("got %s and %s, error %v", stdout, stderr, err)
	}
	sent := 0
	for i, want := range []check.Status{check.OK, check.OK, check.OK, check.Failed} {
		got := report.Workspaces[i]
		if got.Name != string(rune('a'+i)) || got.Status == check.Failed != (want == check.Failed) {
			t.Errorf("got %+v, want %s", got, want)
		}
		sent += got.Calls
		if want == check.Failed && !strings.Contains(stdout, "the call budget of rate_limit, 2 calls in 1m, is spent by this check") {
			t.Errorf("got %+v, want it to say that the budget is spent", got)
		}
	}
	if code != exitFailed || report.Calls != sent || len(ws.Requests()) != 6 {
		t.Errorf("got exit code %d, %d calls in all and %d of the workspaces, %d at the server; want 1 and 6 at the server", code, report.Calls, sent, len(ws.Requests()))
	}
}

// A user name is made of ordinary words, which must not hide an address.
func TestTheUserNameIsNoSecret(t *testing.T) {
	chat := httptest.NewServer(rocketchattest.New(rocketchattest.Latest))
	defer chat.Close()
	file := filepath.Join(t.TempDir(), "config.yml")
	text := fmt.Sprintf("workspaces: {main: {url: %q, username: %s, password: %s}}\n", chat.URL+"/livechat", rocketchattest.Username, rocketchattest.Password)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stdout, _ := checkOf(t, environment(), "--config.file="+file); !strings.Contains(stdout, chat.URL+"/livechat") {
		t.Errorf("got %s", stdout)
	}
}

func TestOnlyATerminalGetsColoursAndBrokenLines(t *testing.T) {
	terminal, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // A character device, as a terminal is.
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	plain, err := os.Create(filepath.Join(t.TempDir(), "report"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = plain.Close() }()
	for name, tt := range map[string]struct {
		stdout io.Writer
		env    []string
		want   check.Style
	}{
		"a terminal":                {terminal, []string{"TERM", "xterm-256color"}, check.Style{Colour: true, Width: 100}},
		"one without colours":       {terminal, []string{"TERM", "dumb"}, check.Style{Width: 100}},
		"one of an unknown kind":    {terminal, nil, check.Style{Width: 100}},
		"somebody without colours":  {terminal, []string{"TERM", "xterm", "NO_COLOR", "1"}, check.Style{Width: 100}},
		"an empty NO_COLOR is none": {terminal, []string{"TERM", "xterm", "NO_COLOR", ""}, check.Style{Colour: true, Width: 100}},
		"a file":                    {plain, []string{"TERM", "xterm"}, check.Style{}},
		"a buffer":                  {new(bytes.Buffer), []string{"TERM", "xterm"}, check.Style{}},
	} {
		if got := textStyle(tt.stdout, environment(tt.env...)); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", name, got, tt.want)
		}
	}
}
