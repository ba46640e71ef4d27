package main

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"livechat_exporter/demo/traffic"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// ledger counts the rooms of one department.
type ledger struct {
	rooms     []rocketchattest.Room // in the order in which they were opened
	waiting   []rocketchattest.Room // those that no agent answers, in the same order
	abandoned []rocketchattest.Room
}

// none is the id of the rooms without a department.
const none = "none"

// ledgers sorts rooms by department.
func ledgers(rooms []rocketchattest.Room) map[string]*ledger {
	byID := make(map[string]*ledger)
	for i := range rooms {
		r := rooms[i]
		id := cmp.Or(r.DepartmentID, none)
		if byID[id] == nil {
			byID[id] = &ledger{}
		}
		l := byID[id]
		l.rooms = append(l.rooms, r)
		if !r.Answered {
			l.waiting = append(l.waiting, r)
		}
		if r.VisitorInactivity != nil && *r.VisitorInactivity >= traffic.InactivityTimeout {
			l.abandoned = append(l.abandoned, r)
		}
	}
	for _, l := range byID {
		for _, rooms := range [][]rocketchattest.Room{l.rooms, l.waiting} {
			slices.SortFunc(rooms, func(a, b rocketchattest.Room) int { return a.OpenedAt.Compare(b.OpenedAt) })
		}
		slices.SortFunc(l.abandoned, func(a, b rocketchattest.Room) int { return a.ClosedAt.Compare(b.ClosedAt) })
	}
	return byID
}

// abandonedIn counts the abandoned rooms that were opened and closed in a period, whose
// bounds belong to it.
func (l *ledger) abandonedIn(start, end time.Time) int {
	n := 0
	first := sort.Search(len(l.abandoned), func(i int) bool { return !l.abandoned[i].ClosedAt.Before(start) })
	for i := first; i < len(l.abandoned) && !l.abandoned[i].ClosedAt.After(end); i++ {
		if !l.abandoned[i].OpenedAt.Before(start) {
			n++
		}
	}
	return n
}

// openedIn counts the rooms that were opened in a period.
func (l *ledger) openedIn(start, end time.Time) int { return len(between(l.rooms, start, end)) }

// awaitingIn counts those of them in which the visitor has the last word when it ends.
func (l *ledger) awaitingIn(start, end time.Time) int {
	n := len(between(l.waiting, start, end))
	for _, r := range between(l.rooms, latest(start, end.Add(-traffic.LongestWait)), end) {
		if r.Answered && r.OpenedAt.Add(r.Queued).After(end) {
			n++
		}
	}
	return n
}

// queuedAt counts the rooms in the queue at a time.
func (l *ledger) queuedAt(at time.Time) int {
	n := 0
	for _, r := range between(l.rooms, at.Add(-traffic.LongestWait), at) {
		if r.OpenedAt.Add(r.Queued).After(at) && r.ClosedAt.After(at) {
			n++
		}
	}
	return n
}

// between are the rooms that were opened in a period.
func between(rooms []rocketchattest.Room, start, end time.Time) []rocketchattest.Room {
	before := func(t time.Time) int {
		return sort.Search(len(rooms), func(i int) bool { return !rooms[i].OpenedAt.Before(t) })
	}
	return rooms[before(start):max(before(start), before(end.Add(1)))]
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
