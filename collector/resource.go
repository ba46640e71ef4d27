package collector

import (
	"context"
	"slices"
	"sync"
	"time"

	"livechat_exporter/internal/rocketchat"
)

// The values of the label resource.
const (
	abandonedRoomsResource = "abandoned_rooms"
	abandonmentsResource   = "abandonments"
	roomsResource          = "rooms"
	departmentsResource    = "departments"
)

// resource is one thing that the workspace is asked for. It is safe for concurrent
// use.
type resource struct {
	name   string
	window Window
	route  string
	// fetch asks, with one moment for all of its calls.
	fetch func(ctx context.Context, now time.Time, questions []*rocketchat.Question) (answer, error)
	// metric is what the numbers of its answers are exported as; nil if they have none.
	metric *metric
	// alive says that its attempts tell whether the workspace is up.
	alive bool

	*memory
}

// memory is what is known of a resource between scrapes.
type memory struct {
	questions []*rocketchat.Question

	mu    sync.Mutex
	state refreshState
	// last is the last good answer, nil before the first.
	last *answer
	// held is what the counter keeps.
	held heldCounter
	// running is closed when the attempt on its way has ended; nil if there is none.
	running chan struct{}
	// turn is when the latest attempt began, in the order of all attempts.
	turn uint64
	// told is the failure that the log knows of.
	told failure
}

// refreshState is how the latest attempts of a resource ended.
type refreshState struct {
	endedAt   time.Time // When the latest attempt ended, zero before the first.
	startedAt time.Time // When that attempt started.
	failure   failure   // Why the latest attempt failed, zero if it did not.
	err       error     // The same, for the log.
	succeeded time.Time // When the latest good attempt ended, zero before the first.
	askedAt   time.Time // When the last good answer was asked for, zero before the first.
}

// resources returns what the workspace is asked for, in a fixed order.
func resources(options Options) []*resource {
	var all []*resource
	for _, window := range options.Windows {
		all = append(all, abandonedRoomsOf(options.API, window))
	}
	if options.Counter {
		all = append(all, abandonmentsIn(options.API, options.Zone))
	}
	if options.Rooms {
		for _, window := range options.Windows {
			all = append(all, roomsOf(options.API, window))
		}
	}
	if options.Departments {
		all = append(all, departmentsOf(options.API))
	}
	return all
}

// newMemory returns the memory of a resource that asks so many questions.
func newMemory(questions int) *memory {
	m := &memory{questions: make([]*rocketchat.Question, questions)}
	for i := range m.questions {
		m.questions[i] = new(rocketchat.Question)
	}
	return m
}

// takeOver takes the memory of the same resource among others, whose workspace has
// been closed.
func (r *resource) takeOver(previous []*resource) {
	i := slices.IndexFunc(previous, func(p *resource) bool {
		return p.name == r.name && p.window.name == r.window.name && p.window.meaning == r.window.meaning
	})
	if i >= 0 {
		r.memory = previous[i].memory
	}
}

// current returns how the latest attempts ended.
func (r *resource) current() refreshState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// exported returns what may be exported of the last good answer, nil if it is too old
// or its period has ended.
func (r *resource) exported(now time.Time, maxAge time.Duration) *answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	a, oldest := r.last, r.window.refresh+maxAge
	switch {
	case a == nil, age(a.askedAt, now) >= oldest, !r.window.current(a.period, now):
		return nil
	case age(a.countedAt, now) >= oldest:
		uncounted := *a
		uncounted.counts, uncounted.implied, uncounted.others = nil, nil, false
		return &uncounted
	}
	return a
}

// age is how much time has passed, by the clock of the process or by the one on the wall,
// whichever says more: the first stands still while a machine sleeps, and the second can
// be set back.
func age(since, now time.Time) time.Duration {
	return max(now.Sub(since), now.Round(0).Sub(since.Round(0)))
}
