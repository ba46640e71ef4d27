//go:build browser

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// What a person sees who opens the exporter: how each workspace stands, without a
// script, in light and in dark.
func TestTheLandingPageInABrowser(t *testing.T) {
	t.Parallel()
	all := map[string]*workspace{
		"answering": startWorkspaceOf(t, "sales", 1),
		"failing":   startWorkspaceOf(t, "sales", 1),
		"unasked":   startWorkspaceOf(t, "sales", 1),
	}
	all["failing"].Inject(nil, rocketchattest.Respond(http.StatusBadGateway, "text/html", "<h1>Bad Gateway</h1>"))
	e := startExporter(t, configOfAll(t, all), "--web.enable-lifecycle")
	for _, name := range []string{"answering", "failing"} {
		if status, _, err := get(t.Context(), http.DefaultClient, "http://"+e.address+"/probe?target="+name); err != nil || status != http.StatusOK {
			t.Fatalf("%s: got status %d and error %v", name, status, err)
		}
	}

	b := startBrowser(t)
	b.devtools(t, "Emulation.setScriptExecutionDisabled", map[string]any{"value": true})
	b.resize(t, 1280, 1000)
	b.open(t, "http://"+e.address+"/")
	if text := b.element(t, "body").text(t); !strings.Contains(text, version) || strings.Contains(text, rocketchattest.AuthToken) {
		t.Errorf("the version is not on the page, or the token is:\n%s", text)
	}
	if got, want := b.texts(t, "summary strong"), []string{"failing", "unasked", "answering"}; !slices.Equal(got, want) {
		t.Errorf("got workspaces %q, want %q", got, want)
	}
	states := b.texts(t, "summary span:first-of-type")
	if want := []string{"failing", "not asked yet", "good"}; !slices.Equal(states, want) {
		t.Errorf("got states %q, want %q", states, want)
	}
	wantRow(t, b, 1, "abandoned_rooms", "24h", "none yet", "server_error")
	wantRow(t, b, 2, "abandoned_rooms", "24h", "none yet", "not asked yet")
	wantRow(t, b, 3, "abandoned_rooms", "24h", " s ago", "ok", "no limit", "at once")
	if n := len(all["unasked"].Requests()); n > 0 {
		t.Errorf("the page cost the workspace %d calls", n)
	}

	// The style is the page's own, and allowed.
	body, good := b.element(t, "body"), b.element(t, "summary .good")
	light := [2]string{body.style(t, "background-color"), good.style(t, "color")}
	b.screenshot(t, "light.png")
	b.devtools(t, "Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": "dark"}}})
	dark := [2]string{body.style(t, "background-color"), good.style(t, "color")}
	b.screenshot(t, "dark.png")
	if light != [2]string{"rgba(255, 255, 255, 1)", "rgba(20, 108, 46, 1)"} || dark != [2]string{"rgba(22, 24, 28, 1)", "rgba(109, 213, 140, 1)"} {
		t.Errorf("got the colours %v in light and %v in dark", light, dark)
	}

	// A workspace closes and opens, and its metrics are behind a link.
	table, summary := b.element(t, "details:nth-of-type(3) table"), b.element(t, "details:nth-of-type(3) summary")
	for _, want := range []bool{false, true} {
		summary.click(t)
		if seen := table.text(t) != ""; seen != want {
			t.Errorf("after a click the resources are seen: %t, want %t", seen, want)
		}
	}
	if complaints := b.complaints(t); len(complaints) > 0 {
		t.Errorf("the browser complains: %q", complaints)
	}
	b.follow(t, "details:nth-of-type(3) a", "http://"+e.address+"/probe?target=answering")
	if page := b.element(t, "body").text(t); !strings.Contains(page, `livechat_department_abandoned_rooms{department_id="sales",window="24h"} 1`) {
		t.Errorf("the page of the workspace is\n%s", page)
	}
}

// wantRow compares the cells of the first row of a workspace's table, as far as they
// are given: each must hold its text.
func wantRow(t *testing.T, b *browser, workspace int, cells ...string) {
	t.Helper()
	got := b.texts(t, fmt.Sprintf("details:nth-of-type(%d) tbody tr:first-child td", workspace))
	for i, want := range cells {
		if i >= len(got) || !strings.Contains(got[i], want) {
			t.Errorf("workspace %d: got the row %q, want %q", workspace, got, cells)
			return
		}
	}
}

// 500 workspaces are a page that comes soon, and that fits a screen and a telephone.
func TestTheLandingPageOf500WorkspacesInABrowser(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	all := make(map[string]*workspace)
	for i := range 500 {
		all[fmt.Sprintf("a-workspace-with-quite-a-long-name-%03d", i)] = w
	}
	e := startExporter(t, configOfAll(t, all))
	b := startBrowser(t)
	for _, width := range []int{1280, 600} {
		b.resize(t, width, 900)
		begin := time.Now()
		b.open(t, "http://"+e.address+"/")
		t.Logf("%d pixels wide: the page took %v", width, time.Since(begin))
		if took := time.Since(begin); took > patience/3 {
			t.Errorf("the page took %v", took)
		}
		if n := len(b.elements(t, "summary")); n != 500 {
			t.Errorf("got %d workspaces", n)
		}
		html, inside := b.element(t, "html").width(t), b.element(t, "details:last-of-type").width(t)
		if html > float64(width) || inside > html {
			t.Errorf("the window is %d pixels wide, the page %v, and a workspace reaches to %v", width, html, inside)
		}
		b.screenshot(t, fmt.Sprintf("%d.png", width))
	}
	if complaints := b.complaints(t); len(complaints) > 0 {
		t.Errorf("the browser complains: %q", complaints)
	}
}

// A page of another origin, which the browser of somebody with access shows, can
// neither reload the exporter nor hold it in a frame.
func TestAnotherOriginInABrowser(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	e := startExporter(t, config(t, w, "24h"), "--web.enable-lifecycle")
	other := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(rw, `<!doctype html><form method="post" action="http://`+e.address+`/-/reload"><button>Win</button></form>
<iframe src="http://`+e.address+`/config"></iframe>`)
	}))
	t.Cleanup(other.Close)

	b := startBrowser(t)
	b.open(t, other.URL)
	if complaints := strings.Join(b.complaints(t), "\n"); !strings.Contains(complaints, "Refused to") && !strings.Contains(complaints, "frame-ancestors") {
		t.Errorf("the browser does not complain of the frame: %q", complaints)
	}
	b.follow(t, "button", "http://"+e.address+"/-/reload")
	if text := b.element(t, "body").text(t); !strings.Contains(text, "another origin") {
		t.Errorf("the answer is\n%s", text)
	}
	if lines := e.lines("Reloaded"); len(lines) > 0 {
		t.Errorf("it was reloaded: %q", lines)
	}
}
