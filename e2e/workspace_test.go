package e2e

import (
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// workspace is a simulated workspace on a socket, which can be taken down and
// brought up again at the same address.
type workspace struct {
	*rocketchattest.Workspace

	address string
	server  *http.Server
	served  chan struct{}
}

// startWorkspace starts a workspace with no limit on calls: an account with the
// permission to go without one, so that tests can scrape as often as they like.
func startWorkspace(t *testing.T, profile rocketchattest.Profile) *workspace {
	t.Helper()
	w := &workspace{Workspace: rocketchattest.New(profile), address: "127.0.0.1:0"}
	w.Configure(func(s *rocketchattest.Settings) {
		s.Permissions = append(s.Permissions, rocketchattest.BypassRateLimit)
	})
	w.up(t)
	t.Cleanup(func() { w.down(t) })
	return w
}

// url is the workspace's address as a configuration has it.
func (w *workspace) url() string {
	return "http://" + w.address + "/"
}

func (w *workspace) up(t *testing.T) {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", w.address)
	if err != nil {
		t.Fatalf("workspace: %v", err)
	}
	w.address = listener.Addr().String()
	w.server = &http.Server{Handler: w, ReadHeaderTimeout: patience}
	w.served = make(chan struct{})
	go func() {
		defer close(w.served)
		if err := w.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("workspace: %v", err)
		}
	}()
}

// down closes the socket and every connection, as a server does that dies.
func (w *workspace) down(t *testing.T) {
	t.Helper()
	if err := w.server.Close(); err != nil {
		t.Errorf("workspace: %v", err)
	}
	<-w.served
}

// abandonedRooms is what the rooms say for a period, by the value of the label
// department_id.
func (w *workspace) abandonedRooms(start, end time.Time) map[string]int {
	rooms := w.AbandonedRooms(start, end)
	if n, ok := rooms[""]; ok {
		delete(rooms, "")
		rooms["none"] = n
	}
	return rooms
}
