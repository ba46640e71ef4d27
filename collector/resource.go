package collector

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/internal/rocketchat"
)

// abandonedRoomsResource is the value of the label resource for the abandoned
// rooms of a window.
const abandonedRoomsResource = "abandoned_rooms"

// resource is one thing that each scrape asks the workspace for, and what is
// known of it between scrapes. It is safe for concurrent use.
type resource struct {
	name   string
	window Window
	fetch  func(ctx context.Context, period Period) (answer, error)

	mu    sync.Mutex
	state refreshState
}

// answer is a valid answer, ready to be exported.
type answer struct {
	period   Period
	complete bool
	metrics  []prometheus.Metric
}

// refreshState is how the latest attempts of a resource ended.
type refreshState struct {
	endedAt   time.Time // When the latest attempt ended, zero before the first.
	failure   failure   // Why the latest attempt failed, zero if it did not.
	succeeded time.Time // When the latest good attempt ended, zero before the first.
	askedAt   time.Time // When the last good answer was asked for, zero before the first.
}

// attempt is one try to refresh a resource, and what it ended in.
type attempt struct {
	resource *resource
	answer   answer
	err      error
	before   refreshState
	after    refreshState
}

// try asks for the resource once and records how that ended. An attempt that was
// given up by its caller says nothing of the workspace and is not recorded.
func (r *resource) try(ctx context.Context, askedAt time.Time, now func() time.Time) attempt {
	a := attempt{resource: r}
	a.answer, a.err = r.fetch(ctx, r.window.Period(askedAt))

	r.mu.Lock()
	defer r.mu.Unlock()
	endedAt := now() // Under the lock, so that the latest to end is the latest recorded.
	a.before = r.state
	switch {
	case a.err == nil:
		r.state.endedAt, r.state.failure, r.state.succeeded = endedAt, failure{}, endedAt
		if askedAt.After(r.state.askedAt) { // An earlier scrape may end later.
			r.state.askedAt = askedAt
		}
	case failureOf(a.err).reason != string(rocketchat.Canceled):
		r.state.endedAt, r.state.failure = endedAt, failureOf(a.err)
	}
	a.after = r.state
	return a
}

// current returns how the latest attempts ended.
func (r *resource) current() refreshState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// abandonedRoomsOf returns the resource of a window's abandoned rooms.
func abandonedRoomsOf(api API, window Window) *resource {
	question := new(rocketchat.Question)
	return &resource{
		name: abandonedRoomsResource, window: window,
		fetch: func(ctx context.Context, period Period) (answer, error) {
			got, err := api.AbandonedRooms(ctx, period.Start, period.End, question)
			if err != nil {
				return answer{}, err //nolint:wrapcheck // It names the route; the log line names the rest.
			}
			metrics, err := abandonedRooms(got, window.Name())
			if err != nil {
				return answer{}, err
			}
			return answer{period: period, complete: got.Complete, metrics: metrics}, nil
		},
	}
}
