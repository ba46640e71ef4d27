package rocketchat

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// errPagingRefused means that a call was not sent, because the server is known
// to refuse its parameters.
var errPagingRefused = errors.New("the server takes no paging parameters")

// isPagingRefusal reports whether the error of a call with paging parameters
// means that the server does not take them. Without them the call is legal, so
// any refusal of parameters is one of these.
func isPagingRefusal(err error) bool {
	refused, ok := errors.AsType[*Error](err)
	return errors.Is(err, errPagingRefused) || ok && refused.Outcome == InvalidParams
}

// pagingSupport remembers for a whole workspace whether its server takes paging
// parameters. Releases up to 7.0 refuse them on the analytics routes: their
// parameter schema has no such properties.
type pagingSupport struct {
	// finding is held by the call that finds out; the others wait for it
	// instead of being refused one by one.
	finding chan struct{}

	mu        sync.Mutex
	state     support
	refusedAt time.Time
}

type support int

const (
	unknown support = iota
	granted
	refused
)

func newPagingSupport() pagingSupport {
	return pagingSupport{finding: make(chan struct{}, 1)}
}

// current returns what is known at the moment.
func (s *pagingSupport) current(now time.Time) support {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == refused && now.Sub(s.refusedAt) >= relearn {
		s.state = unknown
	}
	return s.state
}

// call sends a call with paging parameters and learns from how it ends. It fails
// with errPagingRefused if the server is known to refuse them, and with the
// context's error if that ends while another call finds out.
func (s *pagingSupport) call(ctx context.Context, now time.Time, send func() error) error {
	finder, err := s.enter(ctx, now)
	if err != nil {
		return err
	}
	if finder {
		defer func() { <-s.finding }()
	}
	if s.current(now) == refused {
		return errPagingRefused
	}
	err = send()
	s.learn(err, now)
	return err
}

// patience is how long one call waits for another to find out. A call that hangs must
// not cost the others their time.
const patience = time.Second

// enter waits while another call finds out, and reports whether this one has to:
// then it holds finding. What is known already holds nobody up, and neither does a
// call that takes long.
func (s *pagingSupport) enter(ctx context.Context, now time.Time) (finder bool, err error) {
	if s.current(now) != unknown {
		return false, nil
	}
	enough := time.NewTimer(patience)
	defer enough.Stop()
	select {
	case s.finding <- struct{}{}:
	case <-enough.C:
		return false, nil
	case <-ctx.Done():
		return false, fmt.Errorf("wait for another call: %w", ctx.Err())
	}
	if ctx.Err() == nil && s.current(now) == unknown {
		return true, nil
	}
	<-s.finding
	if err = ctx.Err(); err != nil { // Of two things that happen at once, select takes either.
		return false, fmt.Errorf("wait for another call: %w", err)
	}
	return false, nil
}

// learn notes what the end of a call says. Most failures say nothing of its
// parameters.
func (s *pagingSupport) learn(err error, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
		s.state = granted
	case isPagingRefusal(err):
		s.state, s.refusedAt = refused, now
	}
}
