package e2e

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// A token that the workspace rejects: scrapes succeed, livechat_up is 0, no number is
// exported, one warning is logged, and the token is nowhere, even if the answer has it.
func TestWrongToken(t *testing.T) {
	t.Parallel()
	const token = "wR0ngT0ken-wR0ngT0ken-wR0ngT0ken-wR0ngT0ken"
	names := []string{"6h", "24h", "7d"}
	for name, profile := range map[string]rocketchattest.Profile{
		"old": rocketchattest.Old, "mid": rocketchattest.Mid, "latest": rocketchattest.Latest, "nine": rocketchattest.Nine,
		"token in the answer": rocketchattest.Latest,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := startWorkspace(t, profile, history(10, time.Now(), departmentIDs(3))...)
			if name == "token in the answer" {
				w.Inject(nil, rocketchattest.RespondJSON(http.StatusUnauthorized, `{"success":false,"error":"no session `+token+`"}`))
			}
			e := startExporter(t, configWithToken(t, w, token, names...), "--log.level=debug")
			p := startPrometheus(t, scrape("livechat", e.address))
			for _, window := range names {
				p.becomes(t, refresh("success", window), 0)
			}
			page := p.waitForScrapes(t, "livechat", 3).values
			if page["up"] != 1 || page.get(t, "livechat_up") != 0 || page[calls("unauthorized")] < 1 {
				t.Errorf("want up 1, livechat_up 0 and a refused call; got\n%s", page)
			}
			for _, metric := range []string{
				"livechat_department_abandoned_rooms", "livechat_refresh_complete", "livechat_refresh_timestamp_seconds",
				"livechat_window_start_timestamp_seconds", "livechat_window_end_timestamp_seconds",
			} {
				if got := p.stored(t, metric); len(got) > 0 {
					t.Errorf("got %v, want no %s", got, metric)
				}
			}
			// Windows whose attempts end in different scrapes have a line each.
			lines := e.lines("level=(warn|error)")
			if len(lines) == 0 || len(lines) > len(names) {
				t.Errorf("got the warnings and errors %q, want one, or a few on a busy machine", lines)
			}
			for _, line := range lines {
				if !strings.Contains(line, "reason=unauthorized") {
					t.Errorf("got %q, want the reason unauthorized", line)
				}
			}
			wantSecretNowhere(t, e, p, token)
		})
	}
}

// A workspace that is not there yet, comes, crashes while it answers, and comes again,
// under more scrapes than its rate limit has calls. All scrapes succeed. The numbers are
// exported until they are too old, and are back with the workspace. No call is over the
// limit.
func TestWorkspaceComesAndGoes(t *testing.T) {
	t.Parallel()
	limit := rocketchattest.RateLimit{Calls: 5, Per: 2 * time.Second}
	names := []string{"6h", "24h", "7d"}
	w := startWorkspace(t, rocketchattest.Latest, history(12, time.Now(), departmentIDs(3))...)
	w.limitRate(limit)
	w.Inject(nil, rocketchattest.Slow(200*time.Millisecond))
	w.down(t)
	limited := fmt.Sprintf("rate_limit: {calls: %d, per: %v}\nmax_age: 20s\n", limit.Calls, limit.Per)
	e := startExporter(t, strings.Replace(config(t, w, names...), noLimit, limited, 1))
	p := startPrometheus(t, scrape("livechat", e.address))
	p.becomes(t, "livechat_up", 0)
	if got := p.stored(t, "livechat_department_abandoned_rooms"); len(got) > 0 {
		t.Errorf("got %v of a workspace that was never there", got)
	}
	w.up(t)
	checkPage(t, w, p.waitForAnswers(t, time.Now(), names...), names)

	eventually(t, "a call in flight", func() error {
		if calls := w.Requests(); calls[len(calls)-1].Status != 0 {
			return errors.New("all are answered")
		}
		return nil
	})
	w.down(t)
	p.becomes(t, refresh("success", "24h"), 0)
	eventually(t, "the numbers are too old", func() error {
		if got := p.now(t, "livechat_department_abandoned_rooms"); len(got) > 0 {
			return fmt.Errorf("got\n%s", got)
		}
		return nil
	})
	p.now(t, refresh("timestamp_seconds", "24h")).get(t, refresh("timestamp_seconds", "24h"))

	w.up(t)
	page := p.waitForAnswers(t, time.Now(), names...)
	checkPage(t, w, page, names)
	if page.values[series("livechat_api_calls_deferred_total", "route", "total-abandoned-chats")] == 0 {
		t.Error("no call had to wait for the rate limit")
	}
	if i := slices.IndexFunc(w.Requests(), func(r rocketchattest.Request) bool { return r.Status == http.StatusTooManyRequests }); i >= 0 {
		t.Errorf("call %d was over the limit", i)
	}
	pages := p.pages(t, "livechat")
	for _, page := range pages {
		if page.values.get(t, "up") != 1 {
			t.Errorf("the scrape of %v failed", page.at)
		}
	}
	// Each change is logged, not each scrape. A workspace can fail in different ways.
	if n := len(e.lines("level=warn")); n < 2 || n > 6 {
		t.Errorf("got %d warnings on %d pages, want 2 or a few more:\n%s", n, len(pages), e.stderr.String())
	}
	wantSecretNowhere(t, e, p, rocketchattest.AuthToken)
}

// wantSecretNowhere searches everything that the exporter writes, and what Prometheus
// has of it.
func wantSecretNowhere(t *testing.T, e *exporter, p *prometheus, secret string) {
	t.Helper()
	e.wantNoSecret(t, secret)
	for _, url := range []string{
		e.url + "/metrics", e.url + "/probe?target=main", e.url + "/", e.url + "/sd", e.url + "/config",
		p.url + "/api/v1/query?query=%7Bjob=~%22.%2B%22%7D%5B1h%5D", p.url + "/api/v1/targets", p.url + "/api/v1/metadata",
	} {
		status, body, err := get(t.Context(), http.DefaultClient, url)
		if err != nil || status != http.StatusOK || strings.Contains(body, secret) {
			t.Errorf("%s: got status %d and error %v; the secret is there: %t", url, status, err, strings.Contains(body, secret))
		}
	}
}

// A workspace can send the request with its token back after its answer, without another
// request. Go's HTTP client prints such text unless it is prevented.
func TestUnrequestedAnswerIsNotLogged(t *testing.T) {
	t.Parallel()
	scraped, closed := make(chan struct{}), make(chan struct{})
	w := startSite(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		defer close(closed)
		got, _ := httputil.DumpRequest(r, false)
		connection, _, err := http.NewResponseController(rw).Hijack()
		if err != nil || !strings.Contains(string(got), rocketchattest.AuthToken) {
			t.Errorf("got the request %s and error %v, want one with the token", got, err)
			return
		}
		defer func() { _ = connection.Close() }()
		const body = `{"departments":[],"total":0,"success":true}`
		fmt.Fprintf(connection, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		<-scraped
		fmt.Fprintf(connection, "HTTP/1.1 400 Bad\r\n%s", got)
		_, _ = io.Copy(io.Discard, connection) // Until the client closes it.
	}))
	e := startExporter(t, fmt.Sprintf("workspaces: {main: {url: %q, user_id: %s, auth_token: %s}}\nwindows: [24h]\n"+abandonedRoomsOnly,
		w.url(), rocketchattest.UserID, rocketchattest.AuthToken), "--log.level=debug")
	if page := e.page(t); page["livechat_up"] != 1 {
		t.Errorf("livechat_up: got %v, want 1", page["livechat_up"])
	}
	close(scraped)
	waitFor(t, "the end of the connection", closed)
	e.signal(t, syscall.SIGTERM)
	e.wantExit(t, 0)
	e.wantNoSecret(t, "Unsolicited response")
}
