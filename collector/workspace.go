package collector

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"

	"livechat_exporter/internal/rocketchat"
)

// API is what the package needs of a workspace. It must be safe for concurrent
// use, and its ids must stand once in each answer, in order. Its methods are
// documented at rocketchat.Client.
type API interface {
	AbandonedRooms(ctx context.Context, start, end time.Time, question *rocketchat.Question) (rocketchat.Answer, error)
	Rooms(ctx context.Context, start, end time.Time, answered bool, question *rocketchat.Question) (rocketchat.Answer, error)
	DepartmentList(ctx context.Context, question *rocketchat.Question) (rocketchat.DepartmentList, error)
	// Reserve and Release are called for every attempt, before and after it.
	Reserve(route string, place rocketchat.Place, questions ...*rocketchat.Question) (calls int, ok bool)
	Release(questions ...*rocketchat.Question)
	// CallsLeft is for people: what could be sent of a route now.
	CallsLeft(route string) (calls int, next time.Time)
}

// Options are what a [Workspace] needs. All are required but Previous.
type Options struct {
	// API asks the workspace.
	API API
	// Calls counts what API sends; it is on the workspace's page.
	Calls *APICalls
	// Windows are exported each; their names differ.
	Windows []Window
	// Rooms, Counter and Departments say whether to ask for the chats opened in each
	// window, for the counter of abandonments, and for the list of departments.
	Rooms, Counter, Departments bool
	// Zone is the time zone whose months the counter counts in.
	Zone *time.Location
	// InactivityTimeout is what the workspace is configured to.
	InactivityTimeout time.Duration
	// MaxAge is how far beyond its refresh interval an exported answer may age.
	MaxAge time.Duration
	// Now is the clock.
	Now func() time.Time
	// Logger is told when refreshing begins to fail, fails for another reason,
	// and succeeds again; at level debug of every attempt.
	Logger log.Logger
	// Previous is the workspace that this one takes the place of, with the same
	// address and account, nil if there is none. What it knows of the resources
	// that both have is kept. It must have been closed.
	Previous *Workspace
}

// Workspace is what the exporter knows of one workspace between scrapes, and the
// attempts that are on their way. Nothing runs in it unless it is scraped. It is safe
// for concurrent use.
type Workspace struct {
	options   Options
	resources []*resource

	// lifetime is the context of the attempts: they outlive the scrape that began
	// them.
	lifetime context.Context //nolint:containedctx // An attempt belongs to the workspace, not to a request.
	end      context.CancelFunc
	attempts sync.WaitGroup

	// departments are the series that no page is using, nil if there are none. Two pages
	// at once have each its own.
	departments atomic.Pointer[departmentSeries]

	starting sync.Mutex // Held by the scrape that looks for what is due.
	turns    uint64     // How many attempts have begun; guarded by starting.
	telling  sync.Mutex // Held by the scrape that logs what changed.
}

// NewWorkspace returns the workspace. It asks nothing before the first scrape, and has
// to be closed.
func NewWorkspace(options Options) *Workspace {
	w := &Workspace{options: options, resources: resources(options)}
	w.lifetime, w.end = context.WithCancel(context.Background())
	if previous := options.Previous; previous != nil {
		for _, r := range w.resources {
			r.takeOver(previous.resources)
		}
		w.turns = previous.turns
		w.options.Previous = nil // It has nothing more to give.
	}
	return w
}

// Close ends the calls that are on their way, and returns when they have ended. A
// closed workspace can be scraped: it gives the answers that it has.
func (w *Workspace) Close() {
	w.starting.Lock()
	w.end()
	w.starting.Unlock()
	w.attempts.Wait()
	w.logChanges()
}

// Scrape returns one scrape, which ends when ctx does.
func (w *Workspace) Scrape(ctx context.Context) Scrape {
	return &scrape{ctx: ctx, workspace: w}
}
