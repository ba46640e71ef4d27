package collector

import "time"

// upFor is how long one good answer speaks for the workspace.
const upFor = 2 * time.Minute

// up reports whether the workspace gives valid answers: one that ended within
// upFor is enough; if nothing ended in that time, the latest verdict stands.
func (w *Workspace) up(now time.Time) bool {
	var latest refreshState
	for _, r := range w.resources {
		if !r.alive {
			continue
		}
		s := r.current()
		if !s.succeeded.IsZero() && now.Sub(s.succeeded) <= upFor {
			return true
		}
		if s.endedAt.After(latest.endedAt) {
			latest = s
		}
	}
	return !latest.endedAt.IsZero() && latest.failure == (failure{})
}
