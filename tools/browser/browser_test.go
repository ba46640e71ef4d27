// Package browser tests the exporter's pages in Chromium. It is a module of its own, so
// that the driver of the browser is no dependency of the exporter.
package browser

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const (
	version = "1.2.3-browser"
	token   = "t0ken-t0ken-t0ken-t0ken"
	// patience is how long a test waits before it is taken to hang.
	patience = 3 * time.Minute
)

// program is the built exporter.
var program string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "livechat_exporter-browser-")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(folder, "livechat_exporter")
	build := exec.CommandContext(context.Background(), "go", "build", "-buildvcs=false", "-ldflags=-X github.com/prometheus/common/version.Version="+version, "-o", program, ".")
	build.Dir = filepath.Join("..", "..")
	build.Stderr = os.Stderr
	code := 1
	if err := build.Run(); err == nil {
		code = m.Run()
	}
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// startExporter starts the exporter with workspaces, given by name and URL, and returns
// its address and a function that returns its log.
func startExporter(t *testing.T, workspaces map[string]string, flags ...string) (address string, log func() string) {
	t.Helper()
	var config bytes.Buffer
	config.WriteString("windows: [24h]\nrate_limit: {calls: 0}\nrooms: false\ncounter: false\nlive: false\ndepartments: false\nworkspaces:\n")
	for name, url := range workspaces {
		fmt.Fprintf(&config, "  %s: {url: %q, user_id: user, auth_token: %s}\n", name, url, token)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "config.yml"), config.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	stderr, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	exporter := exec.CommandContext(context.WithoutCancel(t.Context()), program,
		append([]string{"--config.file=" + filepath.Join(folder, "config.yml"), "--web.listen-address=127.0.0.1:0"}, flags...)...)
	exporter.Stderr = stderr
	if err := exporter.Start(); err != nil {
		t.Fatal(err)
	}
	log = func() string {
		text, _ := os.ReadFile(stderr.Name())
		return string(text)
	}
	t.Cleanup(func() {
		_ = exporter.Process.Signal(syscall.SIGTERM)
		if err := exporter.Wait(); err != nil {
			t.Errorf("the exporter ended with %v:\n%s", err, log())
		}
		_ = stderr.Close()
	})
	listening := regexp.MustCompile(`msg="Listening on".* address=(\S+)`)
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		if match := listening.FindStringSubmatch(log()); match != nil {
			return match[1], log
		}
		select {
		case <-deadline.C:
			t.Fatalf("the exporter does not listen:\n%s", log())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// startWorkspace starts a server that answers every request in the same way and counts
// the requests.
func startWorkspace(t *testing.T, status int, body string) (url string, requests *atomic.Int64) {
	t.Helper()
	requests = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
}

// browser is a window of Chromium.
type browser struct {
	window   context.Context
	mu       sync.Mutex
	messages []string
}

// startBrowser starts Chromium without any state of before.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
	if os.Getuid() == 0 { // As in many containers, where the sandbox does not work.
		options = append(options, chromedp.NoSandbox)
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	t.Cleanup(cancel)
	allocator, cancel := chromedp.NewExecAllocator(limited, options...)
	t.Cleanup(cancel)
	window, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	b := &browser{window: window}
	err := chromedp.Listen(window, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *cdplog.EventEntryAdded:
			b.messages = append(b.messages, e.Entry.Text)
		case *runtime.EventExceptionThrown:
			b.messages = append(b.messages, e.ExceptionDetails.Text)
		}
	})
	if err != nil {
		t.Fatalf("Chromium is needed, Debian's package chromium: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			b.screenshot(t, "failed.png")
		}
	})
	return b
}

func (b *browser) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.window, actions...); err != nil {
		t.Fatal(err)
	}
}

// follow clicks the element, which opens a page of plain text, and waits for that page.
func (b *browser) follow(t *testing.T, selector string) {
	t.Helper()
	b.do(t, chromedp.Click(chromedp.CSS(selector)), chromedp.WaitReady(chromedp.CSS("pre")))
}

// complaints are the messages in the browser's console so far.
func (b *browser) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.messages)
}

// evaluate returns the value of an expression of JavaScript. It works also where the
// page's own scripts are disabled.
func evaluate[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	value, err := chromedp.Run(b.window, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// text is the visible text of the element.
func (b *browser) text(t *testing.T, selector string) string {
	t.Helper()
	return evaluate[string](t, b, fmt.Sprintf("document.querySelector(%q).innerText", selector))
}

// screenshot keeps a picture of the window among the test's artifacts.
func (b *browser) screenshot(t *testing.T, name string) {
	t.Helper()
	picture, err := chromedp.Run(b.window, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(t.ArtifactDir(), name), picture, 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}

// The landing page shows the state of each workspace, without scripts, in light and dark.
func TestLandingPage(t *testing.T) {
	t.Parallel()
	const answer = `{"departments":[{"_id":"sales","abandonedRooms":1}],"count":1,"offset":0,"total":1,"success":true}`
	answering, _ := startWorkspace(t, http.StatusOK, answer)
	failing, _ := startWorkspace(t, http.StatusBadGateway, "Bad Gateway")
	unscraped, requests := startWorkspace(t, http.StatusOK, answer)
	address, _ := startExporter(t, map[string]string{"answering": answering, "failing": failing, "unscraped": unscraped})
	b := startBrowser(t)
	for _, name := range []string{"answering", "failing"} {
		b.do(t, chromedp.Navigate("http://"+address+"/probe?target="+name))
	}
	if _, err := chromedp.Call(b.window, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	b.do(t, chromedp.EmulateViewport(1280, 1000), chromedp.Navigate("http://"+address+"/"))
	if text := b.text(t, "body"); !strings.Contains(text, version) || strings.Contains(text, token) {
		t.Errorf("the version is not on the page, or the token is:\n%s", text)
	}
	names := evaluate[[]string](t, b, `[...document.querySelectorAll("summary strong")].map(e => e.innerText)`)
	if want := []string{"failing", "unscraped", "answering"}; !slices.Equal(names, want) {
		t.Errorf("got the workspaces %q, want %q: those that need attention first", names, want)
	}
	for i, outcome := range []string{"server_error", "", "ok"} {
		row := b.text(t, fmt.Sprintf("details:nth-of-type(%d) tbody tr", i+1))
		if !strings.Contains(row, "abandoned_rooms") || !strings.Contains(row, "24h") || !strings.Contains(row, outcome) {
			t.Errorf("%s: got the row %q, want the outcome %q", names[i], row, outcome)
		}
	}
	if n := requests.Load(); n > 0 {
		t.Errorf("the page has made %d calls", n)
	}

	const colours = `["body", "summary .good", "summary .failing"].map(s => getComputedStyle(document.querySelector(s)).color).concat(getComputedStyle(document.body).backgroundColor)`
	light := evaluate[[]string](t, b, colours)
	b.screenshot(t, "light.png")
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}}
	if _, err := chromedp.Call(b.window, emulation.SetEmulatedMedia, media); err != nil {
		t.Fatal(err)
	}
	dark := evaluate[[]string](t, b, colours)
	b.screenshot(t, "dark.png")
	for i := range light {
		if light[i] == dark[i] || slices.Contains(light[:i], light[i]) {
			t.Errorf("got the colours %q in light and %q in dark, want all to differ: is the style sheet allowed?", light, dark)
			break
		}
	}

	for _, want := range []bool{false, true} { // The workspace closes and opens.
		b.do(t, chromedp.Click(chromedp.CSS("details:nth-of-type(3) summary")))
		if open := evaluate[bool](t, b, `document.querySelector("details:nth-of-type(3)").open`); open != want {
			t.Errorf("after a click the workspace is open: %t, want %t", open, want)
		}
	}
	if complaints := b.complaints(); len(complaints) > 0 {
		t.Errorf("the browser complains: %q", complaints)
	}
	b.follow(t, "details:nth-of-type(3) a")
	if page := b.text(t, "body"); !strings.Contains(page, `livechat_department_abandoned_rooms{department_id="sales",window="24h"} 1`) {
		t.Errorf("the link leads to\n%s", page)
	}
}

// The page of 500 workspaces with long names fits on a screen and on a telephone.
func TestLandingPageOf500Workspaces(t *testing.T) {
	t.Parallel()
	url, _ := startWorkspace(t, http.StatusOK, "")
	workspaces := make(map[string]string)
	for i := range 500 {
		workspaces[fmt.Sprintf("a-workspace-with-quite-a-long-name-%03d", i)] = url
	}
	address, _ := startExporter(t, workspaces)
	b := startBrowser(t)
	for _, width := range []int64{1280, 360} {
		b.do(t, chromedp.EmulateViewport(width, 900), chromedp.Navigate("http://"+address+"/"))
		if n := evaluate[int](t, b, `document.querySelectorAll("summary").length`); n != 500 {
			t.Errorf("got %d workspaces", n)
		}
		if got := evaluate[int64](t, b, "document.documentElement.scrollWidth"); got > width {
			t.Errorf("the page is %d pixels wide in a window of %d", got, width)
		}
		b.screenshot(t, fmt.Sprintf("%d.png", width))
	}
	if complaints := b.complaints(); len(complaints) > 0 {
		t.Errorf("the browser complains: %q", complaints)
	}
}

// A page of another origin, opened by somebody who has access to the exporter, can
// neither reload it nor show it in a frame.
func TestAnotherOrigin(t *testing.T) {
	t.Parallel()
	url, _ := startWorkspace(t, http.StatusOK, "")
	address, log := startExporter(t, map[string]string{"main": url}, "--web.enable-lifecycle")
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<!doctype html><form method="post" action="http://`+address+`/-/reload"><button>Win</button></form>
<iframe src="http://`+address+`/config"></iframe>`)
	}))
	t.Cleanup(other.Close)
	b := startBrowser(t)
	b.do(t, chromedp.Navigate(other.URL))
	if complaints := strings.Join(b.complaints(), "\n"); !strings.Contains(complaints, "frame") {
		t.Errorf("the browser does not refuse the frame: %q", complaints)
	}
	b.follow(t, "button")
	if text := b.text(t, "body"); !strings.Contains(text, "origin") {
		t.Errorf("the answer to the reload is\n%s", text)
	}
	if strings.Contains(log(), "Reloaded") {
		t.Errorf("the exporter was reloaded:\n%s", log())
	}
}
