package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log/level"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// output is written by the program while the test reads it.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// environment looks variables up in pairs of name and value.
func environment(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for pair := range slices.Chunk(pairs, 2) {
			if pair[0] == name {
				return pair[1], true
			}
		}
		return "", false
	}
}

// program is a run of the program.
type program struct {
	stderr  output
	stop    context.CancelFunc
	reload  chan os.Signal
	code    chan int
	address string
}

// start runs the program on a port that is free, and waits until it listens.
func start(t *testing.T, env func(string) (string, bool), args ...string) *program {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	p := &program{stop: stop, reload: make(chan os.Signal, 1), code: make(chan int, 1)}
	go func() {
		p.code <- run(ctx, p.reload, append(args, "--web.listen-address=127.0.0.1:0"), env, io.Discard, &p.stderr)
	}()
	address := regexp.MustCompile(`127\.0\.0\.1:\d+`)
	p.eventually(t, func() bool {
		for line := range strings.Lines(p.stderr.String()) {
			if strings.Contains(line, "Listening on") {
				p.address = address.FindString(line)
			}
		}
		return p.address != ""
	})
	return p
}

// eventually waits for the condition, and fails if the program ends before, or if it
// takes far longer than it can.
func (p *program) eventually(t *testing.T, condition func() bool) {
	t.Helper()
	limit := time.After(time.Minute)
	for !condition() {
		select {
		case code := <-p.code:
			t.Fatalf("ended with exit code %d: %s", code, p.stderr.String())
		case <-limit:
			t.Fatalf("not within a minute: %s", p.stderr.String())
		case <-time.After(time.Millisecond):
		}
	}
}

// stopped stops the program and wants it to end well.
func (p *program) stopped(t *testing.T) {
	t.Helper()
	p.stop()
	if got := <-p.code; got != exitStopped {
		t.Errorf("got exit code %d, want %d: %s", got, exitStopped, p.stderr.String())
	}
}

// get asks the program for a page.
func (p *program) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.address+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// account is the environment of the shipped configuration for a workspace.
func account(url string) func(string) (string, bool) {
	return environment("ROCKETCHAT_URL", url, "ROCKETCHAT_USER_ID", rocketchattest.UserID, "ROCKETCHAT_AUTH_TOKEN", rocketchattest.AuthToken)
}

func TestServesUntilStopped(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Latest)
	ws.AddRooms(rocketchattest.Room{
		DepartmentID: "sales", OpenedAt: time.Now().Add(-3 * time.Hour), ClosedAt: time.Now().Add(-time.Minute),
		VisitorInactivity: new(2 * time.Hour),
	})
	chat := httptest.NewServer(ws)
	defer chat.Close()
	p := start(t, account(chat.URL), "--log.format=json")
	status, page := p.get(t, "/metrics")
	for _, want := range []string{
		`livechat_department_abandoned_rooms{department_id="sales",window="6h"} 1`,
		`livechat_department_abandoned_rooms{department_id="sales",window="24h"} 1`,
		`livechat_department_abandoned_rooms{department_id="sales",window="7d"} 1`,
		`livechat_refresh_success{resource="abandoned_rooms",window="today"} 1`,
		"livechat_up 1", "livechat_exporter_build_info{", "go_goroutines ", "process_start_time_seconds ",
		"promhttp_metric_handler_requests_total",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("got %d, and no %s on the page", status, want)
		}
	}
	if agent := ws.Requests()[0].Header.Get("User-Agent"); !strings.HasPrefix(agent, "livechat_exporter/") {
		t.Errorf("got User-Agent %q", agent)
	}

	p.stopped(t)
	for line := range strings.Lines(p.stderr.String()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry["ts"] == nil || entry["level"] == nil || entry["caller"] == nil || entry["time"] != nil {
			t.Errorf("the line %q is not JSON with ts, level and caller: %v", line, err)
		}
	}
	if text := page + p.stderr.String(); strings.Contains(text, rocketchattest.AuthToken) {
		t.Error("the token is on the page or in the log")
	}
}

func TestExporterMetricsCanBeDisabled(t *testing.T) {
	p := start(t, account("http://127.0.0.1:1"), "serve", "--web.disable-exporter-metrics", "--web.telemetry-path=/own")
	_, page := p.get(t, "/own")
	for _, unwanted := range []string{"\ngo_", "\nprocess_", "\npromhttp_"} {
		if strings.Contains(page, unwanted) {
			t.Errorf("%s is on the page", unwanted)
		}
	}
	if !strings.Contains(page, "\nlivechat_up 0\n") || !strings.Contains(page, "livechat_exporter_build_info{") {
		t.Errorf("got %s", page)
	}
	p.stopped(t)
}

func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	valid := account("http://chat.example.com")
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()

	tests := map[string]struct {
		args           []string
		env            func(string) (string, bool)
		code           int
		stdout, stderr string
		lines          int // Of stderr; 0 where it does not matter.
	}{
		"help":              {args: []string{"--help"}, code: exitStopped, stdout: "--config.file"},
		"help, short":       {args: []string{"-h"}, code: exitStopped, stdout: "--web.listen-address"},
		"help on a command": {args: []string{"help", "serve"}, code: exitStopped, stdout: "Serve metrics until"},
		"version":           {args: []string{"--version"}, code: exitStopped, stdout: "livechat_exporter, version"},
		"unknown flag":      {args: []string{"--token=x"}, code: exitUsage, stderr: "unknown long flag '--token', try --help"},
		"unknown word":      {args: []string{"run"}, code: exitUsage, stderr: "try --help"},
		"bad level":         {args: []string{"--log.level=loud"}, code: exitUsage, stderr: "--log.level must be debug, info, warn or error, not \"loud\""},
		"bad format":        {args: []string{"--log.format=xml"}, code: exitUsage, stderr: "--log.format must be logfmt or json"},
		"bad address":       {args: []string{"--web.listen-address=foo"}, env: valid, code: exitFailed, stderr: "--web.listen-address"},
		"bad offset":        {args: []string{"--web.timeout-offset=-1s"}, code: exitUsage, stderr: "must not be negative"},
		"no file":           {args: []string{"--config.file=" + filepath.Join(dir, "none.yml")}, code: exitUsage, stderr: "none.yml", lines: 1},
		"no variables":      {args: nil, env: environment(), code: exitUsage, stderr: "config.yml:16: workspaces.main.url: ", lines: 3},
		"a bad configuration": {
			args: []string{"--config.file=" + write("bad.yml", "windows: [30m]\nworkspaces:\n  main:\n    url: ftp://x\n    tokn: x\n")},
			code: exitUsage, stderr: "bad.yml:1: windows",
		},
		"a certificate that is not there": {
			args: []string{"--config.file=" + write("tls.yml", "workspaces: {main: {url: 'https://x', user_id: somebody, auth_token: something, http_client: {tls_config: {ca_file: none.pem}}}}\n")},
			code: exitUsage, stderr: "none.pem", lines: 1,
		},
		"a bad web configuration": {
			args: []string{"--web.config.file=" + write("web.yml", "tls: x\n")}, env: valid,
			code: exitUsage, stderr: "web.yml", lines: 1,
		},
		"a bad path": {
			args: []string{"--web.telemetry-path=metrics"}, env: valid,
			code: exitUsage, stderr: "--web.telemetry-path: the path of the metrics", lines: 1,
		},
		"a port that is taken": {
			args: []string{"--web.listen-address=" + taken.Addr().String()}, env: valid,
			code: exitFailed, stderr: "address already in use",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.env == nil {
				tt.env = environment()
			}
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), nil, tt.args, tt.env, &stdout, &stderr)
			if code != tt.code || !strings.Contains(stdout.String(), tt.stdout) || !strings.Contains(stderr.String(), tt.stderr) {
				t.Errorf("got exit code %d\nstdout %q\nstderr %q\nwant %d, %q and %q", code, &stdout, &stderr, tt.code, tt.stdout, tt.stderr)
			}
			if lines := strings.Count(stderr.String(), "\n"); tt.lines > 0 && lines != tt.lines {
				t.Errorf("got %d lines, want %d: %s", lines, tt.lines, &stderr)
			}
			if code == exitUsage && strings.Contains(stderr.String(), "Listening") {
				t.Error("it listened")
			}
		})
	}
}

func TestRequestsInFlightFinishBeforeTheEnd(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Latest)
	asked := make(chan struct{}, 100) // More than there are calls.
	proceed := make(chan struct{})
	ws.Inject(nil, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		asked <- struct{}{}
		<-proceed
		next.ServeHTTP(w, r)
	})
	chat := httptest.NewServer(ws)
	defer chat.Close()
	p := start(t, account(chat.URL))
	page := make(chan string, 1)
	go func() {
		_, body := p.get(t, "/metrics")
		page <- body
	}()
	<-asked
	p.stop()
	p.eventually(t, func() bool { return strings.Contains(p.stderr.String(), "Stopping") }) // It has begun to shut down.
	close(proceed)
	if body := <-page; !strings.Contains(body, "\nlivechat_up 1\n") {
		t.Errorf("got %s", body)
	}
	p.stopped(t)
}

func TestLogLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, want := range map[string]int{"debug": 4, "info": 3, "warn": 2, "error": 1} {
			var b bytes.Buffer
			own, toolkit := loggers(&b, name, "logfmt")
			toolkit.Debug("1")
			toolkit.Info("2")
			toolkit.Warn("3")
			toolkit.Error("4")
			level.Error(own).Log("msg", "5")
			got := b.String()
			if strings.Count(got, "\n") != want+1 || strings.Count(got, "caller=main_test.go:") != want+1 ||
				strings.Count(got, "ts=2000-01-01T00:00:00Z") != want+1 {
				t.Errorf("level %s: got %s", name, got)
			}
		}
	})
}

// startWith runs the program on a workspace, with more lines in its configuration.
func startWith(t *testing.T, ws *rocketchattest.Workspace, lines string) *program {
	t.Helper()
	chat := httptest.NewServer(ws)
	t.Cleanup(chat.Close)
	file := filepath.Join(t.TempDir(), "config.yml")
	text := fmt.Sprintf("workspaces: {main: {url: %q, user_id: %s, auth_token: %s}}\nwindows: [today]\n"+
		"counter: false\nrooms: false\nlive: false\ndepartments: false\n%s\n",
		chat.URL, rocketchattest.UserID, rocketchattest.AuthToken, lines)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return start(t, environment(), "--config.file="+file)
}

// sample is the value of a series on a page.
func sample(t *testing.T, page, series string) float64 {
	t.Helper()
	match := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\S+)$`).FindStringSubmatch(page)
	if match == nil {
		t.Fatalf("no %s on the page\n%s", series, page)
	}
	value, err := strconv.ParseFloat(match[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestConfiguredValuesHaveAnEffect(t *testing.T) {
	hanging := rocketchattest.New(rocketchattest.Latest)
	hanging.Inject(nil, rocketchattest.Hang())
	p := startWith(t, hanging, "timeout: 100ms\ninactivity_timeout: 30m")
	_, page := p.get(t, "/metrics")
	if got := sample(t, page, `livechat_api_requests_total{outcome="timeout",route="total-abandoned-chats"}`); got != 1 {
		t.Errorf("got %v calls that timed out, want 1", got)
	}
	if got := sample(t, page, "livechat_visitor_inactivity_timeout_seconds"); got != 1800 {
		t.Errorf("got an inactivity timeout of %v, want 1800", got)
	}
	p.stopped(t)

	const zone = "Pacific/Kiritimati" // 14 hours ahead of UTC: midnight is never the same.
	p = startWith(t, rocketchattest.New(rocketchattest.Latest), "timezone: "+zone)
	_, page = p.get(t, "/metrics")
	const labels = `{resource="abandoned_rooms",window="today"}`
	begin := int64(sample(t, page, "livechat_window_start_timestamp_seconds"+labels))
	if begin%86400 != 10*3600 {
		t.Errorf("today begins at %v, want midnight in %s", time.Unix(begin, 0).UTC(), zone)
	}
	p.stopped(t)
}

// A SIGHUP during the start is a reload after it.
func TestSignalDuringTheStartIsAReload(t *testing.T) {
	p := start(t, account("http://127.0.0.1:1"))
	p.reload <- syscall.SIGHUP
	p.eventually(t, func() bool { return strings.Contains(p.stderr.String(), "Reloaded the configuration") })
	p.stopped(t)
}

// A workspace that sends a far larger header than any server does fails its call, and
// takes neither memory nor space in the log.
func TestLargeHeaders(t *testing.T) {
	for name, tt := range map[string]struct {
		size int
		up   float64
	}{
		"talkative proxy": {size: 60 << 10, up: 1},
		"1 MiB":           {size: 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			ws := rocketchattest.New(rocketchattest.Latest)
			ws.Inject(nil, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				w.Header().Set("X-Filler", strings.Repeat("x", tt.size))
				next.ServeHTTP(w, r)
			})
			p := startWith(t, ws, "")
			_, page := p.get(t, "/metrics")
			if up := sample(t, page, "livechat_up"); up != tt.up {
				t.Errorf("got livechat_up %v, want %v", up, tt.up)
			}
			p.stopped(t)
			if len(p.stderr.String()) > 10<<10 {
				t.Error("the header is in the log")
			}
		})
	}
}
