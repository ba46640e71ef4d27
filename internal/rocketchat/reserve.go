package rocketchat

import (
	"errors"
	"time"
)

// ErrBudgetSpent is wrapped by the error of a question that was not sent because
// nothing is left of the route's budget.
var ErrBudgetSpent = errors.New("the call budget is spent")

// Reserve takes the calls that one answer to each of the questions needs from the
// route's budget, all or none. It returns how many those are. The questions can then be
// asked once, and have to be released. Questions that could not be answered whole
// within the limit get one call each: their answers are incomplete.
func (c *Client) Reserve(route string, place Place, questions ...*Question) (calls int, ok bool) {
	b := c.options.Budget.route(route)
	now := c.options.Now()
	shares := make([]int, len(questions))
	capped := false
	calls, ok = b.reserve(place, func(limit Limit) int {
		total := 0
		for i, q := range questions {
			shares[i] = q.calls(limit, now)
			total += shares[i]
		}
		if capped = total > limit.most(); capped {
			for i := range shares {
				shares[i] = 1
			}
			return len(questions)
		}
		return total
	})
	if ok {
		for i, q := range questions {
			q.grant(b, place, shares[i], capped)
		}
	}
	return calls, ok
}

// Release gives back what the questions did not need. It can be called again.
func (*Client) Release(questions ...*Question) {
	for _, q := range questions {
		q.release()
	}
}

func (q *Question) grant(b *budget, place Place, calls int, capped bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.budget, q.place, q.left, q.capped = b, place, calls, capped
}

func (q *Question) release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.left > 0 {
		q.budget.release(q.left)
	}
	q.left = 0
}

// ensure has so many calls ready, those that were reserved and further ones if need
// be: all or none.
func (q *Question) ensure(b *budget, calls int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.budget == nil {
		q.budget, q.place = b, Place{Holder: q, Since: b.now()}
	}
	if missing := calls - q.left; missing > 0 {
		if q.capped || !q.budget.more(q.place, missing) {
			return false
		}
		q.left = calls
	}
	return true
}

// take takes one call that is ready.
func (q *Question) take() *budget {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.left--
	return q.budget
}

// CallsLeft returns how many calls of the route could be sent now, -1 without a
// limit, and when the next one can be, zero if at once.
func (c *Client) CallsLeft(route string) (calls int, next time.Time) {
	return c.options.Budget.route(route).left()
}
