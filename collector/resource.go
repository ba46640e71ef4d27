package collector

import (
	"context"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/window"
)

// The values of the label resource.
const (
	resourceAbandonedRooms = "abandoned_rooms"
	resourceAbandonments   = "abandonments"
	resourceRooms          = "rooms"
	resourceDepartments    = "departments"
	resourceChatsWaiting   = "chats_waiting"
	resourceAgents         = "agents"
)

// monthLabel is the value of the label window for the counter.
const monthLabel = "month"

// departmentsRefresh is the least time between two good answers of the department list,
// which changes rarely.
const departmentsRefresh = 5 * time.Minute

// resource is one thing that the workspace is asked for.
type resource struct {
	name  string
	label string // The value of the label window.
	// window is zero for what has no period.
	window window.Window
	zone   *time.Location // Where the window's calendar periods begin.
	route  *rocketchat.Route
	// keys identify its queries; see [rocketchat.Query].
	keys []string
	// metric is what its numbers of departments are exported as; nil if they have none.
	metric *metric
	// fetch sends the queries, all with one now, which is in the zone.
	fetch func(ctx context.Context, now time.Time, queries []rocketchat.Query) (answer, error)

	*state
}

// sameAs reports whether the other resource is asked for the same, so that its state
// holds for this one.
func (r *resource) sameAs(other *resource) bool {
	return r.name == other.name && r.label == other.label && r.window.SamePeriods(other.window)
}

// state is what is known of a resource between scrapes. It survives reloads.
type state struct {
	mu       sync.Mutex
	status   status
	last     *answer // The last good answer, nil before the first.
	counter  monotonicCounter
	inFlight chan struct{} // Closed when the attempt in flight has ended; nil if there is none.
	order    uint64        // The place of the latest attempt in the order of all.
	logged   failure       // What the log last reported.
}

// status is how the attempts went. Times are zero before the first.
type status struct {
	startedAt, endedAt time.Time // Of the latest attempt that has ended.
	failure            failure   // Zero if it succeeded.
	err                error
	succeededAt        time.Time // When the latest good attempt ended.
	askedAt            time.Time // When the last good answer was asked for.
	running            bool
}

func (r *resource) current() status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

// answer is a good answer. It does not change once it is there.
type answer struct {
	askedAt time.Time
	period  window.Period // Zero for what has no period.
	// complete is whether the server handed over all departments.
	complete bool

	// counts are the numbers of departments that the answer names, ordered by ID.
	counts []rocketchat.Count
	// countedAt is when the counts were asked for: before askedAt where a later answer
	// did not move the counter.
	countedAt time.Time
	// zeroFill is whether departments missing from counts are exported as 0, or as their
	// value in rest: that of counters that this answer no longer names.
	zeroFill bool
	rest     map[string]int64
	// restIDs are departments of rest that the answer names with nothing to count. They
	// are exported only while there is no complete department list, or archived
	// and removed departments would stay.
	restIDs []string
	// counter is whether the counts are of the counter, from period.Start on.
	counter bool

	// awaitingReply are the rooms among the counts in which the visitor has the last word.
	awaitingReply rocketchat.Counts

	// list are the departments of the list, ordered by ID; nil in other answers.
	list []rocketchat.Department

	// live are the numbers of the workspace as a whole; nil in other answers.
	live *dto.MetricFamily
}

// newResources returns what the workspace is asked for, in a fixed order.
func newResources(o Options) []*resource {
	var all []*resource
	for _, w := range o.Windows {
		all = append(all, newAbandonedRooms(o.API, w))
	}
	if o.Counter {
		all = append(all, newAbandonments(o.API))
	}
	if o.Rooms {
		for _, w := range o.Windows {
			all = append(all, newRooms(o.API, w))
		}
	}
	if o.Departments {
		all = append(all, newDepartments(o.API))
	}
	if o.Live {
		all = append(all, newChatsWaiting(o.API), newAgents(o.API))
	}
	for _, r := range all {
		r.zone = o.Zone
	}
	return all
}

func newAbandonedRooms(api API, w window.Window) *resource {
	return &resource{
		name: resourceAbandonedRooms, label: w.Name, window: w, metric: abandonedRoomsMetric, state: new(state),
		route: rocketchat.TotalAbandonedChats, keys: []string{resourceAbandonedRooms + "/" + w.Name},
		fetch: func(ctx context.Context, now time.Time, queries []rocketchat.Query) (answer, error) {
			p := w.Period(now)
			got, err := api.AbandonedRooms(ctx, queries[0], p.Start, p.End)
			return answer{period: p, complete: got.Complete, counts: got.Departments}, err
		},
	}
}

// newAbandonments returns the resource of the counter: the abandoned rooms that closed
// since the month began. One answer for the month would leave out rooms that were open
// when it began, so two answers that begin with the month before are subtracted: rooms
// closed until now, and rooms closed before the month.
func newAbandonments(api API) *resource {
	month := window.Window{Name: monthLabel, Calendar: window.ThisMonth}
	return &resource{
		name: resourceAbandonments, label: monthLabel, window: month, metric: abandonmentsMetric, state: new(state),
		route: rocketchat.TotalAbandonedChats, keys: []string{resourceAbandonments + "/now", resourceAbandonments + "/before"},
		fetch: func(ctx context.Context, now time.Time, queries []rocketchat.Query) (answer, error) {
			p := month.Period(now)
			// A room closed in the first millisecond belongs to the new month, and the
			// server's bounds are inclusive.
			before := p.Start.Add(-time.Millisecond)
			start := window.StartOfMonth(before)
			all, old, err := both(
				func() (rocketchat.Counts, error) { return api.AbandonedRooms(ctx, queries[0], start, p.End) },
				func() (rocketchat.Counts, error) { return api.AbandonedRooms(ctx, queries[1], start, before) },
			)
			if err != nil {
				return answer{}, err
			}
			a := answer{period: p, counter: true, complete: all.Complete && old.Complete, zeroFill: all.Complete && old.Complete}
			a.counts = merge(all, old, func(all, old int64) int64 {
				// The past changed between the two answers: they say nothing about now.
				a.zeroFill = a.zeroFill && all >= old
				return all - old
			})
			return a, nil
		},
	}
}

// newRooms returns the resource of the rooms opened in a window, which takes two queries
// on every release.
func newRooms(api API, w window.Window) *resource {
	return &resource{
		name: resourceRooms, label: w.Name, window: w, metric: roomsMetric, state: new(state),
		route: rocketchat.AmountOfChats, keys: []string{resourceRooms + "/" + w.Name + "/answered", resourceRooms + "/" + w.Name + "/waiting"},
		fetch: func(ctx context.Context, now time.Time, queries []rocketchat.Query) (answer, error) {
			p := w.Period(now)
			answered, waiting, err := both(
				func() (rocketchat.Counts, error) { return api.Rooms(ctx, queries[0], p.Start, p.End, true) },
				func() (rocketchat.Counts, error) { return api.Rooms(ctx, queries[1], p.Start, p.End, false) },
			)
			sum := merge(answered, waiting, func(a, b int64) int64 { return a + b })
			return answer{period: p, complete: answered.Complete && waiting.Complete, counts: sum, awaitingReply: waiting}, err
		},
	}
}

func newDepartments(api API) *resource {
	return &resource{
		name: resourceDepartments, window: window.Window{Refresh: departmentsRefresh}, state: new(state),
		route: rocketchat.Departments, keys: []string{resourceDepartments},
		fetch: func(ctx context.Context, _ time.Time, queries []rocketchat.Query) (answer, error) {
			got, err := api.Departments(ctx, queries[0])
			return answer{complete: got.Complete, list: got.Departments}, err
		},
	}
}

func newChatsWaiting(api API) *resource {
	return &resource{
		name: resourceChatsWaiting, state: new(state),
		route: rocketchat.Inquiries, keys: []string{resourceChatsWaiting},
		fetch: func(ctx context.Context, _ time.Time, queries []rocketchat.Query) (answer, error) {
			n, err := api.ChatsWaiting(ctx, queries[0])
			return answer{complete: true, live: chatsWaitingMetric.family(chatsWaitingMetric.gauge(float64(n)))}, err
		},
	}
}

func newAgents(api API) *resource {
	return &resource{
		name: resourceAgents, state: new(state),
		route: rocketchat.AgentsStatus, keys: []string{resourceAgents},
		fetch: func(ctx context.Context, _ time.Time, queries []rocketchat.Query) (answer, error) {
			got, err := api.Agents(ctx, queries[0])
			return answer{complete: true, live: agentsMetric.family(
				agentsMetric.gauge(float64(got.Available), "available"), agentsMetric.gauge(float64(got.Away), "away"),
				agentsMetric.gauge(float64(got.Busy), "busy"), agentsMetric.gauge(float64(got.Offline), "offline"),
			)}, err
		},
	}
}

// both sends two queries at once. If one fails, both do.
func both(first, second func() (rocketchat.Counts, error)) (a, b rocketchat.Counts, err error) {
	var firstErr error
	var wg sync.WaitGroup
	wg.Go(func() { a, firstErr = first() })
	b, err = second()
	wg.Wait()
	if firstErr != nil {
		err = firstErr
	}
	return a, b, err
}

// merge combines the numbers of each department in two answers. A department that one of
// them does not name has 0 there if that one is complete; otherwise its number is unknown
// and it is left out.
func merge(a, b rocketchat.Counts, combine func(a, b int64) int64) []rocketchat.Count {
	x, y := a.Departments, b.Departments
	merged := make([]rocketchat.Count, 0, max(len(x), len(y)))
	for len(x) > 0 || len(y) > 0 {
		switch {
		case len(y) == 0 || len(x) > 0 && x[0].ID < y[0].ID:
			if b.Complete {
				merged = append(merged, rocketchat.Count{ID: x[0].ID, Rooms: combine(x[0].Rooms, 0)})
			}
			x = x[1:]
		case len(x) == 0 || y[0].ID < x[0].ID:
			if a.Complete {
				merged = append(merged, rocketchat.Count{ID: y[0].ID, Rooms: combine(0, y[0].Rooms)})
			}
			y = y[1:]
		default:
			merged = append(merged, rocketchat.Count{ID: x[0].ID, Rooms: combine(x[0].Rooms, y[0].Rooms)})
			x, y = x[1:], y[1:]
		}
	}
	return merged
}
