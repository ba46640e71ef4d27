package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// The end of the program waits for a reload that is being made, which changes the same
// workspaces: a session that it begins would be left behind.
func TestAReloadInTheMakingEndsBeforeTheProgram(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Latest)
	ended := make(chan struct{}, 10)
	chat := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/logout") {
			_, _ = io.Copy(io.Discard, r.Body) // Or it does not notice who hangs up.
			ended <- struct{}{}
			<-r.Context().Done()
			return
		}
		ws.ServeHTTP(w, r)
	}))
	defer chat.Close()
	file := filepath.Join(t.TempDir(), "config.yml")
	configure := func(username string) {
		t.Helper()
		text := fmt.Sprintf("workspaces: {main: {url: %q, username: %q, password: %q}}\nwindows: [today]\n", chat.URL, username, rocketchattest.Password)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	configure(rocketchattest.Username)
	p := start(t, environment(), "--config.file="+file)
	if status, page := p.get(t, "/metrics"); status != http.StatusOK || !strings.Contains(page, "livechat_up 1") {
		t.Fatalf("status %d: %s", status, page)
	}
	configure("another")
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	<-ended // The reload is in the middle: it logs the account out.
	p.stopped(t)
	if log := p.stderr.String(); !strings.Contains(log, "Reloaded the configuration") {
		t.Errorf("the program has ended in the middle of a reload:\n%s", log)
	}
}
