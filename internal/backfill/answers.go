package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"livechat_exporter/internal/budget"
	"livechat_exporter/internal/rocketchat"
)

const (
	budgetWait = time.Second // Until the budget is tried again.
	retryWait  = time.Minute // Until a call that failed is sent again.
	// completeTries is how often an answer may be incomplete: finding out how a server
	// gives all of its departments can take more calls than the budget has left.
	completeTries = 3
	// maxCached bounds the numbers of rooms in memory, 8 bytes each.
	maxCached = 3 << 20
)

// answers are the numbers of past periods: from memory, from the journal, or from the
// server.
type answers struct {
	client      *rocketchat.Client
	journal     *journal
	departments departments
	retrying    func(err error)
	answered    func(question)

	cache  map[question]vector
	cached int // The numbers in it.
}

// question is what an answer is for: rooms that were abandoned or all that were opened, in
// a period whose bounds belong to it.
type question struct {
	opened     bool
	start, end int64 // In milliseconds since the epoch.
}

// abandoned returns how many rooms were opened and closed in a period and abandoned.
func (a *answers) abandoned(ctx context.Context, start, end time.Time) (vector, error) {
	return a.get(question{start: start.UnixMilli(), end: end.UnixMilli()}, func(counts map[string]int64) error {
		return a.untilComplete(ctx, func() (bool, error) {
			// All queries have one key: what the client learns of paging holds for each.
			got, err := a.client.AbandonedRooms(ctx, rocketchat.Query{Key: "backfill"}, start, end)
			if err == nil && got.Complete {
				add(counts, got)
			}
			return got.Complete, err
		})
	})
}

// opened returns how many rooms were opened in a period. That takes two calls, one directly
// after the other, because a room moves from one number to the other with each message.
func (a *answers) opened(ctx context.Context, start, end time.Time) (vector, error) {
	return a.get(question{opened: true, start: start.UnixMilli(), end: end.UnixMilli()}, func(counts map[string]int64) error {
		return a.untilComplete(ctx, func() (bool, error) {
			calls, _ := a.client.Reserve(rocketchat.AmountOfChats, budget.Waiter{ID: a}, "answered", "waiting")
			if calls == nil {
				return false, rocketchat.ErrBudgetSpent
			}
			defer calls[0].Release()
			defer calls[1].Release()
			answered, err := a.client.Rooms(ctx, rocketchat.Query{Key: "answered", Calls: calls[0]}, start, end, true)
			if err != nil {
				return false, err
			}
			waiting, err := a.client.Rooms(ctx, rocketchat.Query{Key: "waiting", Calls: calls[1]}, start, end, false)
			if err != nil || !answered.Complete || !waiting.Complete {
				return false, err
			}
			add(counts, answered)
			add(counts, waiting)
			return true, nil
		})
	})
}

func add(counts map[string]int64, got rocketchat.Counts) {
	for _, d := range got.Departments {
		counts[d.ID] += d.Rooms
	}
}

// get returns an answer. The server is asked for what neither the memory nor the journal
// has.
func (a *answers) get(q question, ask func(counts map[string]int64) error) (vector, error) {
	if v, ok := a.cache[q]; ok {
		return v, nil
	}
	counts, known, err := a.journal.answer(q)
	if err == nil && !known {
		counts = make(map[string]int64)
		if err = ask(counts); err == nil {
			err = a.journal.add(q, counts)
		}
	}
	if err != nil {
		return nil, err
	}
	if !known {
		a.answered(q)
	}
	v := make(vector, 0, len(counts))
	for id, n := range counts {
		number := a.departments.number(id)
		if number >= len(v) {
			v = slices.Grow(v, number+1-len(v))[:number+1]
		}
		v[number] = n
	}
	if a.cached += len(v) + 8; a.cached > maxCached || a.cache == nil {
		a.cache, a.cached = make(map[question]vector), len(v)
	}
	a.cache[q] = v
	return v, nil
}

// list returns the department list of now.
func (a *answers) list(ctx context.Context) ([]rocketchat.Department, error) {
	var list rocketchat.DepartmentList
	err := a.untilComplete(ctx, func() (complete bool, err error) {
		list, err = a.client.Departments(ctx, rocketchat.Query{Key: "backfill"})
		return list.Complete, err
	})
	return list.Departments, err
}

// untilComplete asks when the budget allows until an answer is complete, and again after a
// failure that can pass. What needs somebody to change something is an error.
func (a *answers) untilComplete(ctx context.Context, ask func() (complete bool, err error)) error {
	for incomplete := 0; ; {
		complete, err := ask()
		wait := retryWait
		failure, failed := errors.AsType[*rocketchat.Error](err)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil && complete:
			return nil
		case err == nil:
			incomplete++
			if incomplete == completeTries {
				return errors.New("the server does not hand over all of its departments: turn API_Allow_Infinite_Count on, " +
					"give the account the permission api-bypass-rate-limit (role bot), or upgrade Rocket.Chat if it is older than 7.9; a part of the past is worse than none")
			}
		case errors.Is(err, rocketchat.ErrBudgetSpent):
			wait = budgetWait
		case !failed || lasting(failure.Outcome):
			return err
		default:
			a.retrying(fmt.Errorf("%w; retrying in %s", err, wait))
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// lasting reports whether a failure stays until somebody changes something.
func lasting(outcome rocketchat.Outcome) bool {
	switch outcome {
	case rocketchat.Unauthorized, rocketchat.Forbidden, rocketchat.Unlicensed, rocketchat.Redirected,
		rocketchat.NotFound, rocketchat.InvalidParams, rocketchat.NoCredentials:
		return true
	default:
		return false
	}
}
