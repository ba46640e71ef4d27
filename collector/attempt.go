package collector

import (
	"context"
	"errors"
	"time"

	"github.com/go-kit/log/level"

	"livechat_exporter/internal/rocketchat"
)

// attempt tries to refresh the resource once and keeps how that ended. An attempt that
// was given up says nothing of the workspace and is not kept.
func (w *Workspace) attempt(ctx context.Context, r *resource, now time.Time) {
	got, err := r.fetch(ctx, now, r.questions)
	w.options.API.Release(r.questions...)
	_ = level.Debug(w.options.Logger).Log("msg", "Attempted to refresh", "resource", r.name, "window", r.window.Name(),
		"departments", len(got.counts)+len(got.list), "complete", got.complete, "err", err)

	r.mu.Lock()
	defer r.mu.Unlock()
	defer close(r.running)
	defer func() { r.running = nil }()
	endedAt := w.options.Now()
	why := failureOf(err)
	if errors.Is(err, rocketchat.ErrBudgetSpent) || why.reason == string(rocketchat.Canceled) {
		return
	}
	r.state.startedAt, r.state.endedAt, r.state.failure, r.state.err = now, endedAt, why, err
	if err == nil {
		r.state.succeeded, r.state.askedAt = endedAt, now
		r.keep(got, now)
	}
}

// keep keeps a good answer. The caller holds r.mu.
func (r *resource) keep(got answer, askedAt time.Time) {
	got.askedAt, got.countedAt, got.others = askedAt, askedAt, got.complete
	switch {
	case got.counter.IsZero():
	case got.complete:
		r.held.take(&got, askedAt)
	case r.last != nil && r.last.counter.Equal(got.counter): // An incomplete answer does not move the counter.
		got.period, got.countedAt = r.last.period, r.last.countedAt
		got.counts, got.unnamed, got.implied, got.others = r.last.counts, r.last.unnamed, r.last.implied, r.last.others
	default:
		got.counts = nil
	}
	r.last = &got
}
