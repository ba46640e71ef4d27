package collector

import (
	"cmp"
	"context"
	"slices"
	"time"

	"livechat_exporter/internal/rocketchat"
)

// refresh starts an attempt of each resource that is due, as far as the budget goes,
// and waits until all attempts on their way have ended, those of other scrapes too, or
// ctx has.
func (w *Workspace) refresh(ctx context.Context) {
	for _, running := range w.start(w.options.Now()) {
		select {
		case <-running:
		case <-ctx.Done():
			return
		}
	}
}

// start starts what is due, and returns what is on its way.
func (w *Workspace) start(now time.Time) (running []<-chan struct{}) {
	w.starting.Lock()
	defer w.starting.Unlock()
	var due []candidate
	for _, r := range w.resources {
		r.mu.Lock()
		switch {
		case r.running != nil:
			running = append(running, r.running)
		case r.due(now):
			due = append(due, candidate{resource: r, since: r.waitsSince(now), turn: r.turn})
		}
		r.mu.Unlock()
	}
	if w.lifetime.Err() != nil {
		return running
	}
	slices.SortStableFunc(due, func(a, b candidate) int {
		return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.turn, b.turn))
	})
	for _, c := range due {
		place := rocketchat.Place{Holder: c.resource.memory, Since: c.since}
		calls, ok := w.options.API.Reserve(c.resource.route, place, c.resource.questions...)
		if !ok {
			w.options.Calls.deferCalls(c.resource.route, calls)
			continue
		}
		running = append(running, w.begin(c.resource, now))
	}
	return running
}

// begin begins an attempt, and returns what is closed when it has ended. The caller
// holds w.starting.
func (w *Workspace) begin(r *resource, now time.Time) <-chan struct{} {
	running := make(chan struct{})
	w.turns++
	r.mu.Lock()
	r.running, r.turn = running, w.turns
	r.mu.Unlock()
	w.attempts.Go(func() { w.attempt(w.lifetime, r, now) })
	return running
}

// candidate is a resource that is due, and how long it has waited.
type candidate struct {
	resource *resource
	since    time.Time
	turn     uint64 // Who was asked first, of those that ended at once.
}

// due reports whether the resource is to be asked now. The caller holds r.mu.
func (r *resource) due(now time.Time) bool {
	return r.last == nil || r.state.failure != failure{} || r.turned(now) || age(r.state.askedAt, now) >= r.window.refresh
}

// turned reports whether the period of the last good answer has ended. The caller
// holds r.mu.
func (r *resource) turned(now time.Time) bool {
	return r.last != nil && !r.window.current(r.last.period, now)
}

// waitsSince is when the latest attempt ended: the longest ago goes first, failing
// resources like the others. A resource whose period has ended since it was asked
// goes before all. The caller holds r.mu.
func (r *resource) waitsSince(now time.Time) time.Time {
	if r.turned(now) && !r.window.current(r.window.Period(r.state.startedAt), now) {
		return time.Time{}
	}
	return r.state.endedAt
}
