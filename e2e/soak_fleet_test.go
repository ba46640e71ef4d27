package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// fleet are many workspaces behind a few sockets, each with departments, numbers and a
// token that no other has.
type fleet struct {
	members []*member
	sites   []*site
}

// member is one workspace of a fleet. It is at one of the sites, under a path of its
// own.
type member struct {
	*rocketchattest.Workspace
	name      string
	site      *site
	tokenFile string
	// abandoned and rooms are what every window of the workspace has, by department.
	abandoned, rooms values
	closedAt         time.Time // When all of the chats were closed.

	mu    sync.Mutex
	fault rocketchattest.Fault // nil is fair weather.
	down  bool                 // Its site is.
	gone  bool                 // It need not be in the configuration.
	// fairSince is since when none of these stands between the exporter and the
	// workspace, zero while one does.
	fairSince time.Time
}

// shared is a department that each workspace has, with a number of its own.
const shared = "sales"

// startFleet starts so many workspaces at so many sites.
func startFleet(t *testing.T, workspaces, sites int) *fleet {
	t.Helper()
	f := &fleet{}
	muxes := make([]*http.ServeMux, sites)
	for i := range sites {
		muxes[i] = http.NewServeMux()
		f.sites = append(f.sites, startSite(t, muxes[i]))
	}
	for i := range workspaces {
		m := newMember(t, i)
		m.site = f.sites[i%sites]
		muxes[i%sites].Handle("/"+m.name+"/", http.StripPrefix("/"+m.name, m))
		f.members = append(f.members, m)
	}
	return f
}

// newMember makes a workspace that no other is like: half a day ago it had chats that
// every window of a day or more has.
func newMember(t *testing.T, number int) *member {
	t.Helper()
	m := &member{
		Workspace: rocketchattest.New(rocketchattest.Latest), name: fmt.Sprintf("ws%03d", number),
		closedAt: time.Now().Add(-10 * time.Hour), fairSince: time.Now(),
	}
	token := fmt.Sprintf("%s-of-%s", rocketchattest.AuthToken, m.name)
	m.tokenFile = writeFile(t, "token", token+"\n")
	m.Configure(func(s *rocketchattest.Settings) {
		s.AuthToken, s.RequestLog = token, 0
		s.Permissions = append(s.Permissions, rocketchattest.BypassRateLimit)
	})
	m.AddDepartments(
		rocketchattest.Department{ID: m.name, Name: "Own of " + m.name, Agents: 1 + number},
		rocketchattest.Department{ID: shared, Name: "Sales of " + m.name, Agents: 2 + number})
	m.abandoned = values{m.name: float64(1 + number%7), shared: float64(1 + number), "none": 0}
	m.rooms = maps.Clone(m.abandoned)
	for department, n := range m.abandoned {
		for range int(n) {
			m.AddRooms(m.chat(department, new(90*time.Minute)))
		}
	}
	for range 1 + number%5 {
		m.AddRooms(m.chat(m.name, nil)) // The visitor had the last word.
		m.rooms[m.name]++
	}
	m.Inject(nil, m.weather)
	return m
}

// chat is a chat of the workspace.
func (m *member) chat(department string, inactivity *time.Duration) rocketchattest.Room {
	return rocketchattest.Room{
		DepartmentID: department, Answered: true, VisitorInactivity: inactivity,
		OpenedAt: m.closedAt.Add(-2 * time.Hour), ClosedAt: m.closedAt,
	}
}

// weather is the fault that holds now.
func (m *member) weather(rw http.ResponseWriter, r *http.Request, next http.Handler) {
	m.mu.Lock()
	fault := m.fault
	m.mu.Unlock()
	if fault == nil {
		next.ServeHTTP(rw, r)
		return
	}
	fault(rw, r, next)
}

// change changes what stands between the exporter and the workspace.
func (m *member) change(do func(*member)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	do(m)
	switch fair := m.fault == nil && !m.down && !m.gone; {
	case !fair:
		m.fairSince = time.Time{}
	case m.fairSince.IsZero():
		m.fairSince = time.Now()
	}
}

// state is whether the workspace may be missing, and since when nothing stands before
// it.
func (m *member) state() (gone bool, fairSince time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.gone, m.fairSince
}

// visits reports whether the workspace leaves the configuration now and then.
func visits(number int) bool { return number%20 == 7 }

// config is the fleet's configuration of a generation: with each, some workspaces have
// other windows than before, and some leave or come.
func (f *fleet) config(generation int) map[string]any {
	workspaces := make(map[string]any, len(f.members))
	for i, m := range f.members {
		if visits(i) && generation%2 == 1 {
			continue
		}
		settings := map[string]any{
			"url": m.site.url() + m.name, "user_id": rocketchattest.UserID, "auth_token_file": m.tokenFile,
		}
		if i%10 == generation%10 {
			settings["windows"] = []string{"2d", "24h", "7d"}
		}
		workspaces[m.name] = settings
	}
	return map[string]any{
		"workspaces": workspaces, "windows": []string{"24h", "7d"},
		"rate_limit": map[string]any{"calls": 0}, "timeout": callTimeout.String(),
	}
}

// callTimeout is how long a call to a workspace that hangs lasts.
const callTimeout = 3 * time.Second

// reload gives the exporter the configuration of a generation. Every fourth time it
// gets a broken one first, which must change nothing.
func (f *fleet) reload(t *testing.T, e *exporter, generation int) {
	t.Helper()
	leave := generation%2 == 1
	if leave {
		f.visitors(func(m *member) { m.gone = true })
	}
	if generation%4 == 3 {
		e.configure(t, "workspaces: {ws000: {url: nowhere}}\n")
		if status, body := e.reload(t, http.MethodPost); status != http.StatusInternalServerError {
			t.Errorf("a broken configuration: got status %d and %s", status, body)
		}
	}
	e.configure(t, inJSON(t, f.config(generation)))
	if status, body := e.reload(t, http.MethodPost); status != http.StatusOK {
		t.Fatalf("reload: got status %d and %s", status, body)
	}
	if !leave {
		f.visitors(func(m *member) { m.gone = false })
	}
	var want []string
	for i, m := range f.members {
		if !visits(i) || !leave {
			want = append(want, m.name)
		}
	}
	got, err := discovered(t, e)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("/sd: got %d workspaces and error %v, want %d:\n%v", len(got), err, len(want), got)
	}
}

// visitors does something to the workspaces that leave now and then.
func (f *fleet) visitors(do func(*member)) {
	for i, m := range f.members {
		if visits(i) {
			m.change(do)
		}
	}
}

// take takes a site down, or brings it up again.
func (f *fleet) take(t *testing.T, s *site, down bool) {
	t.Helper()
	if !down {
		s.up(t)
	}
	for _, m := range f.members {
		if m.site == s {
			m.change(func(m *member) { m.down = down })
		}
	}
	if down {
		s.down(t)
	}
}
