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

// logChanges logs what changed with these attempts of one scrape, in a line for
// each reason and none for what is as it was: the metrics tell that.
func logChanges(logger log.Logger, attempts []attempt) {
	var changes []change
	for _, a := range attempts {
		if a.before.failure == a.after.failure {
			continue
		}
		i := slices.IndexFunc(changes, func(c change) bool {
			return c.resource == a.resource.name && c.failure == a.after.failure
		})
		if i < 0 {
			i = len(changes)
			changes = append(changes, change{resource: a.resource.name, failure: a.after.failure, err: a.err})
		}
		changes[i].windows = append(changes[i].windows, a.resource.window.Name())
	}
	for _, c := range changes {
		c.log(log.With(logger, "resource", c.resource, "windows", strings.Join(c.windows, ",")))
	}
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

// logAttempts logs every attempt, for whoever wants to watch the scrapes.
func logAttempts(logger log.Logger, attempts []attempt) {
	for _, a := range attempts {
		_ = level.Debug(logger).Log("msg", "Attempted to refresh", "resource", a.resource.name, "window", a.resource.window.Name(),
			"departments", len(a.answer.metrics), "complete", a.answer.complete, "err", a.err)
	}
}
