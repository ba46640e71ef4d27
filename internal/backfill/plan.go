package backfill

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/common/model"

	"livechat_exporter/internal/config"
	"livechat_exporter/internal/window"
)

const (
	headAge = 3 * time.Hour
	maxSpan = 366 * day
	day     = 24 * time.Hour
)

// plan is what to make of one workspace.
type plan struct {
	zone        *time.Location
	step        time.Duration
	first, last time.Time // The first and last instant, in UTC.
	windows     []window.Window
	counted     bool          // Whether there is the counter.
	roomsWindow time.Duration // Of the rooms that the rules read from the past; 0 for none.
}

// newPlan returns the plan at the time of a run's first start.
func newPlan(ws config.Workspace, o Options, now time.Time) (plan, error) {
	p := plan{zone: ws.Timezone.Location, step: o.Step, counted: ws.Counter}
	if o.Windows {
		p.windows = ws.Windows
	}
	if o.Step < time.Minute || time.Hour%o.Step != 0 {
		return p, fmt.Errorf("--step: %s must be at least 1m and divide 1h, as 5m, 15m and 30m do", o.Step)
	}
	for _, w := range ws.Windows {
		if ws.Rooms && w.Name == roomsWindow && w.Duration%o.Step == 0 {
			p.roomsWindow = w.Duration
		}
	}
	if !p.counted && len(p.windows) == 0 && p.roomsWindow == 0 {
		return p, fmt.Errorf("workspace %s: with counter: false there is nothing to make but windows: add --windows", ws.Name)
	}
	from, until, err := o.bounds(now)
	if err != nil {
		return p, err
	}
	p.first, p.last = p.ceil(from), until.Truncate(o.Step)
	if p.last.Before(p.first) {
		return p, fmt.Errorf("--from and --until: no multiple of --step=%s lies between %s and %s", o.Step, from.Format(time.RFC3339), until.Format(time.RFC3339))
	}
	return p, nil
}

func (o Options) bounds(now time.Time) (from, until time.Time, err error) {
	until = now.Add(-headAge)
	if o.Until != "" {
		if until, err = time.Parse(time.RFC3339, o.Until); err != nil {
			return from, until, fmt.Errorf("--until: %q is not a time such as 2026-03-01T00:00:00Z", o.Until)
		}
	}
	if from, err = time.Parse(time.RFC3339, o.From); err != nil {
		back, err := model.ParseDuration(o.From)
		if err != nil {
			return from, until, fmt.Errorf("--from: %q is neither a duration such as 22d nor a time such as 2026-03-01T00:00:00Z", o.From)
		}
		from = now.Add(-time.Duration(back))
	}
	switch {
	case until.After(now):
		return from, until, errors.New("--until is in the future")
	case until.Sub(from) > maxSpan:
		return from, until, errors.New("--from is more than 366 days before --until: make a shorter past")
	}
	return from.UTC(), until.UTC(), nil
}

// days returns the instants of each UTC day.
func (p plan) days() [][]time.Time {
	var days [][]time.Time
	for at := p.first; !at.After(p.last); at = at.Add(p.step) {
		if at.Equal(p.first) || at.Equal(at.Truncate(day)) {
			days = append(days, nil)
		}
		days[len(days)-1] = append(days[len(days)-1], at)
	}
	return days
}

// instants is how many there are.
func (p plan) instants() int { return int(p.last.Sub(p.first)/p.step) + 1 }

// callsAtMost is how many calls it takes if every answer differs from the one before: of
// abandoned rooms, and of opened ones.
func (p plan) callsAtMost() (abandoned, opened int) {
	const shortestMonth = 28 * day
	span, longest := p.last.Sub(p.first), time.Duration(0)
	abandoned = p.instants() + 4*(int(span/shortestMonth)+2)
	for _, w := range p.windows {
		longest = max(longest, w.Duration)
		abandoned += p.instants() + 2*int(span/max(w.Duration/2, p.step)) + 2
	}
	if longest > 0 {
		abandoned += p.instants() + int((longest+2*day)/p.step)
	}
	if p.roomsWindow > 0 {
		opened = 2 * (p.instants() + int((p.roomsWindow+2*day)/p.step))
	}
	return abandoned, opened
}

// month is a calendar month of the counter.
type month struct {
	start, end time.Time // The end is the beginning of the next one.
	// before is the beginning of the month before it: rooms that were opened earlier are
	// not counted.
	before time.Time
}

// month returns the month of an instant, in the workspace's time zone.
func (p plan) month(at time.Time) month {
	const more = 40 * day // Leads from a month's beginning into the next month.
	start := window.StartOfMonth(at.In(p.zone))
	return month{start: start, end: window.StartOfMonth(start.Add(more)), before: window.StartOfMonth(lastBefore(start))}
}

// lastBefore is the last moment before t that the server distinguishes.
func lastBefore(t time.Time) time.Time { return t.Add(-time.Millisecond) }

// ceil is the earliest instant that is not before t.
func (p plan) ceil(t time.Time) time.Time {
	at := t.UTC().Truncate(p.step)
	if at.Before(t) {
		at = at.Add(p.step)
	}
	return at
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
