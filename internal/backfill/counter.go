package backfill

import (
	"context"
	"errors"
	"time"
)

// errContradiction is the error of answers between which the past changed.
var errContradiction = errors.New("the answers contradict each other")

// history derives numbers from answers of the server. A(start, end) is such an answer: how
// many abandoned rooms were opened since start and had closed at end.
//
// The first error is kept until it is taken; until then all numbers are nil and nothing is
// sent.
type history struct {
	plan
	*answers

	err error
}

// take returns the error and forgets it.
func (h *history) take() error {
	err := h.err
	h.err = nil
	return err
}

// closedIn returns A(start, end).
func (h *history) closedIn(ctx context.Context, start, end time.Time) (v vector) {
	if h.err == nil {
		v, h.err = h.abandoned(ctx, start, end)
	}
	return v
}

// minus is a - b. No department can have less than 0, unless the past changed between two
// answers.
func (h *history) minus(a, b vector) vector {
	rest, ok := minus(a, b)
	if !ok && h.err == nil {
		h.err = errContradiction
	}
	return rest
}

// search returns the value at a time between low and high of numbers that only rise or
// only fall: equal values at two times are those of all times between them. It halves the
// interval until both ends are equal. What it asked for is in the journal, so that it is
// cheap for the next time.
func (h *history) search(low, at, high time.Time, value func(time.Time) vector) vector {
	first, last := value(low), value(high)
	rises := atMost(first, last)
	if !rises && !atMost(last, first) {
		h.minus(first, last)
	}
	for h.err == nil && low.Before(at) && at.Before(high) && !equal(first, last) {
		middle := low.Add((high.Sub(low) / 2).Truncate(h.step))
		v := value(middle)
		if rises {
			h.minus(v, first)
			h.minus(last, v)
		} else {
			h.minus(first, v)
			h.minus(v, last)
		}
		if middle.After(at) {
			high, last = middle, v
		} else {
			low, first = middle, v
		}
	}
	if at.Equal(high) {
		return last
	}
	return first
}

// closed returns A(m.before, at), where m is the month of that time. It rises during the
// month; it is asked for at the last instant of each day, and then between them.
func (h *history) closed(ctx context.Context, at time.Time) vector {
	m := h.month(at)
	today := at.Truncate(day)
	low := later(later(h.first, h.ceil(m.start)), today.Add(-h.step))
	high := earlier(earlier(h.last, h.ceil(m.end).Add(-h.step)), today.Add(day-h.step))
	return h.search(low, at, high, func(end time.Time) vector { return h.closedIn(ctx, m.before, end) })
}

// counter returns the counter's value, as in a scrape: what has closed in the month.
func (h *history) counter(ctx context.Context, at time.Time) vector {
	return h.inMonth(ctx, h.month(at), h.closed(ctx, at))
}

// inMonth returns what of A(m.before, end) had not closed before the month.
func (h *history) inMonth(ctx context.Context, m month, closed vector) vector {
	return h.minus(closed, h.closedIn(ctx, m.before, lastBefore(m.start)))
}

// increase returns how much the counter rose from one instant to another, with what was
// left of the month where a month began between them.
func (h *history) increase(ctx context.Context, from, to time.Time) vector {
	value := h.counter(ctx, to)
	if old, start := h.month(from), h.month(to).start; old.start.Before(start) {
		value = plus(value, h.inMonth(ctx, old, h.closedIn(ctx, old.before, lastBefore(start))))
	}
	return h.minus(value, h.counter(ctx, from))
}

// rooms returns how many rooms were opened in a period; those that were opened at its very
// end are left to the next one. The rooms opened until a time rise with it; they are asked
// for at the beginning of each day, and then between them.
func (h *history) rooms(ctx context.Context, start, end time.Time) vector {
	origin := h.first.Add(-h.roomsWindow).Truncate(day).Add(-day)
	until := func(at time.Time) vector {
		today := at.Truncate(day)
		return h.search(today, at, earlier(today.Add(day), h.last), func(at time.Time) (v vector) {
			if h.err == nil {
				v, h.err = h.opened(ctx, origin, lastBefore(at))
			}
			return v
		})
	}
	return h.minus(until(end), until(start))
}
