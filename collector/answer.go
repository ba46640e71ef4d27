package collector

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"livechat_exporter/internal/rocketchat"
)

// answer is a good answer. It does not change once it is there.
type answer struct {
	// askedAt is when it was asked for.
	askedAt time.Time
	period  Period
	// complete is whether the server handed over all departments.
	complete bool
	// counts are the numbers of the departments that the answer names, ordered by
	// ID.
	counts []rocketchat.Department
	// countedAt is when the counts were asked for: earlier than askedAt where an
	// incomplete answer left the counter as it was.
	countedAt time.Time
	// others says that the departments that the answer does not name have a number
	// too: 0 where unnamed has no other.
	others  bool
	unnamed map[string]int64
	// implied are departments that the answer speaks of without a room to count: in
	// order, of the counter alone. They count as named where no whole list says which
	// departments there are: with one, they would keep those that are gone.
	implied []string
	// list are the departments of the list, ordered by ID; nil in other answers.
	list []rocketchat.ListedDepartment
	// active are the ids of those that are not archived.
	active []string
	// counter is the beginning of what the counts count from, zero for gauges.
	counter time.Time
}

// errNoLabel is the error of an id or a name that no label can hold.
var errNoLabel = errors.New("is not valid UTF-8")

// countsOf returns the numbers of an answer of the API.
func countsOf(got rocketchat.Answer) ([]rocketchat.Department, error) {
	for _, d := range got.Departments {
		if !utf8.ValidString(d.ID) {
			return nil, fmt.Errorf("department %q: %w", d.ID, errNoLabel)
		}
	}
	return got.Departments, nil
}

// both asks two questions at once and returns their answers; one failure fails both.
func both(
	ctx context.Context, first, second func(context.Context) (rocketchat.Answer, error),
) (a, b rocketchat.Answer, err error) {
	var errA, errB error
	var wg sync.WaitGroup
	wg.Go(func() { a, errA = first(ctx) })
	b, errB = second(ctx)
	wg.Wait()
	if errA != nil {
		return a, b, errA
	}
	return a, b, errB
}

// merge returns what combine makes of the numbers of each department in a or b, which
// are ordered by ID. An id that one of them lacks has 0 there.
func merge(a, b []rocketchat.Department, combine func(a, b int64) int64) []rocketchat.Department {
	merged := make([]rocketchat.Department, 0, max(len(a), len(b)))
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].ID < b[0].ID:
			merged = append(merged, rocketchat.Department{ID: a[0].ID, Rooms: combine(a[0].Rooms, 0)})
			a = a[1:]
		case len(a) == 0 || b[0].ID < a[0].ID:
			merged = append(merged, rocketchat.Department{ID: b[0].ID, Rooms: combine(0, b[0].Rooms)})
			b = b[1:]
		default:
			merged = append(merged, rocketchat.Department{ID: a[0].ID, Rooms: combine(a[0].Rooms, b[0].Rooms)})
			a, b = a[1:], b[1:]
		}
	}
	return merged
}
