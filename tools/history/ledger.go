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
	opened    []time.Time // of all rooms, in order
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
		l.opened = append(l.opened, r.OpenedAt)
		if r.VisitorInactivity != nil && *r.VisitorInactivity >= traffic.InactivityTimeout {
			l.abandoned = append(l.abandoned, r)
		}
	}
	for _, l := range byID {
		slices.SortFunc(l.opened, time.Time.Compare)
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
func (l *ledger) openedIn(start, end time.Time) int {
	before := func(t time.Time) int {
		return sort.Search(len(l.opened), func(i int) bool { return !l.opened[i].Before(t) })
	}
	return before(end.Add(1)) - before(start)
}
