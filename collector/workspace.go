package collector

import (
	"context"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/internal/rocketchat"
)

// API is what the package needs of a workspace. It must be safe for concurrent
// use, and its ids must stand once in each answer.
type API interface {
	// AbandonedRooms is documented at rocketchat.Client.
	AbandonedRooms(ctx context.Context, start, end time.Time, question *rocketchat.Question) (rocketchat.Answer, error)
}

// Options are what a [Workspace] needs. All are required.
type Options struct {
	// API asks the workspace.
	API API
	// Calls counts what API sends; it is on the workspace's page.
	Calls *APICalls
	// Windows are exported each; their names differ.
	Windows []Window
	// InactivityTimeout is what the workspace is configured to.
	InactivityTimeout time.Duration
	// Now is the clock.
	Now func() time.Time
	// Logger is told when refreshing begins to fail, fails for another reason,
	// and succeeds again; at level debug of every attempt.
	Logger log.Logger
}

// Workspace is what the exporter knows of one workspace between scrapes. It is
// safe for concurrent use.
type Workspace struct {
	options   Options
	resources []*resource
}

// NewWorkspace returns the workspace. It asks nothing before the first scrape.
func NewWorkspace(options Options) *Workspace {
	w := &Workspace{options: options}
	for _, window := range options.Windows {
		w.resources = append(w.resources, abandonedRoomsOf(options.API, window))
	}
	return w
}

// Scrape returns a collector for one scrape, which must end when ctx does.
func (w *Workspace) Scrape(ctx context.Context) prometheus.Collector {
	return &scrape{ctx: ctx, workspace: w}
}

// refresh asks for every resource at the same moment, and returns when all
// attempts have ended, in the order of the resources.
func (w *Workspace) refresh(ctx context.Context) []attempt {
	askedAt := w.options.Now()
	attempts := make([]attempt, len(w.resources))
	var wg sync.WaitGroup
	for i, r := range w.resources {
		wg.Go(func() { attempts[i] = r.try(ctx, askedAt, w.options.Now) })
	}
	wg.Wait()
	logAttempts(w.options.Logger, attempts)
	logChanges(w.options.Logger, attempts)
	return attempts
}
