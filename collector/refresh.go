package collector

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"livechat_exporter/internal/budget"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/window"
)

// refresh starts an attempt of each resource that is due, as far as the budget goes, and
// waits until all attempts in flight have ended, those of other scrapes included, or ctx
// has.
func (w *Workspace) refresh(ctx context.Context) {
	for _, ended := range w.start(w.options.Now()) {
		select {
		case <-ended:
		case <-ctx.Done():
			return
		}
	}
}

// start starts what is due, the resource first whose latest attempt ended longest ago. It
// returns what closes when each attempt in flight has ended.
func (w *Workspace) start(now time.Time) (inFlight []<-chan struct{}) {
	w.scheduling.Lock()
	defer w.scheduling.Unlock()
	type candidate struct {
		*resource

		since time.Time
		order uint64
	}
	var due []candidate
	for _, r := range w.resources {
		r.mu.Lock()
		switch {
		case r.inFlight != nil:
			inFlight = append(inFlight, r.inFlight)
		case r.due(now):
			due = append(due, candidate{r, r.waitsSince(now), r.order})
		}
		r.mu.Unlock()
	}
	if w.lifetime.Err() != nil {
		return inFlight
	}
	slices.SortStableFunc(due, func(a, b candidate) int {
		return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.order, b.order))
	})
	for _, r := range due {
		shares, calls := w.options.API.Reserve(r.route, budget.Waiter{ID: r.state, Since: r.since}, r.keys...)
		if shares == nil {
			w.options.Metrics.deferCalls(r.route, calls)
			continue
		}
		inFlight = append(inFlight, w.attempt(r.resource, now, shares))
	}
	return inFlight
}

// due reports whether the resource is to be asked now. The caller holds r.mu.
func (r *resource) due(now time.Time) bool {
	return r.last == nil || r.ended(r.last.period, now) || age(r.last.askedAt, now) >= r.window.Refresh
}

// waitsSince is when the latest attempt ended. A resource whose period has ended since it
// was asked goes before all others. The caller holds r.mu.
func (r *resource) waitsSince(now time.Time) time.Time {
	if r.last != nil && r.ended(r.last.period, now) && r.ended(r.window.Period(r.status.startedAt.In(r.zone)), now) {
		return time.Time{}
	}
	return r.status.endedAt
}

// attempt starts an attempt with the reserved calls, and returns what closes when it has
// ended. The caller holds w.scheduling.
func (w *Workspace) attempt(r *resource, now time.Time, shares []*budget.Reservation) <-chan struct{} {
	ended := make(chan struct{})
	w.started++
	r.mu.Lock()
	r.inFlight, r.order, r.status.running = ended, w.started, true
	r.mu.Unlock()
	queries := make([]rocketchat.Query, len(shares))
	for i, share := range shares {
		queries[i] = rocketchat.Query{Key: r.keys[i], Calls: share}
	}
	w.attempts.Go(func() {
		got, err := r.fetch(w.lifetime, now.In(r.zone), queries)
		for _, share := range shares {
			share.Release()
		}
		level.Debug(w.options.Logger).Log("msg", "Refresh attempted", "resource", r.name, "window", r.label,
			"departments", len(got.counts)+len(got.list), "complete", got.complete, "err", err)
		r.end(got, err, now, w.options.Now())
		close(ended)
	})
	return ended
}

// end keeps how an attempt ended. One that was canceled or got no call is not counted: it
// proves nothing about the workspace.
func (r *resource) end(got answer, err error, startedAt, endedAt time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inFlight, r.status.running = nil, false
	why := failureOf(err)
	if errors.Is(err, rocketchat.ErrBudgetSpent) || why.outcome == string(rocketchat.Canceled) {
		return
	}
	r.status.startedAt, r.status.endedAt, r.status.failure, r.status.err = startedAt, endedAt, why, err
	if err != nil {
		return
	}
	r.status.succeededAt, r.status.askedAt = endedAt, startedAt
	got.askedAt, got.countedAt = startedAt, startedAt
	if got.counter {
		r.counter.update(&got, r.last)
	} else {
		got.zeroFill = got.complete
	}
	r.last = &got
}

// exported returns what may be exported of the last good answer, nil if it has expired or
// its period has ended.
func (r *resource) exported(now time.Time, maxAge time.Duration) *answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	a, expiry := r.last, r.window.Refresh+maxAge
	switch {
	case a == nil, age(a.askedAt, now) >= expiry, r.ended(a.period, now):
		return nil
	case age(a.countedAt, now) >= expiry:
		stale := *a
		stale.counts, stale.restIDs, stale.zeroFill = nil, nil, false
		return &stale
	}
	return a
}

// ended reports whether a later period has begun. Only here and in requests is the time
// in the zone: [time.Time.In] drops the process's clock, which age needs.
func (r *resource) ended(p window.Period, now time.Time) bool {
	return r.window.Ended(p, now.In(r.zone))
}

// age is the time passed by the process's clock or by the wall clock, whichever is more:
// the first stops while a machine sleeps, and the second can be set back.
func age(since, now time.Time) time.Duration {
	return max(now.Sub(since), now.Round(0).Sub(since.Round(0)))
}

// failure is why an attempt failed. Equal failures are logged once.
type failure struct {
	outcome string // Of a closed set; empty if there was no failure.
	// detail is what the outcome leaves open. It is never the server's text, which can
	// differ each time.
	detail string
}

// failureOf returns why an attempt failed by its error, which may be nil.
func failureOf(err error) failure {
	e, ok := errors.AsType[*rocketchat.Error](err)
	switch {
	case err == nil:
		return failure{}
	case !ok:
		return failure{outcome: "unknown", detail: err.Error()}
	case e.Outcome == rocketchat.NoCredentials, e.Outcome == rocketchat.Network, e.Outcome == rocketchat.Forbidden:
		return failure{outcome: string(e.Outcome), detail: e.What}
	default:
		return failure{outcome: string(e.Outcome), detail: e.Hint}
	}
}

// permanent reports whether the failure stays until somebody acts.
func (f failure) permanent() bool {
	return slices.Contains([]rocketchat.Outcome{
		rocketchat.NoCredentials, rocketchat.Unauthorized, rocketchat.Forbidden, rocketchat.Unlicensed, rocketchat.Redirected,
	}, rocketchat.Outcome(f.outcome))
}

// common reports whether the failure is that of all resources: one line of the log is enough.
func (f failure) common() bool {
	return slices.Contains([]rocketchat.Outcome{
		rocketchat.NoCredentials, rocketchat.Unauthorized, rocketchat.Redirected, rocketchat.Network,
	}, rocketchat.Outcome(f.outcome))
}

// logChanges logs what changed since it last did, in one line for each failure. What stays
// the same is in the metrics alone.
func (w *Workspace) logChanges() {
	w.logging.Lock()
	defer w.logging.Unlock()
	type change struct {
		resources []string
		err       error
	}
	logged, changes, order := map[failure]bool{}, map[failure]*change{}, []failure{}
	for _, r := range w.resources {
		r.mu.Lock()
		s, before := r.status, r.logged
		r.logged = s.failure
		r.mu.Unlock()
		switch {
		case before == s.failure:
			logged[before] = true
			continue
		case changes[s.failure] == nil:
			changes[s.failure] = &change{err: s.err}
			order = append(order, s.failure)
		}
		changes[s.failure].resources = append(changes[s.failure].resources, strings.TrimSuffix(r.name+"/"+r.label, "/"))
	}
	for _, f := range order {
		logger := log.With(w.options.Logger, "resources", strings.Join(changes[f].resources, ","))
		switch {
		case f == failure{}:
			level.Info(logger).Log("msg", "Refresh recovered")
		case f.common() && logged[f]:
		case f.permanent():
			level.Error(logger).Log("msg", "Refresh failed", "reason", f.outcome, "err", changes[f].err)
		default:
			level.Warn(logger).Log("msg", "Refresh failed", "reason", f.outcome, "err", changes[f].err)
		}
	}
}
