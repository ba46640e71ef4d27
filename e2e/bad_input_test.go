package e2e

import (
	"fmt"
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

// badInput is what a workspace, or something in its place, does to a call, and the
// outcome that the call has to get.
type badInput struct {
	outcome string
	fault   rocketchattest.Fault
}

// badInputs are the ways in which a call goes wrong that concern it alone: not a refused
// token, after which other calls wait too. Redirects lead to another host.
func badInputs(another string) map[string]badInput {
	const gigabyte = 1 << 30
	body := func(body string) badInput {
		return badInput{"bad_response", rocketchattest.RespondJSON(http.StatusOK, body)}
	}
	rows := func(rows string) badInput { return body(`{"departments":[` + rows + `],"total":2,"success":true}`) }
	return map[string]badInput{
		"missing permission":      {"forbidden", rocketchattest.RespondJSON(http.StatusForbidden, `{"success":false,"error":"[error-unauthorized]"}`)},
		"no licence":              {"unlicensed", rocketchattest.RespondJSON(http.StatusBadRequest, `{"success":false,"errorType":"error-action-not-allowed"}`)},
		"HTML":                    {"unlicensed", rocketchattest.HTML()},
		"blank body":              {"bad_response", rocketchattest.Blank()},
		"blank JSON":              body(""),
		"truncated body":          {"bad_response", rocketchattest.Truncate(25)},
		"truncated chunks":        {"bad_response", rocketchattest.TruncateChunked(25)},
		"departments of no array": body(`{"departments":{},"total":0,"success":true}`),
		"a number as text":        rows(`{"_id":"a","abandonedRooms":"1"}`),
		"success: false":          body(`{"departments":[],"total":0,"success":false}`),
		"a proxy's login":         {"bad_response", rocketchattest.WithHeader("WWW-Authenticate", "Basic", rocketchattest.RespondJSON(http.StatusUnauthorized, "{}"))},
		"a firewall":              {"bad_response", rocketchattest.Respond(http.StatusForbidden, "text/html", "<h1>403</h1>")},
		"HTTP on a TLS port":      {"bad_response", rocketchattest.Respond(http.StatusBadRequest, "text/html", "<h1>400</h1>")},
		"429":                     {"rate_limited", rocketchattest.RespondJSON(http.StatusTooManyRequests, `{"success":false,"error":"[error-too-many-requests]"}`)},
		"500":                     {"server_error", rocketchattest.Respond(http.StatusInternalServerError, "text/plain", "Internal Server Error")},
		"502":                     {"server_error", rocketchattest.BadGateway()},
		"database error":          {"server_error", rocketchattest.DatabaseError("operation exceeded time limit")},
		"hang":                    {"timeout", rocketchattest.Hang()},
		"drip":                    {"timeout", rocketchattest.Drip(time.Second)},
		"closed connection":       {"network", rocketchattest.CloseConnection()},
		"1 GB of rows":            {"bad_response", rocketchattest.EndlessBody(gigabyte)},
		"1 GB of one id":          {"bad_response", rocketchattest.EndlessString(gigabyte)},
		"1 MiB of header":         {"network", longHeader(1 << 20)},
		"200,000 brackets":        {"bad_response", rocketchattest.Nested(200_000)},
		"200,000 braces":          body(strings.Repeat(`{"x":`, 200_000)),
		"duplicate ids":           rows(`{"_id":"a","abandonedRooms":1},{"_id":"a","abandonedRooms":1}`),
		"negative counts":         rows(`{"_id":"a","abandonedRooms":-1}`),
		"redirect elsewhere":      {"redirected", rocketchattest.Redirect(http.StatusTemporaryRedirect, another+"/stolen")},
		"token in the answer":     {"server_error", rocketchattest.RespondJSON(http.StatusInternalServerError, `{"error":"`+rocketchattest.AuthToken+`"}`)},
	}
}

// longHeader adds n bytes to the header of the answer.
func longHeader(n int) rocketchattest.Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		w.Header().Set("X-Filler", strings.Repeat("x", n))
		next.ServeHTTP(w, r)
	}
}

// Whatever happens to the call of one window: the page has the other window, the call has
// the right outcome and one warning, memory stays small, the token is nowhere, and no
// request goes to another host.
func TestBadInputAffectsItsWindowOnly(t *testing.T) {
	t.Parallel()
	var strayed atomic.Int64
	another := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed.Add(1) }))
	t.Cleanup(func() {
		another.Close()
		if n := strayed.Load(); n > 0 {
			t.Errorf("%d requests went to another host", n)
		}
	})
	for name, bad := range badInputs(another.URL) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := startWorkspace(t, rocketchattest.Old, history(13, time.Now(), departmentIDs(5))...)
			w.Inject(func(r *http.Request) bool {
				from, _ := time.Parse(time.RFC3339, r.URL.Query().Get("start"))
				to, _ := time.Parse(time.RFC3339, r.URL.Query().Get("end"))
				return to.Sub(from) == 6*time.Hour
			}, bad.fault)
			configured, wantCalls := config(t, w, "6h", "24h"), 2.0
			switch bad.outcome {
			case "timeout":
				configured += "timeout: 5s\n"
			case "rate_limited":
				wantCalls = 1 // The next call has to wait.
			}
			e := startExporter(t, configured, "--log.level=debug")
			var page values
			for range 2 {
				page = e.page(t)
				checkRooms(t, w, page, []string{"24h"})
				want := values{refresh("success", "6h"): 0, refresh("success", "24h"): 1}
				if d := diff(page.metric("livechat_refresh_success"), want); d != "" || page["livechat_up"] != 1 {
					t.Errorf("livechat_up is %v; windows:\n%s", page["livechat_up"], d)
				}
			}
			if page[calls(bad.outcome)] != wantCalls {
				t.Errorf("want %v calls with the outcome %s; got\n%s", wantCalls, bad.outcome, page.metric("livechat_api_requests_total"))
			}
			if lines := e.lines("level=(warn|error)"); len(lines) != 1 || !strings.Contains(lines[0], "reason="+bad.outcome) || !strings.Contains(lines[0], "resources=abandoned_rooms/6h ") {
				t.Errorf("got the warnings and errors %q, want one about 6h with the reason %s", lines, bad.outcome)
			}
			wantLittleMemoryAndNoToken(t, e)
		})
	}
}

// peakMemory is the most memory that a process of Linux has had, in its status.
var peakMemory = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

func wantLittleMemoryAndNoToken(t *testing.T, e *exporter) {
	t.Helper()
	page := e.scrape(t)
	if strings.Contains(page, rocketchattest.AuthToken) {
		t.Error("the page has the token")
	}
	e.wantNoSecret(t)
	if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.cmd.Process.Pid)); err == nil {
		kilobytes, err := strconv.Atoi(peakMemory.FindStringSubmatch(string(status))[1])
		if err != nil || kilobytes > 100<<10 {
			t.Errorf("used %d KiB (error %v), want under 100 MiB", kilobytes, err)
		}
	}
}
