package backfill

import (
	"context"
	"time"

	"livechat_exporter/internal/window"
)

// windowed makes the numbers of one window, instant by instant. For a period from s to e
// in the month m
//
//	A(s, e) = A(m.before, e) - opened(s) + spanning
//
// where opened(s) are the rooms that were opened before s, since m.before, and spanning
// are those of them that closed after e. A(m.before, e) is there for the counter, opened is
// a second curve, which all windows share, and spanning is nearly always 0. That is proved
// by one call for half the window: what spans the window spans its half too. Where it is
// not 0, the server is asked for A(s, e).
type windowed struct {
	*history

	window window.Window
	cell   time.Duration // Half the window; 0 if the numbers are always asked for.
	latest derivation
	// provedFor is the end of the latest half that was tried, and proved whether it is free
	// of spanning rooms. spanned is whether the latest number that was asked for had any.
	provedFor       time.Time
	proved, spanned bool
}

// derivation is what a number follows from: as long as no room was opened where the window
// begins and none closed where it ends, it is the same.
type derivation struct {
	month          time.Time
	start          time.Time // Zero if opened is known.
	opened, closed vector
	value          vector // Nil before the first.
}

func (d derivation) same(as derivation) bool {
	return d.month.Equal(as.month) && d.start.Equal(as.start) && equal(d.opened, as.opened) && equal(d.closed, as.closed)
}

func newWindowed(h *history, w window.Window) *windowed {
	made := &windowed{history: h, window: w}
	const shortestMonth = 28 * day // A longer window can begin before month.before.
	if w.Duration%h.step == 0 && w.Duration >= 2*h.step && w.Duration <= shortestMonth {
		made.cell = (w.Duration / 2).Truncate(h.step)
	}
	return made
}

// value returns the number of the window at an instant.
func (w *windowed) value(ctx context.Context, at time.Time) vector {
	p, m := w.window.Period(at.In(w.zone)), w.month(at)
	if p.Start.Before(m.before) || p.End.Before(at) {
		return w.closedIn(ctx, p.Start, p.End)
	}
	now := derivation{month: m.start, start: p.Start, closed: w.closed(ctx, at)}
	if w.cell > 0 {
		now.start, now.opened = time.Time{}, w.openedBefore(ctx, m, p.Start)
	}
	if w.latest.value == nil || !w.latest.same(now) {
		now.value = w.derive(ctx, p, now)
		w.latest = now
	}
	if w.err != nil {
		w.latest = derivation{}
	}
	return w.latest.value
}

// derive returns A(p.Start, p.End).
func (w *windowed) derive(ctx context.Context, p window.Period, now derivation) vector {
	if w.cell == 0 {
		return w.closedIn(ctx, p.Start, p.End)
	}
	// Less than 0 is possible where rooms span the period.
	if least, ok := minus(now.closed, now.opened); ok && w.unspanned(ctx, p.End) {
		return least
	}
	value := w.closedIn(ctx, p.Start, p.End)
	w.spanned = w.minus(plus(value, now.opened), now.closed).sum() > 0
	return value
}

// unspanned reports whether it is known that no room was opened before the latest whole
// cell and closed after it. After a number with spanning rooms it does not try: there will
// be others.
func (w *windowed) unspanned(ctx context.Context, at time.Time) bool {
	end := at.UTC().Truncate(w.cell)
	if w.provedFor.Equal(end) || w.spanned {
		return w.provedFor.Equal(end) && w.proved
	}
	m, start := w.month(at), end.Add(-w.cell)
	var before vector
	if end.Before(m.start) || end.Before(w.first) { // No point of the curve.
		before = w.closedIn(ctx, m.before, end)
	} else {
		before = w.closed(ctx, end)
	}
	spanning := w.minus(plus(w.openedBefore(ctx, m, start), w.closedIn(ctx, start, end)), before)
	if w.err == nil {
		w.provedFor, w.proved = end, spanning.sum() == 0
	}
	return w.err == nil && w.proved
}

// openedBefore returns how many of the rooms that close within the plan were opened from
// m.before until s. A(s, last) falls with s; it is asked for at the beginning of each day,
// and then between them.
func (h *history) openedBefore(ctx context.Context, m month, s time.Time) vector {
	today := s.UTC().Truncate(day)
	rest := h.search(today, s.UTC(), earlier(today.Add(day), h.last), func(start time.Time) vector {
		return h.closedIn(ctx, start, h.last)
	})
	return h.minus(h.closedIn(ctx, m.before, h.last), rest)
}
