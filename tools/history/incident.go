package main

import (
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// incident is a department that loses visitors for a while.
type incident struct {
	department string
	// ago is how long before the end of the history the first chats were counted.
	ago time.Duration
	// lasts is how long it went on.
	lasts time.Duration
	chats int
}

var (
	// present is the incident that a shift lead should see.
	present = incident{department: "QxD5rFa9ZoWi2LtJb", ago: 40 * time.Minute, lasts: 40 * time.Minute, chats: 27}
	// earlier is one that is over.
	earlier = incident{department: "bE9uXw4TjCfSz6NdK", ago: 19 * time.Hour, lasts: 45 * time.Minute, chats: 19}
)

// rooms are the chats that were lost.
func (i incident) rooms(now time.Time) []rocketchattest.Room {
	list := make([]rocketchattest.Room, i.chats)
	for n := range list {
		closed := now.Add(-i.ago + i.lasts*time.Duration(n)/time.Duration(i.chats))
		list[n] = rocketchattest.Room{
			DepartmentID: i.department, OpenedAt: closed.Add(-75 * time.Minute), ClosedAt: closed,
			Answered: true, VisitorInactivity: new(62 * time.Minute),
		}
	}
	return list
}
