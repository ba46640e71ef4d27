package main

import (
	"context"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

const (
	// history is how far back the chats go: all windows of a month are full.
	history = 35 * 24 * time.Hour
	// ahead is how far the chats are generated beyond now. The workspace holds
	// back what has not happened yet.
	ahead = 2 * slot
)

// feed keeps a workspace in traffic.
type feed struct {
	workspace *rocketchattest.Workspace
	traffic   traffic
	until     time.Time // what begins from then on is not generated yet
}

// newFeed fills a workspace with the departments and the history up to now.
func newFeed(w *rocketchattest.Workspace, t traffic, now time.Time) *feed {
	for i := range t.departments {
		if d := t.departments[i].Department; d.ID != "" {
			w.AddDepartments(d)
		}
	}
	f := &feed{workspace: w, traffic: t, until: now.Add(-history)}
	f.extend(now)
	return f
}

// extend generates what is missing up to a little after now: also after the machine
// has slept.
func (f *feed) extend(now time.Time) {
	to := now.Add(ahead)
	f.workspace.AddRooms(f.traffic.rooms(f.until, to)...)
	f.until = to
}

// run extends the traffic until the context ends.
func (f *feed) run(ctx context.Context) {
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
