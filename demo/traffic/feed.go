package traffic

import (
	"context"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

const (
	// History is how far back the chats go: all windows of a month are full.
	History = 35 * 24 * time.Hour
	// ahead is how far the chats are generated beyond now. The workspace holds
	// back what has not happened yet.
	ahead = 2 * slot
)

// Feed keeps a workspace in traffic.
type Feed struct {
	workspace *rocketchattest.Workspace
	traffic   Generator
	until     time.Time // what begins from then on is not generated yet
}

// NewFeed fills a workspace with the departments and the History up to now.
func NewFeed(w *rocketchattest.Workspace, t Generator, now time.Time) *Feed {
	for i := range t.Departments {
		if d := t.Departments[i].Department; d.ID != "" {
			w.AddDepartments(d)
		}
	}
	f := &Feed{workspace: w, traffic: t, until: now.Add(-History)}
	f.extend(now)
	return f
}

// extend generates what is missing up to a little after now: also after the machine
// has slept. The agents are those of now.
func (f *Feed) extend(now time.Time) {
	to := now.Add(ahead)
	f.workspace.AddRooms(f.traffic.Rooms(f.until, to)...)
	f.workspace.SetAgents(f.traffic.Agents(now)...)
	f.until = to
}

// Run extends the traffic until the context ends.
func (f *Feed) Run(ctx context.Context) {
	ticker := time.NewTicker(slot / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			f.extend(time.Now())
		}
	}
}
