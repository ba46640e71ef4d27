package check

import "slices"

// Status is how a check ended.
type Status string

// The statuses of a check.
const (
	// OK needs nothing.
	OK Status = "ok"
	// Warning lets the exporter work, but not as well as it could.
	Warning Status = "warning"
	// Failed keeps numbers from being exported.
	Failed Status = "failed"
	// Skipped was not checked: it does not concern this configuration, or could not be
	// found out. What is in the way has its own result.
	Skipped Status = "skipped"
)

// worst returns the status that stands for all of them: skipped ones say nothing.
func worst(all ...Status) Status {
	for _, s := range []Status{Failed, Warning} {
		if slices.Contains(all, s) {
			return s
		}
	}
	return OK
}
