package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// badInput is something that a workspace, or what stands in its place, does to the
// call of one window.
type badInput struct {
	fault   rocketchattest.Fault
	profile rocketchattest.Profile
	outcome string
}

// badInputs are the ways in which a call can go wrong that need no other
// configuration. Another host is where redirects lead.
func badInputs(another string) map[string]badInput {
	const gigabyte = 1 << 30
	ok := func(body string) badInput {
		return badInput{fault: rocketchattest.RespondJSON(http.StatusOK, body), outcome: "bad_response"}
	}
	rows := func(rows string) badInput { return ok(`{"departments":[` + rows + `],"total":2,"success":true}`) }
	as := func(outcome string, f rocketchattest.Fault) badInput { return badInput{fault: f, outcome: outcome} }
	return map[string]badInput{
		"wrong token":             as("unauthorized", rocketchattest.RespondJSON(http.StatusUnauthorized, `{"success":false,"error":"You must be logged in to do this."}`)),
		"missing permission":      as("forbidden", rocketchattest.RespondJSON(http.StatusForbidden, `{"success":false,"error":"[error-unauthorized]"}`)),
		"no licence":              as("unlicensed", rocketchattest.RespondJSON(http.StatusBadRequest, `{"success":false,"errorType":"error-action-not-allowed"}`)),
		"HTML":                    as("unlicensed", rocketchattest.HTML()),
		"blank body":              as("bad_response", rocketchattest.Blank()),
		"blank JSON":              ok(""),
		"truncated body":          as("bad_response", rocketchattest.Truncate(25)),
		"truncated chunks":        as("bad_response", rocketchattest.TruncateChunked(25)),
		"departments of no array": ok(`{"departments":{},"total":0,"success":true}`),
		"a number as text":        rows(`{"_id":"a","abandonedRooms":"1"}`),
		"success: false":          ok(`{"departments":[],"total":0,"success":false}`),
		"429":                     as("rate_limited", rocketchattest.RespondJSON(http.StatusTooManyRequests, `{"success":false,"error":"[error-too-many-requests]"}`)),
		"500":                     as("server_error", rocketchattest.Respond(http.StatusInternalServerError, "text/plain", "Internal Server Error")),
		"502":                     as("server_error", rocketchattest.BadGateway()),
		"database error":          as("server_error", rocketchattest.DatabaseError("operation exceeded time limit")),
		"hang":                    as("timeout", rocketchattest.Hang()),
		"drip":                    as("timeout", rocketchattest.Drip(time.Second)),
		"closed connection":       as("network", rocketchattest.CloseConnection()),
		"1 GB of rows":            as("bad_response", rocketchattest.EndlessBody(gigabyte)),
		"1 GB of one id":          as("bad_response", rocketchattest.EndlessString(gigabyte)),
		"1 MiB of header":         as("network", fillHeader(1<<20)),
		"200,000 brackets":        as("bad_response", rocketchattest.Nested(200_000)),
		"200,000 braces":          ok(strings.Repeat(`{"x":`, 200_000)),
		"duplicate ids":           rows(`{"_id":"a","abandonedRooms":1},{"_id":"a","abandonedRooms":1}`),
		"negative counts":         rows(`{"_id":"a","abandonedRooms":-1}`),
		"redirect elsewhere":      as("redirected", rocketchattest.Redirect(http.StatusTemporaryRedirect, another+"/stolen")),
		"token sent back":         as("server_error", rocketchattest.RespondJSON(http.StatusInternalServerError, `{"error":"`+rocketchattest.AuthToken+`"}`)),
	}
}

// Whatever happens to the call of one window: the page is 200 and there within the
// scrape's deadline, the other window stands, memory stays small, the outcome is the
// right one, the log has one clear line, the token is nowhere, and no request reaches
// another host.
func TestBadInputCostsOneWindowOnly(t *testing.T) {
	t.Parallel()
	var strayed atomic.Int64
	another := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed.Add(1) }))
	t.Cleanup(func() {
		another.Close()
		if n := strayed.Load(); n > 0 {
			t.Errorf("%d requests reached another host", n)
		}
	})
	for name, bad := range badInputs(another.URL) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := startWorkspace(t, bad.profile)
			w.AddRooms(history(13, time.Now(), departments(5))...)
			w.Inject(rollingWindow(6*time.Hour), bad.fault)
			configured := config(t, w, "6h", "24h")
			if bad.outcome == "timeout" { // Within the time of a scrape, which a call may outlive.
				configured += "timeout: 2s\n"
			}
			e := startExporter(t, configured, "--log.level=debug")
			for range 2 {
				p := e.pageInTime(t)
				checkOneWindowFails(t, w, p)
			}
			page := e.pageInTime(t)
			want := series("livechat_api_requests_total", "route", "total-abandoned-chats", "outcome", bad.outcome)
			atLeast := 2.0
			if bad.outcome == "rate_limited" { // The route is left alone for a while.
				atLeast = 1
			}
			if got := page.get(t, want); got < atLeast {
				t.Errorf("%s: got %v, want %v at least; the page:\n%s", want, got, atLeast, page.named("livechat_api_requests_total"))
			}
			if lines := e.lines("level=(warn|error)"); len(lines) != 1 || !strings.Contains(lines[0], "reason="+bad.outcome) || !strings.Contains(lines[0], "windows=6h") {
				t.Errorf("got the warnings and errors\n%s\nwant one line that says %s", strings.Join(lines, "\n"), bad.outcome)
			}
			checkLittleMemoryAndNoToken(t, e)
		})
	}
}

// fillHeader adds n bytes to the header of the answer.
func fillHeader(n int) rocketchattest.Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		w.Header().Set("X-Filler", strings.Repeat("x", n))
		next.ServeHTTP(w, r)
	}
}

// checkOneWindowFails compares a page with the workspace, of which 6h cannot be had.
func checkOneWindowFails(t *testing.T, w *workspace, page values) {
	t.Helper()
	want := make(values)
	covered := statedPeriod(t, page, "24h")
	for id, n := range w.abandonedRooms(covered.start, covered.end) {
		want[series("livechat_department_abandoned_rooms", "department_id", id, "window", "24h")] = float64(n)
	}
	if len(want) == 0 {
		t.Fatal("the workspace has nothing to count: this test shows nothing")
	}
	fillZeros(want, "24h")
	if diff := difference(page.named("livechat_department_abandoned_rooms"), want); diff != "" {
		t.Error(diff)
	}
	success := values{
		series("livechat_refresh_success", "resource", "abandoned_rooms", "window", "6h"):  0,
		series("livechat_refresh_success", "resource", "abandoned_rooms", "window", "24h"): 1,
	}
	if diff := difference(page.named("livechat_refresh_success"), success); diff != "" {
		t.Error(diff)
	}
	if got := page.get(t, "livechat_up"); got != 1 {
		t.Errorf("livechat_up: got %v, want 1", got)
	}
}

// Ids that nobody would expect are exported, each once.
func TestStrangeIDsAreExportedEachOnce(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	w.Inject(nil, func(rw http.ResponseWriter, _ *http.Request, _ http.Handler) {
		rw.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(rw, `{"departments":[{"_id":"a\u0000\u001b\r\n\"\\","abandonedRooms":1},`+
			"{\"_id\":\"\xff\",\"abandonedRooms\":2},{\"_id\":\"\xfe\",\"abandonedRooms\":3},{\"_id\":\"\\ud800\",\"abandonedRooms\":4},"+
			`{"_id":"","abandonedRooms":5},{"_id":null,"abandonedRooms":6},{"_id":"none","abandonedRooms":7}],"total":7,"success":true}`)
	})
	e := startExporter(t, config(t, w, "24h"))
	p := startPrometheus(t, scrape("livechat", e.address))
	p.scrapedTimes(t, "livechat", 2)
	want := values{
		series("livechat_department_abandoned_rooms", "department_id", "a\x00\x1b\r\n\"\\", "window", "24h"): 1,
		series("livechat_department_abandoned_rooms", "department_id", "\uFFFD", "window", "24h"):            9,
		series("livechat_department_abandoned_rooms", "department_id", "none", "window", "24h"):              18,
	}
	if diff := difference(p.now(t, "livechat_department_abandoned_rooms"), want); diff != "" {
		t.Error(diff)
	}
}

// A workspace that is not there, and one that cannot be.
func TestUnreachableHosts(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{"nobody listens": "http://127.0.0.1:1", "no such name": "http://chat.invalid"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := startExporter(t, fmt.Sprintf("workspaces: {main: {url: %q, user_id: %s, auth_token: %s}}\n"+abandonedRoomsAlone, url, rocketchattest.UserID, rocketchattest.AuthToken))
			page := e.pageInTime(t)
			if got := page.get(t, "livechat_up"); got != 0 || len(page.named("livechat_department_abandoned_rooms")) > 0 {
				t.Errorf("got livechat_up %v and %v", got, page.named("livechat_department_abandoned_rooms"))
			}
			if got := page.get(t, series("livechat_api_requests_total", "route", "total-abandoned-chats", "outcome", "network")); got != 4 {
				t.Errorf("got %v calls that ended in network, want 4", got)
			}
			if lines := e.lines("level=(warn|error)"); len(lines) != 1 || !strings.Contains(lines[0], "windows=6h,24h,7d,today") || !strings.Contains(lines[0], "reason=network") {
				t.Errorf("got the warnings and errors\n%s\nwant one line for all windows", strings.Join(lines, "\n"))
			}
			checkLittleMemoryAndNoToken(t, e)
		})
	}
}

// rollingWindow matches the calls for a rolling window of that length.
func rollingWindow(length time.Duration) func(*http.Request) bool {
	return func(r *http.Request) bool {
		start, _ := time.Parse(time.RFC3339, r.URL.Query().Get("start"))
		end, _ := time.Parse(time.RFC3339, r.URL.Query().Get("end"))
		return end.Sub(start) == length
	}
}

// pageInTime scrapes the exporter as Prometheus does with a timeout of 3 s.
func (e *exporter) pageInTime(t *testing.T) values {
	t.Helper()
	const timeout = 3 * time.Second
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+e.address+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", strconv.FormatFloat(timeout.Seconds(), 'f', -1, 64))
	begin := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if took := time.Since(begin); err != nil || resp.StatusCode != http.StatusOK || took > timeout {
		t.Fatalf("got status %d after %v, error %v; want 200 within %v", resp.StatusCode, took, err, timeout)
	}
	if strings.Contains(string(text), rocketchattest.AuthToken) {
		t.Error("the page tells the token")
	}
	return parsePage(t, string(text))
}

// peak is the most memory that a process of Linux has used, in its status.
var peak = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

// checkLittleMemoryAndNoToken looks at what the exporter has used and written.
func checkLittleMemoryAndNoToken(t *testing.T, e *exporter) {
	t.Helper()
	const limit = 100 << 20
	used := e.pageInTime(t).get(t, "process_resident_memory_bytes")
	if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.cmd.Process.Pid)); err == nil { // Linux knows better.
		kilobytes, err := strconv.Atoi(peak.FindStringSubmatch(string(status))[1])
		if err != nil {
			t.Fatal(err)
		}
		used = float64(kilobytes) * 1024
	}
	if used > limit {
		t.Errorf("used %.0f MB, want under %d MB", used/1e6, limit/1_000_000)
	}
	if log := e.stdout.String() + e.stderr.String(); strings.Contains(log, rocketchattest.AuthToken) {
		t.Error("the log tells the token")
	}
}
