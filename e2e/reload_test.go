package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// The exporter's own metrics of its configuration.
const (
	reloadSuccessful = "livechat_exporter_config_last_reload_successful"
	reloadedAt       = "livechat_exporter_config_last_reload_success_timestamp_seconds"
)

// configure writes the exporter's configuration file.
func (e *exporter) configure(t *testing.T, config string) {
	t.Helper()
	if err := os.WriteFile(e.configFile, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

// reload asks the exporter to reload. Headers are pairs of name and value.
func (e *exporter) reload(t *testing.T, method string, headers ...string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+e.address+"/-/reload", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	status, body, err = send(http.DefaultClient, req)
	if err != nil {
		t.Fatal(err)
	}
	return status, body
}

// A file with a mistake changes nothing and is told, over HTTP, in the log and by the
// gauge; when it is mended it runs. The requests for pages never fail meanwhile.
func TestOnlyAGoodFileIsReloaded(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	w.AddRooms(abandonedChat())
	good := func(windows ...string) string { return config(t, w, windows...) }
	e := startExporter(t, good("24h"), "--web.enable-lifecycle")
	wantWindows := func(want ...string) {
		t.Helper()
		page := parsePage(t, e.page(t))
		for _, window := range []string{"6h", "24h", "7d"} {
			_, has := page[series("livechat_refresh_success", "resource", "abandoned_rooms", "window", window)]
			if wanted := strings.Contains(strings.Join(want, " "), window); has != wanted {
				t.Errorf("window %s on the page: %t, want %t", window, has, wanted)
			}
		}
	}
	first := parsePage(t, e.page(t))
	if first.get(t, reloadSuccessful) != 1 || time.Since(time.UnixMilli(int64(first.get(t, reloadedAt)*1000))) > patience {
		t.Errorf("after the start: %v at %v", first[reloadSuccessful], first[reloadedAt])
	}

	ctx, cancel := context.WithCancel(t.Context())
	watched := make(chan error, 1)
	go func() { watched <- watch(ctx, "http://"+e.address+"/metrics") }()

	const secret = "s3cret-s3cret-s3cret-s3cret"
	e.configure(t, strings.ReplaceAll(good("6h"), "auth_token_file:", "auth_token: "+secret+"\n    auth_token_file:")+"widnows: [7d]\n")
	status, body := e.reload(t, http.MethodPost)
	if status != http.StatusInternalServerError || !strings.Contains(body, "widnows") || !strings.Contains(body, "auth_token") || strings.Contains(body, secret) {
		t.Errorf("got status %d and %s, want 500 and both mistakes", status, body)
	}
	failed := parsePage(t, e.page(t))
	if failed.get(t, reloadSuccessful) != 0 || failed.get(t, reloadedAt) != first.get(t, reloadedAt) {
		t.Errorf("after the mistake: %v at %v, want 0 at %v", failed[reloadSuccessful], failed[reloadedAt], first[reloadedAt])
	}
	wantWindows("24h")
	if lines := e.lines("level=error"); len(lines) != 1 || !strings.Contains(lines[0], "widnows") || strings.Contains(e.stderr.String(), secret) {
		t.Errorf("got the errors\n%s\nwant one line with the mistakes", strings.Join(lines, "\n"))
	}

	e.configure(t, good("6h", "7d"))
	if status, body = e.reload(t, http.MethodPut); status != http.StatusOK {
		t.Errorf("got status %d and %s", status, body)
	}
	mended := parsePage(t, e.page(t))
	if mended.get(t, reloadSuccessful) != 1 || mended.get(t, reloadedAt) <= first.get(t, reloadedAt) {
		t.Errorf("after the cure: %v at %v, want 1 after %v", mended[reloadSuccessful], mended[reloadedAt], first[reloadedAt])
	}
	wantWindows("6h", "7d")

	e.configure(t, good("24h"))
	e.signal(t, syscall.SIGHUP)
	eventually(t, "the reload by signal", func() error {
		if lines := e.lines("Reloaded the configuration"); len(lines) != 2 {
			return fmt.Errorf("%d lines say that the configuration was reloaded", len(lines))
		}
		return nil
	})
	wantWindows("24h")

	cancel()
	if err := <-watched; err != nil {
		t.Errorf("while the configuration was reloaded: %v", err)
	}
}

// watch asks for a page again and again until ctx ends, and fails if it once does not
// come.
func watch(ctx context.Context, address string) error {
	for {
		status, _, err := get(ctx, http.DefaultClient, address)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // The end was not the exporter's.
		}
		if err != nil {
			return err
		}
		if status != http.StatusOK {
			return errors.New(http.StatusText(status))
		}
	}
}

// Without the flag nobody reloads over HTTP; with it no page of another origin does.
// Without another flag nobody profiles.
func TestWhatIsOffUntilAskedFor(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	off := startExporter(t, config(t, w, "24h"))
	on := startExporter(t, config(t, w, "24h"), "--web.enable-lifecycle", "--web.enable-pprof")

	if status, body := off.reload(t, http.MethodPost); status != http.StatusForbidden || !strings.Contains(body, "--web.enable-lifecycle") {
		t.Errorf("reload without the flag: got status %d and %s", status, body)
	}
	if status, body := on.reload(t, http.MethodPost, "Origin", "http://evil.example"); status != http.StatusForbidden || !strings.Contains(body, "origin") {
		t.Errorf("reload by another origin: got status %d and %s", status, body)
	}
	if status, body := on.reload(t, http.MethodPost, "Origin", "http://"+on.address); status != http.StatusOK {
		t.Errorf("reload by the own origin: got status %d and %s", status, body)
	}
	if status, _ := on.reload(t, http.MethodGet); status != http.StatusMethodNotAllowed {
		t.Errorf("reload by GET: got status %d", status)
	}
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/goroutine?debug=1", "/debug/pprof/profile?seconds=1"} {
		for e, want := range map[*exporter]int{off: http.StatusNotFound, on: http.StatusOK} {
			status, _, err := get(t.Context(), http.DefaultClient, "http://"+e.address+path)
			if err != nil || status != want {
				t.Errorf("%s: got status %d and error %v, want %d", path, status, err, want)
			}
		}
	}
	for _, e := range []*exporter{off, on} {
		if lines := e.lines("level=(warn|error)"); len(lines) > 0 {
			t.Errorf("it said %q", lines)
		}
	}
}
