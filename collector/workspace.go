// Package collector is the Prometheus side of the exporter: the state of a workspace
// between scrapes, the scrape, and the metrics.
//
// A [Workspace] has a resource for each thing that it asks Rocket.Chat for: the abandoned
// rooms of a window, the rooms opened in it, the counter, the department list, the chats
// waiting, the agents. A scrape
// starts an attempt of each resource that is due and gets its calls from the budget, waits
// until the attempts have ended or its own deadline has passed, and exports the last good
// answer of each resource that has not expired. Attempts outlive their scrape. Nothing
// runs between scrapes but calls in flight.
//
// The package knows neither HTTP nor YAML.
package collector

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"

	"livechat_exporter/internal/budget"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/window"
)

// API is what the package needs of a workspace: a [rocketchat.Client], which documents
// the methods.
type API interface {
	Reserve(route *rocketchat.Route, waiter budget.Waiter, keys ...string) (shares []*budget.Reservation, calls int)
	AbandonedRooms(ctx context.Context, q rocketchat.Query, start, end time.Time) (rocketchat.Counts, error)
	Rooms(ctx context.Context, q rocketchat.Query, start, end time.Time, answered bool) (rocketchat.Counts, error)
	Departments(ctx context.Context, q rocketchat.Query) (rocketchat.DepartmentList, error)
	ChatsWaiting(ctx context.Context, q rocketchat.Query) (int64, error)
	Agents(ctx context.Context, q rocketchat.Query) (rocketchat.Agents, error)
}

// Options are what a [Workspace] needs. All are required but Previous.
type Options struct {
	API API
	// Metrics are those of API's calls; they are on the workspace's page.
	Metrics *APIMetrics
	// Windows are exported each; their names differ.
	Windows []window.Window
	// Rooms, Counter, Departments and Live switch on the rooms opened in each window, the
	// counter, the department list, and the chats waiting and agents now.
	Rooms, Counter, Departments, Live bool
	// Zone is where calendar windows and the counter's months begin.
	Zone *time.Location
	// InactivityTimeout is exported as configured.
	InactivityTimeout time.Duration
	// MaxAge is how far beyond its refresh interval an exported answer may age.
	MaxAge time.Duration
	// Now is the clock.
	Now func() time.Time
	// Logger logs when a resource begins to fail, fails for another reason, and recovers.
	Logger log.Logger
	// Previous is a closed workspace with the same address and account, whose state is
	// kept where a resource is asked for the same; nil if there is none.
	Previous *Workspace
}

// Workspace is the state of one workspace. It is safe for concurrent use.
type Workspace struct {
	options   Options
	resources []*resource

	// lifetime is the context of the attempts.
	lifetime context.Context
	cancel   context.CancelFunc
	attempts sync.WaitGroup

	// idle are department series that no page is using; see exposition.go.
	idle atomic.Pointer[departmentSeries]

	scheduling sync.Mutex // Held by the scrape that starts what is due.
	started    uint64     // How many attempts have started; guarded by scheduling.
	logging    sync.Mutex // Held by the scrape that logs what has changed.
}

// NewWorkspace returns a workspace. It sends nothing before the first scrape, and must be
// closed.
func NewWorkspace(options Options) *Workspace {
	w := &Workspace{options: options, resources: newResources(options)}
	w.lifetime, w.cancel = context.WithCancel(context.Background())
	if options.Previous != nil {
		w.inherit(options.Previous)
		w.options.Previous = nil // It would stay in memory.
	}
	return w
}

// inherit takes over the state of the resources that both workspaces have.
func (w *Workspace) inherit(previous *Workspace) {
	sameZone := w.options.Zone.String() == previous.options.Zone.String()
	for _, r := range w.resources {
		i := slices.IndexFunc(previous.resources, r.sameAs)
		if i >= 0 && (sameZone || r.window.Calendar == "") {
			r.state = previous.resources[i].state
		}
	}
	w.started = previous.started
}

// Close cancels the calls in flight and returns when their attempts have ended. A closed
// workspace can still be scraped: it exports the answers that it has.
func (w *Workspace) Close() {
	w.scheduling.Lock()
	w.cancel()
	w.scheduling.Unlock()
	w.attempts.Wait()
	w.logChanges()
}

// upFor is how long one good answer keeps livechat_up at 1.
const upFor = 2 * time.Minute

// up reports whether the workspace gives valid numbers: if an attempt that ended within
// upFor did, or else if the latest attempt did.
func (w *Workspace) up(now time.Time) bool {
	var latest status
	for _, r := range w.resources {
		if r.route != rocketchat.TotalAbandonedChats {
			continue
		}
		s := r.current()
		if !s.succeededAt.IsZero() && now.Sub(s.succeededAt) <= upFor {
			return true
		}
		if s.endedAt.After(latest.endedAt) {
			latest = s
		}
	}
	return !latest.endedAt.IsZero() && latest.failure == (failure{})
}

// ResourceStatus is the state of one resource, for people.
type ResourceStatus struct {
	// Resource and Window are the labels of its series.
	Resource, Window string
	// Outcome is "ok", or why the latest attempt failed; empty if none has ended.
	Outcome string
	// Running is whether an attempt is in flight.
	Running bool
	// AskedAt is when the last good answer was asked for, zero if there is none.
	AskedAt time.Time
	// Exported is whether that answer is still exported.
	Exported bool
}

// Status returns the state of the resources, in a fixed order. It sends nothing.
func (w *Workspace) Status() []ResourceStatus {
	now := w.options.Now()
	all := make([]ResourceStatus, len(w.resources))
	for i, r := range w.resources {
		s := r.current()
		all[i] = ResourceStatus{
			Resource: r.name, Window: r.label, Outcome: s.failure.outcome,
			Running: s.running, AskedAt: s.askedAt, Exported: r.exported(now, w.options.MaxAge) != nil,
		}
		if !s.endedAt.IsZero() && s.err == nil {
			all[i].Outcome = string(rocketchat.OK)
		}
	}
	return all
}
