package e2e

import (
	"cmp"
	"errors"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// A signal ends the exporter with 0, after the page that is being made has been
// served whole.
func TestSignalLetsTheScrapeComplete(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			w := startWorkspace(t, rocketchattest.Latest)
			asked, answer := make(chan struct{}), make(chan struct{})
			once := sync.OnceFunc(func() { close(asked) })
			w.Inject(nil, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				once()
				select {
				case <-answer:
					next.ServeHTTP(rw, r)
				case <-r.Context().Done():
				}
			})
			e := startExporter(t, config(t, w, "24h"))

			var page string
			var err error
			served := make(chan struct{})
			go func() {
				defer close(served)
				_, page, err = get(t.Context(), http.DefaultClient, "http://"+e.address+"/metrics")
			}()
			within(t, "the call of the scrape", asked)
			e.signal(t, signal)
			eventually(t, "the exporter takes no more connections", func() error {
				return refusesConnections(t, e.address)
			})
			close(answer)

			within(t, "the page", served)
			if err != nil || !strings.Contains(page, "\nlivechat_up 1\n") {
				t.Errorf("the scrape ended with %v and\n%s\nwant a whole page", err, page)
			}
			e.wantExit(t, 0)
			if lines := e.lines("level=(warn|error)"); len(lines) > 0 {
				t.Errorf("it said %q", lines)
			}
		})
	}
}

// A wrong command line or configuration ends the exporter with 2 before it listens,
// which it could not here: the port is taken.
func TestWrongConfigurationNeverListens(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	good := config(t, w, "24h")
	for name, test := range map[string]struct {
		config, file, flag string
		want               string
	}{
		"unknown key":      {config: good + "widnows: [6h]\n", want: `config\.yml:11: .*widnows`},
		"not YAML":         {config: "workspaces: [\n", want: `config\.yml:\d+: `},
		"window of no use": {config: strings.ReplaceAll(good, "24h", "30m"), want: `config\.yml:6: .*inactivity_timeout`},
		"variable not set": {
			config: strings.ReplaceAll(good, rocketchattest.UserID, "${NOBODY_SET_THIS}"), want: `config\.yml:4: .*NOBODY_SET_THIS`,
		},
		"no such file":  {file: "/nonexistent/config.yml", want: `/nonexistent/config\.yml`},
		"unknown flag":  {config: good, flag: "--no-such-flag", want: `unknown long flag '--no-such-flag'`},
		"unknown level": {config: good, flag: "--log.level=loud", want: `--log.level must be debug, info, warn or error`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := cmp.Or(test.file, writeFile(t, "config.yml", test.config))
			args := []string{"--config.file=" + file, "--web.listen-address=" + w.address}
			if test.flag != "" {
				args = append(args, test.flag)
			}
			p := start(t, programs.exporter, args...)
			p.wantExit(t, 2)
			if !regexp.MustCompile(test.want).MatchString(p.stderr.String()) {
				t.Errorf("it said %q, want %q in it", p.stderr.String(), test.want)
			}
			if len(p.lines("Listening on|address already in use")) > 0 {
				t.Errorf("it tried to listen: %q", p.stderr.String())
			}
			if n := len(w.Requests()); n > 0 {
				t.Errorf("the workspace got %d requests, want none", n)
			}
		})
	}
}

func TestTakenPort(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	p := start(t, programs.exporter, "--config.file="+writeFile(t, "config.yml", config(t, w, "24h")), "--web.listen-address="+w.address)
	p.wantExit(t, 1)
	if lines := p.lines("level=error.*address already in use"); len(lines) != 1 {
		t.Errorf("it said %q, want one line with the reason", p.stderr.String())
	}
}

func TestVersionAndHelp(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]string{
		"--version": "livechat_exporter, version " + version,
		"--help":    "--config.file",
	} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			p := start(t, programs.exporter, flag)
			p.wantExit(t, 0)
			if !strings.Contains(p.stdout.String(), want) || p.stderr.String() != "" {
				t.Errorf("it wrote %q and, as errors, %q; want %q and no error", p.stdout.String(), p.stderr.String(), want)
			}
		})
	}
}

// The configuration that is shipped works as it stands, with the workspace and the
// account in the environment.
func TestShippedConfiguration(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	e := &exporter{process: startIn(t, []string{
		"ROCKETCHAT_URL=" + w.url(), "ROCKETCHAT_USER_ID=" + rocketchattest.UserID, "ROCKETCHAT_AUTH_TOKEN=" + rocketchattest.AuthToken,
	}, programs.exporter, "--config.file=../config.yml", "--web.listen-address=127.0.0.1:0")}
	e.address = e.process.address(t)

	page := parsePage(t, e.page(t))
	want := make(values)
	for _, window := range []string{"6h", "24h", "7d", "today"} {
		want[series("livechat_refresh_success", "resource", "abandoned_rooms", "window", window)] = 1
		want[series("livechat_refresh_success", "resource", "rooms", "window", window)] = 1
	}
	want[series("livechat_refresh_success", "resource", "abandonments", "window", "month")] = 1
	want[series("livechat_refresh_success", "resource", "departments", "window", "")] = 1
	if d := difference(page.named("livechat_refresh_success"), want); d != "" || page["livechat_up"] != 1 {
		t.Errorf("livechat_up is %v; resources:\n%s", page["livechat_up"], d)
	}
}

// The pages besides the metrics, none of which calls the workspace.
func TestPages(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	e := startExporter(t, config(t, w, "24h"))
	for path, want := range map[string]struct {
		status int
		text   string
	}{
		"/":            {http.StatusOK, `href="/metrics"`},
		"/-/healthy":   {http.StatusOK, "healthy"},
		"/-/ready":     {http.StatusOK, "ready"},
		"/nonexistent": {http.StatusNotFound, ""},
		"/metrics/":    {http.StatusNotFound, ""},
	} {
		status, body, err := get(t.Context(), http.DefaultClient, "http://"+e.address+path)
		if err != nil || status != want.status || !strings.Contains(body, want.text) {
			t.Errorf("%s: got status %d, error %v and\n%s\nwant status %d and %q", path, status, err, body, want.status, want.text)
		}
	}
	if n := len(w.Requests()); n > 0 {
		t.Errorf("the workspace got %d requests, want none", n)
	}
}

// refusesConnections is nil if nobody listens at the address.
func refusesConnections(t *testing.T, address string) error {
	t.Helper()
	var dialer net.Dialer
	connection, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		return nil //nolint:nilerr // The refusal is what is waited for.
	}
	if err := connection.Close(); err != nil {
		t.Error(err)
	}
	return errors.New("it still does")
}
