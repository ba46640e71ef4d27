package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// A configuration with mistakes changes nothing. It is reported over HTTP, in the log and
// by a gauge. A good one is used, and no scrape fails meanwhile.
func TestOnlyGoodConfigurationsAreLoaded(t *testing.T) {
	t.Parallel()
	began := time.Now().Truncate(time.Millisecond)
	w := startWorkspace(t, rocketchattest.Latest, abandonedChats("sales", 1)...)
	e := startExporter(t, config(t, w, "24h"), "--web.enable-lifecycle")
	var loaded time.Time // Of the last page.
	wantLoaded := func(successful float64, windows ...string) {
		t.Helper()
		page := e.page(t)
		loaded = timeOf(page.get(t, "livechat_exporter_config_last_reload_success_timestamp_seconds"))
		got := page.metric("livechat_refresh_success")
		want := make(values)
		for _, window := range windows {
			want[refresh("success", window)] = 1
		}
		if d := diff(got, want); d != "" || page.get(t, "livechat_exporter_config_last_reload_successful") != successful {
			t.Errorf("want success %v and these windows:\n%s\npage:\n%s", successful, d, page)
		}
	}
	wantLoaded(1, "24h")
	first := loaded
	if first.Before(began) {
		t.Errorf("loaded at %v, before the start at %v", first, began)
	}
	ctx, cancel := context.WithCancel(t.Context())
	scrapes := make(chan error, 1)
	go func() { scrapes <- scrapeAll(ctx, e.url+"/metrics") }()

	const secret = "s3cret-s3cret-s3cret-s3cret"
	e.configure(t, strings.ReplaceAll(config(t, w, "6h"), "auth_token_file:", "auth_token: "+secret+"\n    auth_token_file:")+"widnows: [7d]\n")
	status, body := e.reload(t, http.MethodPost)
	if status != http.StatusInternalServerError || !strings.Contains(body, "widnows") || !strings.Contains(body, "auth_token") || strings.Contains(body, secret) {
		t.Errorf("got status %d and %s, want 500 and both mistakes", status, body)
	}
	wantLoaded(0, "24h")
	if !loaded.Equal(first) {
		t.Errorf("after the mistake: loaded at %v, want %v", loaded, first)
	}
	if lines := e.lines("level=error"); len(lines) != 1 || !strings.Contains(lines[0], "widnows") {
		t.Errorf("got the errors %q, want one line with the mistakes", lines)
	}
	e.wantNoSecret(t, secret)

	e.configure(t, config(t, w, "6h", "7d"))
	if status, body = e.reload(t, http.MethodPut); status != http.StatusOK {
		t.Errorf("got status %d and %s", status, body)
	}
	wantLoaded(1, "6h", "7d")
	second := loaded
	if !second.After(first) {
		t.Errorf("loaded at %v, want after %v", second, first)
	}

	e.configure(t, config(t, w, "24h"))
	e.signal(t, syscall.SIGHUP)
	eventually(t, "the reload by signal", func() error {
		if wantLoaded := e.page(t)["livechat_exporter_config_last_reload_success_timestamp_seconds"]; !timeOf(wantLoaded).After(second) {
			return fmt.Errorf("loaded at %v", wantLoaded)
		}
		return nil
	})
	wantLoaded(1, "24h")
	cancel()
	if err := <-scrapes; err != nil {
		t.Errorf("a scrape failed: %v", err)
	}
}

// scrapeAll scrapes again and again until the context ends or a scrape fails.
func scrapeAll(ctx context.Context, url string) error {
	for {
		status, _, err := get(ctx, http.DefaultClient, url, longScrape...)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // The test ended the scrape.
		case err != nil:
			return err
		case status != http.StatusOK:
			return fmt.Errorf("status %d", status)
		}
	}
}

// Without their flags there are neither reloads over HTTP nor profiles.
func TestReloadAndProfilesAreOptIn(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	off := startExporter(t, config(t, w, "24h"))
	on := startExporter(t, config(t, w, "24h"), "--web.enable-lifecycle", "--web.enable-pprof")
	for e, want := range map[*exporter]struct{ reload, profile int }{
		off: {http.StatusForbidden, http.StatusNotFound}, on: {http.StatusOK, http.StatusOK},
	} {
		if status, body := e.reload(t, http.MethodPost); status != want.reload {
			t.Errorf("reload: got status %d and %s, want %d", status, body, want.reload)
		}
		if status, _, err := get(t.Context(), http.DefaultClient, e.url+"/debug/pprof/goroutine?debug=1"); err != nil || status != want.profile {
			t.Errorf("profile: got status %d and error %v, want %d", status, err, want.profile)
		}
		e.wantNoWarnings(t)
	}
	if status, _ := on.reload(t, http.MethodPost, "Origin", "http://evil.example"); status != http.StatusForbidden {
		t.Errorf("reload by another origin: got status %d", status)
	}
}

// The page of the running configuration is a configuration with redacted secrets, wherever
// they come from, and the exporter loads it.
func TestConfigurationPageIsRedacted(t *testing.T) {
	t.Parallel()
	secrets := []string{"t0ken-t0ken-t0ken-t0ken", "passw0rd-passw0rd", "v4riable-v4riable-v4riable"}
	file := writeFile(t, "config.yml", fmt.Sprintf(`workspaces:
  a: {url: "http://127.0.0.1:1", user_id: user, auth_token: %s}
  b: {url: "http://127.0.0.1:1", username: exporter, password: %s, windows: [7d]}
  c: {url: "http://127.0.0.1:1", user_id: user, auth_token: "${TOKEN}"}
`, secrets[0], secrets[1]))
	e := startExporterWith(t, []string{"TOKEN=" + secrets[2]}, file)
	_, page, err := get(t.Context(), http.DefaultClient, e.url+"/config")
	if err != nil || strings.Count(page, "<secret>") < 3 || !strings.Contains(page, "7d") || !strings.Contains(page, "http://127.0.0.1:1") {
		t.Errorf("got error %v and\n%s\nwant the configuration with three redacted secrets", err, page)
	}
	for _, secret := range secrets {
		if strings.Contains(page, secret) {
			t.Errorf("%s is on the page", secret)
		}
	}
	e.wantNoSecret(t, secrets...)
	again := startExporter(t, page)
	if _, shown, err := get(t.Context(), http.DefaultClient, again.url+"/config"); err != nil || shown != page {
		t.Errorf("loaded again: got error %v and\n%s\nwant\n%s", err, shown, page)
	}
}

// Files that block their reader, as on a dead mount, block neither pages nor the end.
func TestFilesThatBlock(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	pipe := func(name string) string {
		file := filepath.Join(t.TempDir(), name)
		if err := syscall.Mkfifo(file, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	token, authority := pipe("token"), pipe("ca.pem")
	workspace := map[string]any{"url": w.url(), "user_id": rocketchattest.UserID, "auth_token_file": token}
	configured := map[string]any{"workspaces": map[string]any{"main": workspace}}
	e := startExporter(t, toJSON(t, configured))
	if page := e.page(t); page["livechat_up"] != 0 { // After 10 seconds.
		t.Errorf("got livechat_up %v", page["livechat_up"])
	}
	eventually(t, "the log line", func() error {
		if lines := e.lines("reading files takes too long"); len(lines) != 1 {
			return fmt.Errorf("got the log %q", lines)
		}
		return nil
	})

	workspace["http_client"] = map[string]any{"tls_config": map[string]any{"ca_file": authority}}
	e.configure(t, toJSON(t, configured))
	e.signal(t, syscall.SIGHUP)
	eventually(t, "the reload opens its ca_file", func() error {
		writer, err := os.OpenFile(authority, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			t.Cleanup(func() { _ = writer.Close() }) // Until then the reader waits.
		}
		return err
	})
	e.page(t)
	e.signal(t, syscall.SIGTERM)
	e.wantExit(t, 0)
}
