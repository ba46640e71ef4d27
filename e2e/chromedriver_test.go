//go:build browser

package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// browser is a window of Chromium, told what to do by the WebDriver protocol:
// https://www.w3.org/TR/webdriver2/.
type browser struct {
	session string // The address of it.
}

// startBrowser opens a window of a browser that has never been used before.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	program := func(name string) string {
		file, err := exec.LookPath(name)
		if err != nil {
			t.Fatalf("%s is not here: install Debian's packages chromium and chromium-driver, or what your system calls them (%v)", name, err)
		}
		return file
	}
	driver := startIn(t, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, program("chromedriver"), "--port=0")
	started := regexp.MustCompile(`was started successfully on port (\d+)`)
	var address string
	eventually(t, "the address of chromedriver", func() error {
		match := started.FindStringSubmatch(driver.stdout.String())
		if match == nil {
			return fmt.Errorf("it says %q", driver.stdout.String())
		}
		address = "http://127.0.0.1:" + match[1]
		return nil
	})

	args := []string{
		"--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir=" + t.TempDir(),
	}
	if os.Getuid() == 0 { // As in many containers, where its sandbox cannot be made.
		args = append(args, "--no-sandbox")
	}
	b := &browser{session: address}
	t.Cleanup(func() { // A signal it answers with death, not with an exit code.
		if status, _, err := get(context.WithoutCancel(t.Context()), http.DefaultClient, address+"/shutdown"); err != nil || status != http.StatusOK {
			t.Errorf("shut chromedriver down: status %d, error %v", status, err)
		}
		driver.wantExit(t, 0)
	})
	var session struct{ SessionID string }
	b.do(t, http.MethodPost, "/session", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"browserName":        "chrome",
		"goog:chromeOptions": map[string]any{"binary": program("chromium"), "args": args},
		"goog:loggingPrefs":  map[string]any{"browser": "ALL"},
	}}}, &session)
	b.session = address + "/session/" + session.SessionID
	t.Cleanup(func() {
		if t.Failed() {
			b.screenshot(t, "failed.png")
		}
		b.do(t, http.MethodDelete, "", nil, nil)
	})
	return b
}

// do sends a command and stores what it brings in value.
func (b *browser) do(t *testing.T, method, command string, parameters, value any) {
	t.Helper()
	body, err := json.Marshal(parameters)
	if err != nil {
		t.Fatal(err)
	}
	if method != http.MethodPost {
		body = nil
	}
	// The test's context has ended when the window is closed.
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, b.session+command, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, command, err)
	}
	defer resp.Body.Close()
	var answer struct{ Value json.RawMessage }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: status %d, error %v: %s", method, command, resp.StatusCode, err, answer.Value)
	}
	if value == nil {
		return
	}
	if err := json.Unmarshal(answer.Value, value); err != nil {
		t.Fatalf("%s %s: %v: %s", method, command, err, answer.Value)
	}
}

// open opens an address and waits until the page is there.
func (b *browser) open(t *testing.T, address string) {
	t.Helper()
	b.do(t, http.MethodPost, "/url", map[string]string{"url": address}, nil)
}

// follow clicks what a CSS selector selects, and waits for the page that this opens.
func (b *browser) follow(t *testing.T, selector, address string) {
	t.Helper()
	b.element(t, selector).click(t)
	eventually(t, "the page "+address, func() error {
		var current string
		b.do(t, http.MethodGet, "/url", nil, &current)
		if current != address {
			return fmt.Errorf("%s is open", current)
		}
		return nil
	})
}

// resize gives the window a size.
func (b *browser) resize(t *testing.T, width, height int) {
	t.Helper()
	b.do(t, http.MethodPost, "/window/rect", map[string]int{"width": width, "height": height}, nil)
}

// devtools sends a command of Chromium's own protocol.
func (b *browser) devtools(t *testing.T, command string, parameters map[string]any) {
	t.Helper()
	b.do(t, http.MethodPost, "/goog/cdp/execute", map[string]any{"cmd": command, "params": parameters}, nil)
}

// elements finds what a CSS selector selects.
func (b *browser) elements(t *testing.T, selector string) (found []element) {
	t.Helper()
	var references []map[string]string
	b.do(t, http.MethodPost, "/elements", map[string]string{"using": "css selector", "value": selector}, &references)
	for _, reference := range references {
		for _, id := range reference { // There is one, under a key that the protocol fixes.
			found = append(found, element{b, id})
		}
	}
	return found
}

// element finds the one element that a CSS selector selects.
func (b *browser) element(t *testing.T, selector string) element {
	t.Helper()
	found := b.elements(t, selector)
	if len(found) != 1 {
		t.Fatalf("%s: got %d elements, want 1", selector, len(found))
	}
	return found[0]
}

// texts are the texts of elements as they can be seen.
func (b *browser) texts(t *testing.T, selector string) (list []string) {
	t.Helper()
	for _, e := range b.elements(t, selector) {
		list = append(list, e.text(t))
	}
	return list
}

// complaints are what the browser had to say of the pages since it was last asked.
func (b *browser) complaints(t *testing.T) (messages []string) {
	t.Helper()
	var entries []struct{ Message string }
	b.do(t, http.MethodPost, "/se/log", map[string]string{"type": "browser"}, &entries)
	for _, entry := range entries {
		messages = append(messages, entry.Message)
	}
	return messages
}

// screenshot keeps a picture of the window among the test's artifacts.
func (b *browser) screenshot(t *testing.T, name string) {
	t.Helper()
	var encoded string
	b.do(t, http.MethodGet, "/screenshot", nil, &encoded)
	picture, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), name), picture, 0o600); err != nil {
		t.Fatal(err)
	}
}

// element is a part of the page that is open.
type element struct {
	browser *browser
	id      string
}

// text is what can be seen of it.
func (e element) text(t *testing.T) (text string) {
	t.Helper()
	e.browser.do(t, http.MethodGet, "/element/"+e.id+"/text", nil, &text)
	return text
}

// click clicks it.
func (e element) click(t *testing.T) {
	t.Helper()
	e.browser.do(t, http.MethodPost, "/element/"+e.id+"/click", map[string]any{}, nil)
}

// style is the value that a property of its style has.
func (e element) style(t *testing.T, property string) (value string) {
	t.Helper()
	e.browser.do(t, http.MethodGet, "/element/"+e.id+"/css/"+property, nil, &value)
	return value
}

// width is how much of the page it takes, in CSS pixels.
func (e element) width(t *testing.T) float64 {
	t.Helper()
	var rectangle struct{ X, Width float64 }
	e.browser.do(t, http.MethodGet, "/element/"+e.id+"/rect", nil, &rectangle)
	return rectangle.X + rectangle.Width
}
