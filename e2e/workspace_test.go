package e2e

import (
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// workspace is a simulated workspace on a socket of its own.
type workspace struct {
	*rocketchattest.Workspace
	*site
}

// startWorkspace starts a workspace with no limit on calls: an account with the
// permission to go without one, so that tests can scrape as often as they like.
func startWorkspace(t *testing.T, profile rocketchattest.Profile) *workspace {
	t.Helper()
	w := rocketchattest.New(profile)
	w.Configure(func(s *rocketchattest.Settings) {
		s.Permissions = append(s.Permissions, rocketchattest.BypassRateLimit)
	})
	return &workspace{Workspace: w, site: startSite(t, w)}
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
