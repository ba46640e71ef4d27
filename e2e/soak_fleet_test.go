package e2e

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

const (
	fleetSize  = 200
	fleetSites = 5
	// fleetTimeout is how long a call to a workspace that hangs lasts.
	fleetTimeout = 3 * time.Second
	// sharedDepartment is in every workspace, with another number in each.
	sharedDepartment = "sales"
)

// fleet are many workspaces at a few sites, each with a token, departments and numbers
// that no other has.
type fleet struct {
	members  []*member
	sites    []*site
	random   *rand.Rand
	faults   []rocketchattest.Fault
	siteDown bool // The first one.
}

// member is one workspace of a fleet.
type member struct {
	*rocketchattest.Workspace

	name, url, tokenFile string
	spared               bool // It never fails.
	abandoned, rooms     map[string]float64
	live                 values    // The numbers of the workspace as a whole.
	closedAt             time.Time // Of all chats that are closed.
	fault                atomic.Pointer[rocketchattest.Fault]
}

// startFleet starts the workspaces. Redirects lead to another host.
func startFleet(t *testing.T, another string) *fleet {
	t.Helper()
	f := &fleet{random: rand.New(rand.NewPCG(6, 1))}
	bad := badInputs(another)
	delete(bad, "429") // Stops all workspaces of an address, as it should.
	for _, name := range []string{"a number as text", "duplicate ids", "negative counts"} {
		delete(bad, name) // Valid lists of departments, with a department "a".
	}
	for _, name := range slices.Sorted(maps.Keys(bad)) {
		f.faults = append(f.faults, bad[name].fault)
	}
	f.faults = append(f.faults, rocketchattest.Slow(fleetTimeout/2), rocketchattest.Slow(2*fleetTimeout), rocketchattest.ServiceUnavailable())
	muxes := make([]*http.ServeMux, fleetSites)
	for i := range muxes {
		muxes[i] = http.NewServeMux()
		f.sites = append(f.sites, startSite(t, muxes[i]))
	}
	for i := range fleetSize {
		m := newMember(t, i)
		at := i % fleetSites
		m.url, m.spared = f.sites[at].url()+m.name, i%3 == 0 && at > 0
		muxes[at].Handle("/"+m.name+"/", http.StripPrefix("/"+m.name, m))
		f.members = append(f.members, m)
	}
	return f
}

// newMember makes a workspace with chats of half a day ago, which both windows have. The
// members take turns in the profiles.
func newMember(t *testing.T, number int) *member {
	t.Helper()
	m := &member{Workspace: rocketchattest.New(profiles[number%len(profiles)]), name: fmt.Sprintf("ws%03d", number), closedAt: time.Now().Add(-10 * time.Hour)}
	token := fmt.Sprintf("%s-of-%s", rocketchattest.AuthToken, m.name)
	m.tokenFile = writeFile(t, "token", token+"\n")
	m.Configure(func(s *rocketchattest.Settings) {
		s.AuthToken, s.RequestLog, s.BypassLast = token, 0, true
		s.Permissions = append(s.Permissions, rocketchattest.BypassRateLimit)
	})
	m.AddDepartments(
		rocketchattest.Department{ID: m.name, Name: "Own of " + m.name, Agents: 1 + number},
		rocketchattest.Department{ID: sharedDepartment, Name: "Sales of " + m.name, Agents: 2 + number})
	m.abandoned = map[string]float64{m.name: float64(1 + number%7), sharedDepartment: float64(1 + number), "none": float64(number % 4)}
	m.rooms = maps.Clone(m.abandoned)
	for department, n := range m.abandoned {
		for i := range int(n) {
			m.addChats(strings.TrimPrefix(department, "none"), 1, new(90*time.Minute), rocketchattest.Without(i%3))
		}
	}
	notAbandoned := 1 + number%5
	m.addChats(m.name, notAbandoned, nil, rocketchattest.Missing)
	m.rooms[m.name] += float64(notAbandoned)
	m.addLive(number)
	m.Inject(nil, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if fault := m.fault.Load(); fault != nil {
			(*fault)(rw, r, next)
			return
		}
		if number%7 == 0 {
			rocketchattest.OddFields()(rw, r, next)
			return
		}
		next.ServeHTTP(rw, r)
	})
	return m
}

// addLive adds chats in the queue, which no window has because they were opened long ago,
// and agents.
func (m *member) addLive(number int) {
	waiting, available := 1+number%6, 1+number%9
	m.AddRooms(slices.Repeat([]rocketchattest.Room{{OpenedAt: m.closedAt.Add(-30 * 24 * time.Hour), Queued: 60 * 24 * time.Hour}}, waiting)...)
	m.SetAgents(slices.Repeat([]rocketchattest.Agent{{Presence: rocketchattest.Online, Accepts: true}}, available)...)
	m.live = values{"livechat_chats_waiting": float64(waiting)}
	for status, n := range map[string]int{"available": available, "away": 0, "busy": 0, "offline": 0} {
		m.live[series("livechat_agents", "status", status)] = float64(n)
	}
}

// renewToken gives the account another token, because one that was refused is not sent again
// for a minute.
func (m *member) renewToken(t *testing.T) {
	t.Helper()
	token := m.Settings().AuthToken + "x"
	m.Configure(func(s *rocketchattest.Settings) { s.AuthToken = token })
	if err := os.WriteFile(m.tokenFile, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (m *member) addChats(department string, n int, inactivity *time.Duration, without rocketchattest.Without) {
	m.AddRooms(slices.Repeat([]rocketchattest.Room{{
		DepartmentID: department, Without: without, Answered: true, VisitorInactivity: inactivity,
		OpenedAt: m.closedAt.Add(-2 * time.Hour), ClosedAt: m.closedAt,
	}}, n)...)
}

// config is the configuration of a generation: with each one, other workspaces have more
// windows.
func (f *fleet) config(generation int) map[string]any {
	workspaces := make(map[string]any)
	for i, m := range f.members {
		settings := map[string]any{"url": m.url, "user_id": rocketchattest.UserID, "auth_token_file": m.tokenFile}
		if i%10 == generation%10 {
			settings["windows"] = []string{"2d", "24h", "7d"}
		}
		workspaces[m.name] = settings
	}
	return map[string]any{
		"workspaces": workspaces, "windows": []string{"24h", "7d"},
		"rate_limit": map[string]any{"calls": 0}, "timeout": fleetTimeout.String(),
	}
}

// changeFaults gives one in eight of the workspaces another fault or none, and now and
// then takes the first site down until the next change.
func (f *fleet) changeFaults(t *testing.T) {
	t.Helper()
	for _, m := range f.members {
		if m.spared || f.random.IntN(8) > 0 {
			continue
		}
		m.fault.Store(nil)
		if f.random.IntN(2) == 0 {
			m.fault.Store(&f.faults[f.random.IntN(len(f.faults))])
		}
	}
	switch {
	case f.siteDown:
		f.sites[0].up(t)
		f.siteDown = false
	case f.random.IntN(5) == 0:
		f.sites[0].down(t)
		f.siteDown = true
	}
}

// endFaults ends all faults, and every connection between exporter and workspaces.
func (f *fleet) endFaults(t *testing.T) {
	t.Helper()
	for _, m := range f.members {
		m.fault.Store(nil)
		m.renewToken(t)
	}
	for i, s := range f.sites {
		if i > 0 || !f.siteDown {
			s.down(t)
		}
		s.up(t)
	}
	f.siteDown = false
}

// callMetrics are the lines of a page about calls. To parse them would take longer than
// all else in the test.
var callMetrics = regexp.MustCompile(`(?m)^(# (HELP|TYPE) )?livechat_api_.*\n`)

// checkOwn returns what on a page does not belong to the workspace.
func (m *member) checkOwn(page values) error {
	counted := m.abandoned
	if month, ok := page["livechat_abandonments_period_start_timestamp_seconds"]; ok && m.closedAt.Before(timeOf(month)) {
		counted = map[string]float64{m.name: 0, sharedDepartment: 0, "none": 0} // Closed in the month before.
	}
	var wrong []error
	for metric, want := range map[string]map[string]float64{
		"livechat_department_abandoned_rooms": m.abandoned, "livechat_department_rooms": m.rooms, "livechat_department_abandonments_total": counted,
	} {
		for s, got := range page.metric(metric) {
			if number, known := want[labelOf(s, "department_id")]; !known || got != number {
				wrong = append(wrong, fmt.Errorf("%s is %v, want %v; own department: %t", s, got, number, known))
			}
		}
	}
	for _, metric := range []string{"livechat_chats_waiting", "livechat_agents"} {
		// Faults hold answers without numbers, which are valid for a workspace without agents.
		if d := diff(page.metric(metric), m.live.metric(metric)); m.spared && len(page.metric(metric)) > 0 && d != "" {
			wrong = append(wrong, errors.New(d))
		}
	}
	for s, n := range page.metric("livechat_department_rooms_awaiting_reply") {
		if n != 0 {
			wrong = append(wrong, fmt.Errorf("%s is %v, and all chats are answered", s, n))
		}
	}
	names := map[string]string{m.name: "Own of " + m.name, sharedDepartment: "Sales of " + m.name, "none": "(no department)"}
	for s := range page.metric("livechat_department_info") {
		id := labelOf(s, "department_id")
		if name := labelOf(s, "department"); name != names[id] && name != id { // Without the list the id is the name.
			wrong = append(wrong, fmt.Errorf("%s, want the name %q", s, names[id]))
		}
	}
	return errors.Join(wrong...)
}

// checkComplete returns what is missing on the page of a workspace that answers.
func (m *member) checkComplete(page values) error {
	want := values{
		"livechat_up": 1,
		series("livechat_department_info", "department_id", sharedDepartment, "department", "Sales of "+m.name): 1,
	}
	for department := range m.abandoned {
		for _, window := range []string{"24h", "7d"} {
			want[abandoned(department, window)] = m.abandoned[department]
			want[series("livechat_department_rooms", "department_id", department, "window", window)] = m.rooms[department]
			want[series("livechat_department_rooms_awaiting_reply", "department_id", department, "window", window)] = 0
		}
	}
	maps.Copy(want, m.live)
	var wrong []error
	for s, number := range want {
		if got, ok := page[s]; !ok || got != number {
			wrong = append(wrong, fmt.Errorf("%s: got %v, exists: %t, want %v", s, got, ok, number))
		}
	}
	if counters := len(page.metric("livechat_department_abandonments_total")); counters != len(m.abandoned) {
		wrong = append(wrong, fmt.Errorf("got %d counters, want %d", counters, len(m.abandoned)))
	}
	return errors.Join(wrong...)
}
