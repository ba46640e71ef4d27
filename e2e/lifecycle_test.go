package e2e

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

func TestVersionAndHelp(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]string{"--version": "livechat_exporter, version " + version, "--help": "--config.file"} {
		p := start(t, programs.exporter, flag)
		p.wantExit(t, 0)
		if !strings.Contains(p.stdout.String(), want) || p.stderr.String() != "" {
			t.Errorf("%s: got %q and the errors %q; want %q and no error", flag, p.stdout.String(), p.stderr.String(), want)
		}
	}
}

// A wrong command line or configuration ends the exporter with 2 before it listens: the
// port of these tests is taken, which would be another error.
func TestWrongConfigurationEndsTheExporter(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	good := config(t, w, "24h")
	for name, test := range map[string]struct{ config, file, flag, want string }{
		"unknown key":      {config: good + "widnows: [6h]\n", want: `config\.yml:12: .*widnows`},
		"not YAML":         {config: "workspaces: [\n", want: `config\.yml:\d+: `},
		"window too short": {config: strings.ReplaceAll(good, "24h", "30m"), want: `config\.yml:6: .*inactivity_timeout`},
		"unset variable":   {config: strings.ReplaceAll(good, rocketchattest.UserID, "${NOBODY_SET_THIS}"), want: `config\.yml:4: .*NOBODY_SET_THIS`},
		"no file":          {file: "/nonexistent/config.yml", want: `/nonexistent/config\.yml`},
		"unknown flag":     {config: good, flag: "--no-such-flag", want: `no-such-flag`},
		"unknown level":    {config: good, flag: "--log.level=loud", want: `--log.level`},
	} {
		file := cmp.Or(test.file, writeFile(t, "config.yml", test.config))
		p := start(t, programs.exporter, "--config.file="+file, "--web.listen-address="+w.address, cmp.Or(test.flag, "--log.level=info"))
		p.wantExit(t, 2)
		if log := p.stderr.String(); !regexp.MustCompile(test.want).MatchString(log) || len(p.lines("Listening on|address already in use")) > 0 {
			t.Errorf("%s: got the log\n%s\nwant %q in it, and no attempt to listen", name, log, test.want)
		}
	}
	p := start(t, programs.exporter, "--config.file="+writeFile(t, "config.yml", good), "--web.listen-address="+w.address)
	p.wantExit(t, 1)
	if lines := p.lines("level=error.*address already in use"); len(lines) != 1 {
		t.Errorf("taken port: got the log\n%s\nwant one error with the reason", p.stderr.String())
	}
	if n := len(w.Requests()); n > 0 {
		t.Errorf("the workspace got %d requests, want none", n)
	}
}

var endSignals = []os.Signal{syscall.SIGTERM, syscall.SIGINT}

// startHanging starts an exporter and a scrape that lasts until release is closed: the
// workspace does not answer before. The scraped page is sent to page.
func startHanging(t *testing.T) (e *exporter, release chan struct{}, page chan string) {
	t.Helper()
	called, release, page := make(chan struct{}), make(chan struct{}), make(chan string, 1)
	callOnce := sync.OnceFunc(func() { close(called) })
	w := startWorkspace(t, rocketchattest.Latest)
	w.Inject(nil, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		callOnce()
		select {
		case <-release:
			next.ServeHTTP(rw, r)
		case <-r.Context().Done():
		}
	})
	e = startExporter(t, config(t, w, "24h")+"timeout: 5m\n")
	ctx := context.WithoutCancel(t.Context())
	go func() {
		_, body, err := get(ctx, http.DefaultClient, e.url+"/metrics", "X-Prometheus-Scrape-Timeout-Seconds", "300")
		page <- fmt.Sprintf("%s\nerror: %v", body, err)
	}()
	waitFor(t, "the call of the scrape", called)
	return e, release, page
}

// waitUntilClosed waits until nobody listens at the address.
func waitUntilClosed(t *testing.T, address string) {
	t.Helper()
	eventually(t, address+" is closed", func() error {
		connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err != nil {
			return nil //nolint:nilerr // The refusal is what is waited for.
		}
		_ = connection.Close()
		return errors.New("it accepts connections")
	})
}

// A signal ends the exporter with 0 after the current scrape has got its page.
func TestSignalLetsTheScrapeComplete(t *testing.T) {
	t.Parallel()
	for _, signal := range endSignals {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			e, release, page := startHanging(t)
			e.signal(t, signal)
			waitUntilClosed(t, e.address)
			close(release)
			if got := <-page; !strings.Contains(got, "\nlivechat_up 1\n") {
				t.Errorf("got\n%s\nwant a whole page", got)
			}
			e.wantExit(t, 0)
			e.wantNoWarnings(t)
		})
	}
}

// A second signal ends it without waiting for the scrape: it dies of the signal, and not
// with the exit code of an orderly end.
func TestSecondSignalEndsTheExporterAtOnce(t *testing.T) {
	t.Parallel()
	for _, signal := range endSignals {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			e, _, page := startHanging(t)
			e.signal(t, signal)
			waitUntilClosed(t, e.address)
			eventually(t, "the end", func() error {
				e.signal(t, signal)
				select {
				case <-e.exited:
					return nil
				default:
					return errors.New("still running")
				}
			})
			status, ok := e.cmd.ProcessState.Sys().(syscall.WaitStatus)
			if !ok || !status.Signaled() || status.Signal() != signal {
				t.Errorf("got %v, want an end by the signal", e.cmd.ProcessState)
			}
			<-page
		})
	}
}

// A scrape that hangs is given up after a while, with a warning.
func TestHangingScrapeIsGivenUp(t *testing.T) {
	t.Parallel()
	e, _, page := startHanging(t)
	e.signal(t, syscall.SIGTERM)
	e.wantExit(t, 0)
	if lines := e.lines("level=warn"); len(lines) != 1 {
		t.Errorf("got the warnings %q, want one about the page", lines)
	}
	<-page
}

// A client that is slow is disconnected, on any page and before any password.
func TestSlowClientsAreDisconnected(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	e := startExporter(t, config(t, w, "24h"), "--web.config.file="+writeFile(t, "web.yml", webUsers))
	var clients sync.WaitGroup // Together, because each takes ten seconds.
	for _, request := range []string{"GET / HTTP/1.1\r\nHost: x\r\n", "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"} {
		connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", e.address)
		if err != nil {
			t.Fatal(err)
		}
		clients.Go(func() {
			defer func() { _ = connection.Close() }()
			_ = connection.SetDeadline(time.Now().Add(patience))
			_, err := io.WriteString(connection, request)
			if err == nil {
				_, err = io.Copy(io.Discard, connection)
			}
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%q: the connection is still open", request)
			}
		})
	}
	clients.Wait()
}

// The ten seconds that a client has do not end a scrape that takes longer because its
// workspace does.
func TestSlowWorkspaceIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest, abandonedChats("sales", 3)...)
	w.Inject(nil, rocketchattest.Slow(11*time.Second))
	page := startExporter(t, config(t, w, "24h")).page(t)
	if page["livechat_up"] != 1 || page[abandoned("sales", "24h")] != 3 {
		t.Errorf("got\n%s", page)
	}
}

// A SIGHUP that comes while the exporter starts is a reload after the start.
func TestSignalDuringTheStart(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	file := filepath.Join(t.TempDir(), "config.yml")
	if err := syscall.Mkfifo(file, 0o600); err != nil { // The start lasts until something is written.
		t.Fatal(err)
	}
	p := start(t, programs.exporter, "--config.file="+file, "--web.listen-address=127.0.0.1:0")
	write := func(before func()) {
		eventually(t, "the exporter reads its configuration", func() error {
			pipe, err := os.OpenFile(file, os.O_WRONLY|syscall.O_NONBLOCK, 0)
			if err == nil {
				before()
				_, err = pipe.WriteString(config(t, w, "24h"))
				_ = pipe.Close()
			}
			return err
		})
	}
	write(func() { p.signal(t, syscall.SIGHUP) })
	p.address(t)
	write(func() {})
	p.waitForOutput(t, &p.stderr, regexp.MustCompile("Reloaded the configuration"))
}

// A log whose reader has gone does not end the exporter.
func TestTheReaderOfTheLogGoesAway(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), programs.exporter,
		"--config.file="+writeFile(t, "config.yml", config(t, w, "24h")), "--web.listen-address=127.0.0.1:0", "--web.enable-lifecycle")
	cmd.Stderr = writer
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = writer.Close()
	var address string
	for log := bufio.NewScanner(reader); address == "" && log.Scan(); {
		if match := listening.FindStringSubmatch(log.Text()); match != nil {
			address = match[1]
		}
	}
	_ = reader.Close()
	e := &exporter{url: "http://" + address}
	if status, body := e.reload(t, http.MethodPost); status != http.StatusOK { // Which is logged.
		t.Errorf("reload: got %d and %s", status, body)
	}
	e.scrape(t)
	if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
		t.Errorf("the end: %v", err)
	}
}
