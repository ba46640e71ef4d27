package collector

import (
	"slices"
	"strings"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"livechat_exporter/internal/rocketchat"
)

// change is what one line of the log tells: windows of a resource that began to
// fail, or fail for another reason than before, all for the same one; or that are
// good again, where failure is empty.
type change struct {
	resource string
	failure  string
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
	switch rocketchat.Outcome(c.failure) {
	case "":
		_ = level.Info(logger).Log("msg", "Refresh succeeds again")
	case rocketchat.Unauthorized, rocketchat.Forbidden, rocketchat.Unlicensed, rocketchat.Redirected:
		// None of these heals by itself.
		_ = level.Error(logger).Log("msg", "Refresh fails", "reason", c.failure, "err", c.err)
	default:
		_ = level.Warn(logger).Log("msg", "Refresh fails", "reason", c.failure, "err", c.err)
	}
}
