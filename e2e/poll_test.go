package e2e

import (
	"context"
	"testing"
	"time"
)

// patience is how long a condition may take to come true before the test fails. It
// is far longer than any of them needs, because a busy machine is no error.
const patience = 30 * time.Second

// eventually asks for the condition again and again until it returns no error.
func eventually(t *testing.T, what string, condition func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		err := condition()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s: not within %s: %v", what, patience, err)
		}
	}
}

// within waits for a channel to be closed.
func within(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
		t.Fatalf("%s: not within %s", what, patience)
	}
}
