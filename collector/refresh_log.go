package collector

import (
	"slices"
	"strings"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// change is what one line of the log tells: windows of a resource that began to
// fail, or fail for another reason than before, all for the same one; or that are
// good again, where failure is zero.
type change struct {
	resource string
	failure  failure
	err      error
	windows  []string
}

// logChanges logs what changed since it last did, in a line for each reason and none
// for what is as it was: the metrics tell that.
func (w *Workspace) logChanges() {
	w.telling.Lock()
	defer w.telling.Unlock()
	var changes []change
	for _, r := range w.resources {
		state, changed := r.tell()
		if !changed {
			continue
		}
		i := slices.IndexFunc(changes, func(c change) bool { return c.resource == r.name && c.failure == state.failure })
		if i < 0 {
			i = len(changes)
			changes = append(changes, change{resource: r.name, failure: state.failure, err: state.err})
		}
		changes[i].windows = append(changes[i].windows, r.window.Name())
	}
	for _, c := range changes {
		c.log(log.With(w.options.Logger, "resource", c.resource, "windows", strings.Join(c.windows, ",")))
	}
}

// tell returns how the resource stands, and whether that is to be told.
func (r *resource) tell() (state refreshState, changed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	changed = r.told != r.state.failure
	r.told = r.state.failure
	return r.state, changed
}

func (c change) log(logger log.Logger) {
	switch {
	case c.failure == failure{}:
		_ = level.Info(logger).Log("msg", "Refresh succeeds again")
	case c.failure.lasts():
		_ = level.Error(logger).Log("msg", "Refresh fails", "reason", c.failure.reason, "err", c.err)
	default:
		_ = level.Warn(logger).Log("msg", "Refresh fails", "reason", c.failure.reason, "err", c.err)
	}
}
