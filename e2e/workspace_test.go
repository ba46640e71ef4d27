package e2e

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// workspace is a simulated workspace on a socket of its own.
type workspace struct {
	*rocketchattest.Workspace
	*site
}

// startWorkspace starts a workspace whose account has no rate limit, so that tests can
// scrape as often as they like.
func startWorkspace(t *testing.T, profile rocketchattest.Profile, rooms ...rocketchattest.Room) *workspace {
	t.Helper()
	w := rocketchattest.New(profile)
	w.AddRooms(rooms...)
	w.Configure(func(s *rocketchattest.Settings) {
		s.Permissions = append(s.Permissions, rocketchattest.BypassRateLimit)
	})
	return &workspace{Workspace: w, site: startSite(t, w)}
}

// limitRate takes the permission to go without a rate limit from the account.
func (w *workspace) limitRate(limit rocketchattest.RateLimit) {
	w.Configure(func(s *rocketchattest.Settings) {
		s.RateLimit = limit
		s.Permissions = slices.DeleteFunc(s.Permissions, func(p string) bool { return p == rocketchattest.BypassRateLimit })
	})
}

// abandonedRooms counts the rooms of a period by the label department_id.
func (w *workspace) abandonedRooms(p period) map[string]int {
	rooms := w.AbandonedRooms(p.start, p.end)
	if n, ok := rooms[""]; ok {
		delete(rooms, "")
		rooms["none"] = n
	}
	return rooms
}

// site is a handler on a socket, which can be taken down and brought up again at the
// same address.
type site struct {
	handler http.Handler
	address string
	server  *http.Server
	served  chan struct{}
}

func startSite(t *testing.T, handler http.Handler) *site {
	t.Helper()
	s := &site{handler: handler, address: "127.0.0.1:0"}
	s.up(t)
	t.Cleanup(func() { s.down(t) })
	return s
}

func (s *site) url() string { return "http://" + s.address + "/" }

func (s *site) up(t *testing.T) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", s.address)
	if err != nil {
		t.Fatalf("site: %v", err)
	}
	s.address = listener.Addr().String()
	s.server = &http.Server{Handler: s.handler, ReadHeaderTimeout: patience}
	s.served = make(chan struct{})
	go func() {
		defer close(s.served)
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("site: %v", err)
		}
	}()
}

// down closes the socket and every connection, like a server that crashes.
func (s *site) down(t *testing.T) {
	t.Helper()
	if err := s.server.Close(); err != nil {
		t.Errorf("site: %v", err)
	}
	<-s.served
}

// abandonedRoomsOnly are the configuration keys to request nothing but abandoned rooms,
// at every scrape.
const abandonedRoomsOnly = "rooms: false\ncounter: false\nlive: false\ndepartments: false\n" + noLimit

const noLimit = "rate_limit: {calls: 0}\n"

// config is a configuration that requests only the abandoned rooms of a workspace.
func config(t *testing.T, w *workspace, windows ...string) string {
	t.Helper()
	return configWithToken(t, w, rocketchattest.AuthToken, windows...)
}

// fullConfig is config with all resources.
func fullConfig(t *testing.T, w *workspace, windows ...string) string {
	t.Helper()
	return strings.Replace(config(t, w, windows...), abandonedRoomsOnly, noLimit, 1)
}

func configWithToken(t *testing.T, w *workspace, token string, windows ...string) string {
	t.Helper()
	return fmt.Sprintf(`workspaces:
  main:
    url: %s
    user_id: %s
    auth_token_file: %s
windows: [%s]
`+abandonedRoomsOnly, w.url(), rocketchattest.UserID, writeFile(t, "token", token+"\n"), strings.Join(windows, ", "))
}

// configOfAll is a configuration of several workspaces by name.
func configOfAll(t *testing.T, all map[string]*workspace) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("windows: [24h]\n" + noLimit + "workspaces:\n")
	token := writeFile(t, "token", rocketchattest.AuthToken+"\n")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "  %s: {url: %q, user_id: %s, auth_token_file: %s}\n", name, all[name].url(), rocketchattest.UserID, token)
	}
	return b.String()
}

// abandonedChats are n chats of a department that were abandoned some hours ago.
func abandonedChats(department string, n int) []rocketchattest.Room {
	return slices.Repeat([]rocketchattest.Room{{
		DepartmentID: department, Answered: true, VisitorInactivity: new(time.Hour),
		OpenedAt: time.Now().Add(-5 * time.Hour), ClosedAt: time.Now().Add(-2 * time.Hour),
	}}, n)
}

// history are chats of the last nine days: in departments and in none, short and long,
// open and closed, and some abandoned or not by just a second. Equal seeds give equal
// chats.
func history(seed uint64, now time.Time, departments []string) []rocketchattest.Room {
	random := rand.New(rand.NewPCG(seed, seed))
	duration := func(limit time.Duration) time.Duration { return time.Duration(random.Int64N(int64(limit)) + 1) }
	rooms := make([]rocketchattest.Room, 3000)
	for i := range rooms {
		r := &rooms[i]
		if d := random.IntN(len(departments) + 1); d > 0 {
			r.DepartmentID = departments[d-1]
		}
		r.OpenedAt = now.Add(-duration(9 * 24 * time.Hour))
		if random.IntN(20) == 0 {
			continue // Still open.
		}
		length := duration(20 * time.Hour)
		r.ClosedAt = r.OpenedAt.Add(length)
		switch random.IntN(4) {
		case 0: // Closed by the visitor, or the visitor wrote last.
		case 1:
			r.VisitorInactivity = new(min(length, time.Hour-time.Second))
		case 2:
			r.VisitorInactivity = new(min(length, time.Hour))
		default:
			r.VisitorInactivity = new(duration(length))
		}
	}
	return rooms
}

// departmentIDs makes up ids of both forms that servers have.
func departmentIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		if i%2 == 0 {
			ids[i] = fmt.Sprintf("dEpartment%07d", i)
		} else {
			ids[i] = fmt.Sprintf("%024x", i)
		}
	}
	return ids
}
