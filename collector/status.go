package collector

import (
	"cmp"
	"time"
)

// ResourceStatus is how one resource of a workspace stands, for people.
type ResourceStatus struct {
	// Resource and Window are the labels of its series; Route is what it asks.
	Resource, Window, Route string
	// Attempted is whether an attempt has ended.
	Attempted bool
	// Succeeded is whether the latest attempt gave a valid answer.
	Succeeded bool
	// Outcome is "ok", or the reason why the latest attempt failed: a word of a
	// closed set. It is empty if none has ended.
	Outcome string
	// Running is whether an attempt is on its way.
	Running bool
	// AskedAt is when the last good answer was asked for, zero if there is none.
	AskedAt time.Time
	// Exported is whether that answer is still exported.
	Exported bool
	// CallsLeft is how many calls of the route could be sent now, -1 without a
	// limit.
	CallsLeft int
	// NextCall is when the next call of the route can be sent, zero if at once.
	NextCall time.Time
}

// Status returns how the resources stand now, in a fixed order. It asks nothing.
func (w *Workspace) Status() []ResourceStatus {
	now := w.options.Now()
	all := make([]ResourceStatus, len(w.resources))
	for i, r := range w.resources {
		s := ResourceStatus{
			Resource: r.name, Window: r.window.name, Route: r.route,
			Exported: r.exported(now, w.options.MaxAge) != nil,
		}
		s.CallsLeft, s.NextCall = w.options.API.CallsLeft(r.route)
		r.mu.Lock()
		s.Running = r.running != nil
		s.AskedAt = r.state.askedAt
		if s.Attempted = !r.state.endedAt.IsZero(); s.Attempted {
			s.Outcome = cmp.Or(r.state.failure.reason, "ok")
			s.Succeeded = r.state.failure == failure{}
		}
		r.mu.Unlock()
		all[i] = s
	}
	return all
}
