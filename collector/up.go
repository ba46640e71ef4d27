package collector

import "time"

// upFor is how long one good answer speaks for the workspace.
const upFor = 2 * time.Minute

// up reports whether the workspace gives valid answers: one that ended within
// upFor is enough; if nothing ended in that time, the latest verdict stands.
func up(states []refreshState, now time.Time) bool {
	var latest refreshState
	for _, s := range states {
		if !s.succeeded.IsZero() && now.Sub(s.succeeded) <= upFor {
			return true
		}
		if s.endedAt.After(latest.endedAt) {
			latest = s
		}
	}
	return !latest.endedAt.IsZero() && latest.failure == (failure{})
}

// states returns how the latest attempts of every resource ended.
func (w *Workspace) states() []refreshState {
	states := make([]refreshState, len(w.resources))
	for i, r := range w.resources {
		states[i] = r.current()
	}
	return states
}
