package exporter

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/internal/rocketchat/rocketchattest"
	"livechat_exporter/internal/server"
)

// running is an exporter with its configuration file.
type running struct {
	*Exporter

	file string
	log  *lockedBuffer
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func start(t *testing.T, config string) *running {
	t.Helper()
	r := &running{file: filepath.Join(t.TempDir(), "config.yml"), log: new(lockedBuffer)}
	r.write(t, config)
	logger := log.NewLogfmtLogger(r.log)
	var err error
	r.Exporter, err = New(t.Context(), Options{
		ConfigFile: r.file, LookupEnv: func(string) (string, bool) { return "", false }, UserAgent: "livechat_exporter/test",
		EnableReload: true, Now: time.Now, Logger: logger,
		Server: server.Options{
			Exporter: prometheus.NewRegistry(), MetricsPath: "/metrics", TimeoutOffset: time.Second / 2, Now: time.Now, Logger: logger,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *running) write(t *testing.T, config string) {
	t.Helper()
	if err := os.WriteFile(r.file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

// reload reloads a new file and wants it to succeed.
func (r *running) reload(t *testing.T, config string) {
	t.Helper()
	r.write(t, config)
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (r *running) get(t *testing.T, path string) string {
	t.Helper()
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// want fails if a line is missing on the page.
func want(t *testing.T, page string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains("\n"+page, "\n"+line+"\n") {
			t.Errorf("no %q in\n%s", line, page)
		}
	}
}

// chat serves a workspace with one abandoned room.
func chat(t *testing.T) (ws *rocketchattest.Workspace, url string) {
	t.Helper()
	ws = rocketchattest.New(rocketchattest.Latest)
	ws.AddRooms(rocketchattest.Room{
		DepartmentID: "sales", OpenedAt: time.Now().Add(-3 * time.Hour), ClosedAt: time.Now().Add(-time.Minute), VisitorInactivity: new(2 * time.Hour),
	})
	s := httptest.NewServer(ws)
	t.Cleanup(s.Close)
	return ws, s.URL
}

// workspace is the configuration of one with a token.
func workspaceWithToken(name, url string) string {
	return fmt.Sprintf("  %s: {url: %q, user_id: %s, auth_token: %s}\n", name, url, rocketchattest.UserID, rocketchattest.AuthToken)
}

func calls(ws *rocketchattest.Workspace, path string) int {
	n := 0
	for _, r := range ws.Requests() {
		if strings.HasSuffix(r.Path, path) {
			n++
		}
	}
	return n
}

const room = `livechat_department_abandoned_rooms{department_id="sales",window="6h"} 1`

func TestReload(t *testing.T) {
	ws, url := chat(t)
	r := start(t, "workspaces:\n"+workspaceWithToken("main", url))
	defer r.Close(t.Context())
	want(t, r.get(t, "/metrics"), room, "livechat_exporter_config_last_reload_successful 1")
	asked := calls(ws, "total-abandoned-chats")

	r.write(t, "workspaces: {}")
	if err := r.Reload(t.Context()); err == nil {
		t.Error("a file without workspaces was loaded")
	}
	if !strings.Contains(r.log.String(), "the old configuration is still running") {
		t.Errorf("got log %s", r.log)
	}

	// The same account and windows: answers stay, and the budget is not reset.
	ws.Inject(nil, rocketchattest.BadGateway())
	r.reload(t, "max_age: 4m\nworkspaces:\n"+workspaceWithToken("main", url))
	page := r.get(t, "/metrics")
	want(t, page, room, "livechat_exporter_config_last_reload_successful 1",
		fmt.Sprintf(`livechat_api_requests_total{outcome="ok",route="total-abandoned-chats"} %d`, asked))

	// Another name is another workspace, without answers.
	r.reload(t, "workspaces:\n"+workspaceWithToken("other", url))
	if page := r.get(t, "/probe?target=other"); strings.Contains(page, room) {
		t.Error("a workspace of another name has the answers of the old one")
	}
	if page := r.get(t, "/probe?target=main"); !strings.Contains(page, "no workspace of that name") {
		t.Errorf("the old workspace is still served: %s", page)
	}
}

func TestUnchangedWorkspacesRunOn(t *testing.T) {
	_, url := chat(t)
	r := start(t, "workspaces:\n"+workspaceWithToken("main", url))
	defer r.Close(t.Context())
	before := r.workspaces["main"].collector
	r.reload(t, "workspaces:\n"+workspaceWithToken("main", url)+workspaceWithToken("second", "http://127.0.0.1:1"))
	if r.workspaces["main"].collector != before {
		t.Error("an unchanged workspace was replaced")
	}
	if page := r.get(t, "/metrics"); strings.Contains(page, "livechat_up") {
		t.Error("with two workspaces the page of the exporter has a workspace's metrics")
	}
}

func TestSessionsOutliveReloadsAndEndWithTheWorkspace(t *testing.T) {
	ws, url := chat(t)
	account := func(timeout, user string) string {
		return fmt.Sprintf("windows: [6h]\ncounter: false\nrooms: false\ntimeout: %s\nworkspaces:\n  main: {url: %q, username: %s, password: %q}\n", timeout, url, user, rocketchattest.Password)
	}
	r := start(t, account("30s", rocketchattest.Username))
	want(t, r.get(t, "/metrics"), room)
	r.reload(t, account("20s", rocketchattest.Username))
	want(t, r.get(t, "/metrics"), room)
	if logins, logouts := calls(ws, "/login"), calls(ws, "/logout"); logins != 1 || logouts != 0 {
		t.Errorf("after a reload: %d logins and %d logouts, want 1 and 0", logins, logouts)
	}
	r.reload(t, account("20s", "somebody"))
	if logouts := calls(ws, "/logout"); logouts != 1 {
		t.Errorf("the account that is gone: %d logouts, want 1", logouts)
	}
	r.reload(t, account("20s", rocketchattest.Username))
	want(t, r.get(t, "/metrics"), `livechat_refresh_success{resource="abandoned_rooms",window="6h"} 1`)
	r.Close(t.Context())
	if logins, logouts := calls(ws, "/login"), calls(ws, "/logout"); logins != 2 || logouts != 2 {
		t.Errorf("at the end: %d logins and %d logouts, want 2 and 2", logins, logouts)
	}
}

// A ca_file that is replaced is read at a reload, though the configuration is the same.
func TestReloadReadsTheAuthorityAnew(t *testing.T) {
	secure := httptest.NewTLSServer(rocketchattest.New(rocketchattest.Latest))
	t.Cleanup(secure.Close)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	another, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{}, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	trust := func(certificate []byte) {
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	trust(another)
	configured := "http_client: {tls_config: {ca_file: " + file + "}}"
	config := "workspaces:\n" + strings.Replace(workspaceWithToken("main", secure.URL), "}", ", "+configured+"}", 1)
	r := start(t, config)
	defer r.Close(t.Context())
	want(t, r.get(t, "/probe?target=main"), "livechat_up 0")
	trust(secure.Certificate().Raw)
	r.reload(t, config)
	want(t, r.get(t, "/probe?target=main"), "livechat_up 1")
}

func TestReloadsRunOneAfterTheOther(t *testing.T) {
	_, url := chat(t)
	r := start(t, "workspaces:\n"+workspaceWithToken("main", url))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := r.Reload(t.Context()); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() { r.get(t, "/metrics") })
	}
	all.Wait()
	r.Close(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Reload(ctx); err == nil {
		t.Error("a reload began after the end")
	}
}

func TestWrongStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(file, []byte("workspaces:\n"+workspaceWithToken("main", "http://127.0.0.1:1")), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ file, path, want string }{
		"no file":  {file: file + "x", path: "/metrics", want: "config.ymlx"},
		"bad path": {file: file, path: "metrics", want: "path"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(t.Context(), Options{
				ConfigFile: tt.file, Now: time.Now, Logger: log.NewNopLogger(), LookupEnv: os.LookupEnv,
				Server: server.Options{Exporter: prometheus.NewRegistry(), MetricsPath: tt.path, Now: time.Now, Logger: log.NewNopLogger()},
			})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
