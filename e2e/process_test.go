package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// process is a program that runs beside a test.
type process struct {
	name           string
	cmd            *exec.Cmd
	stdout, stderr buffer
	exited         chan struct{}
}

// start runs a program with an empty environment. At the end of the test it gets
// SIGTERM and has to exit with 0.
func start(t *testing.T, program string, args ...string) *process {
	t.Helper()
	return startWith(t, []string{}, program, args...)
}

// startWith is start with environment variables of the form "name=value".
func startWith(t *testing.T, environment []string, program string, args ...string) *process {
	t.Helper()
	// The test's context ends before its clean-up and would kill the process.
	ctx := context.WithoutCancel(t.Context())
	p := &process{name: program, cmd: exec.CommandContext(ctx, program, args...), exited: make(chan struct{})}
	p.cmd.Env = environment
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.WaitDelay = time.Second
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start: %v", err)
	}
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.stop(t)
		if t.Failed() {
			t.Logf("%v\nstandard output:\n%s\nstandard error:\n%s", p.cmd.Args, p.stdout.String(), p.stderr.String())
		}
	})
	return p
}

// stop ends the process if it is still running.
func (p *process) stop(t *testing.T) {
	t.Helper()
	select {
	case <-p.exited:
		return
	default:
	}
	p.signal(t, syscall.SIGTERM)
	limit := time.AfterFunc(patience, func() {
		t.Errorf("%s: still running %s after SIGTERM", p.name, patience)
		_ = p.cmd.Process.Kill()
	})
	<-p.exited
	if limit.Stop() {
		p.wantExit(t, 0)
	}
}

func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("%s: signal %v: %v", p.name, s, err)
	}
}

// wantExit waits for the end of the process and compares its exit code.
func (p *process) wantExit(t *testing.T, want int) {
	t.Helper()
	waitFor(t, "the end of "+p.name, p.exited)
	if got := p.cmd.ProcessState.ExitCode(); got != want {
		t.Errorf("%s: got exit code %d (%v), want %d", p.name, got, p.cmd.ProcessState, want)
	}
}

// listening is the log line of exporter-toolkit, which the exporter, Prometheus and
// Alertmanager use.
var listening = regexp.MustCompile(`msg="Listening on".* address=(\S+)`)

// address waits until the process listens and returns the address from its log.
func (p *process) address(t *testing.T) string {
	t.Helper()
	return p.waitForOutput(t, &p.stderr, listening)[1]
}

// waitForOutput waits for a match in one of the process's streams and returns it with
// its groups.
func (p *process) waitForOutput(t *testing.T, stream *buffer, pattern *regexp.Regexp) (match []string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s prints %s", p.name, pattern), func() error {
		ended := false
		select {
		case <-p.exited:
			ended = true
		default:
		}
		if match = pattern.FindStringSubmatch(stream.String()); match != nil {
			return nil
		}
		if ended {
			t.Fatalf("%s ended: %v", p.name, p.cmd.ProcessState)
		}
		return errors.New("not printed")
	})
	return match
}

// lines are the lines of the log that match.
func (p *process) lines(pattern string) []string {
	return regexp.MustCompile(`(?m)^.*(?:`+pattern+`).*$`).FindAllString(p.stderr.String(), -1)
}

// buffer is a bytes.Buffer that can be written and read concurrently.
type buffer struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes.String()
}

// exporter is the built exporter.
type exporter struct {
	*process

	url, address, configFile string
}

// startExporter starts the exporter with a configuration on a free port and waits
// until it listens.
func startExporter(t *testing.T, config string, flags ...string) *exporter {
	t.Helper()
	return startExporterWith(t, []string{}, writeFile(t, "config.yml", config), flags...)
}

// startExporterWith is startExporter with environment variables and a file.
func startExporterWith(t *testing.T, environment []string, configFile string, flags ...string) *exporter {
	t.Helper()
	args := append([]string{"--config.file=" + configFile, "--web.listen-address=127.0.0.1:0"}, flags...)
	e := &exporter{process: startWith(t, environment, programs.exporter, args...), configFile: configFile}
	e.address = e.process.address(t)
	e.url = "http://" + e.address
	return e
}

// configure replaces the exporter's configuration file.
func (e *exporter) configure(t *testing.T, config string) {
	t.Helper()
	if err := os.WriteFile(e.configFile, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

// reload requests a reload. Headers are pairs of name and value.
func (e *exporter) reload(t *testing.T, method string, headers ...string) (status int, body string) {
	t.Helper()
	status, body, err := request(t.Context(), http.DefaultClient, method, e.url+"/-/reload", http.NoBody, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return status, body
}

// longScrape is a scrape timeout within which every call ends, also on a busy machine.
var longScrape = []string{"X-Prometheus-Scrape-Timeout-Seconds", "120"}

// scrape returns the page of /metrics.
func (e *exporter) scrape(t *testing.T) string {
	t.Helper()
	status, body, err := get(t.Context(), http.DefaultClient, e.url+"/metrics", longScrape...)
	if err != nil || status != http.StatusOK {
		t.Fatalf("/metrics: got status %d and error %v, want 200; body:\n%s", status, err, body)
	}
	return body
}

// page returns the values of /metrics.
func (e *exporter) page(t *testing.T) values {
	t.Helper()
	page, err := parsePage(e.scrape(t))
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// wantNoWarnings checks that nothing of level warn or error was logged.
func (e *exporter) wantNoWarnings(t *testing.T) {
	t.Helper()
	if lines := e.lines("level=(warn|error)"); len(lines) > 0 {
		t.Errorf("got the warnings and errors %q, want none", lines)
	}
}

// wantNoSecret checks that none of the secrets of the simulated workspace was logged.
func (p *process) wantNoSecret(t *testing.T, secrets ...string) {
	t.Helper()
	for _, secret := range append(secrets, rocketchattest.AuthToken, rocketchattest.Password) {
		if bytes.Contains([]byte(p.stdout.String()+p.stderr.String()), []byte(secret)) {
			t.Errorf("%s is in the output", secret)
		}
	}
}
