package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// tail is how long after the end of a rise a notification still belongs to it: its last
// chats are closed after the timeout.
const tail = 6 * time.Hour

// characteristic is what the rules do on a desk.
type characteristic struct {
	months        float64 // judged, over all workspaces
	notifications float64 // a month
	byAlert       map[string]float64
	rises, seen   int
	// fromOpening and fromClosing are medians, for the rises that were seen: from the
	// first chat and from the first closing to the first notification.
	fromOpening, fromClosing time.Duration
}

// characteristicOf computes the figures of a run. The rate counts all notifications, also
// those of rises, so it is a rate of false ones only in a run without rises.
func characteristicOf(r run) characteristic {
	c := characteristic{months: float64(r.days) / 30, byAlert: make(map[string]float64), rises: len(r.rises)}
	for _, n := range r.notifications {
		c.notifications += 1 / c.months
		for _, alert := range n.alerts {
			c.byAlert[alert] += 1 / c.months
		}
	}
	slices.SortFunc(r.notifications, func(a, b notification) int { return a.at.Compare(b.at) })
	var opening, closing []time.Duration
	for _, p := range r.rises {
		i := slices.IndexFunc(r.notifications, func(n notification) bool {
			return n.instance == p.instance && n.at.After(p.from) && !n.at.After(p.to.Add(tail))
		})
		if i >= 0 {
			c.seen++
			opening = append(opening, r.notifications[i].at.Sub(p.opened))
			closing = append(closing, r.notifications[i].at.Sub(p.firstShut))
		}
	}
	c.fromOpening, c.fromClosing = median(opening), median(closing)
	return c
}

func median(of []time.Duration) time.Duration {
	if len(of) == 0 {
		return 0
	}
	slices.Sort(of)
	return of[len(of)/2]
}

// seenShare is the share of the rises that were seen.
func (c characteristic) seenShare() float64 {
	return float64(c.seen) / float64(max(1, c.rises))
}

// writeFalse writes a row of the table of false notifications.
func (c characteristic) writeFalse(out io.Writer, name string, departments int) {
	fmt.Fprintf(out, "| %s | %.2f | %.0f |", name, c.notifications, c.months*float64(departments))
	for i, alert := range sortedKeys(c.byAlert) {
		if i > 0 {
			fmt.Fprint(out, ",")
		}
		fmt.Fprintf(out, " %s %.2f", alert[len(prefix):], c.byAlert[alert])
	}
	fmt.Fprintln(out, " |")
}

// writeSeen writes a row of the table of rises.
func (c characteristic) writeSeen(out io.Writer, name, rise string) {
	fmt.Fprintf(out, "| %s | %s | %d | %.0f %% | %s | %s |\n", name, rise, c.rises, 100*c.seenShare(), inMinutes(c.fromOpening), inMinutes(c.fromClosing))
}

// inMinutes is a duration for people.
func inMinutes(d time.Duration) string {
	if d >= 6*time.Hour {
		return fmt.Sprintf("%.0f h", d.Hours())
	}
	return fmt.Sprintf("%.0f min", d.Minutes())
}
