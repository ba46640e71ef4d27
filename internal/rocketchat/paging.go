package rocketchat

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"livechat_exporter/internal/budget"
)

const (
	// pageSize is the server's default API_Upper_Count_Limit, to which it reduces a larger
	// count.
	pageSize = 100
	maxPages = maxDepartments / pageSize
)

// Query is one of a series of equal queries, such as those for one window.
type Query struct {
	// Key identifies the series on its route: the client remembers for it how an answer
	// arrives whole, so that finding out does not cost a call each time.
	Key string
	// Calls are those reserved for the query with [Client.Reserve]. If nil, the query
	// makes a reservation itself.
	Calls *budget.Reservation
}

// way is how the answers of a query arrive.
type way int

const (
	// inOne is without paging parameters, which every release accepts: up to 50
	// departments, and how many there are.
	inOne way = iota
	// whole is with count=0: all departments, unless API_Allow_Infinite_Count is off.
	whole
	// inPages is with offset and count.
	inPages
)

// pagingMode is what is known of a query.
type pagingMode struct {
	way   way
	pages int // How many calls the pages take.
}

// refusedFor is how long a route that refused paging parameters is asked without them:
// servers are upgraded.
const refusedFor = time.Hour

// pagingState is what a client knows of paging. It is safe for concurrent use.
type pagingState struct {
	mu      sync.Mutex
	queries map[string]pagingMode
	// refusals is when a route last refused paging parameters, as the analytics routes of
	// releases up to 7.0 do.
	refusals map[*Route]time.Time
}

func (s *pagingState) mode(route *Route, key string, now time.Time) (mode pagingMode, refused bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queries[route.Name+"/"+key], now.Sub(s.refusals[route]) < refusedFor
}

func (s *pagingState) learn(route *Route, key string, learned pagingMode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queries[route.Name+"/"+key] = learned
}

func (s *pagingState) refuse(route *Route, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals[route] = now
}

// calls is how many calls the next answer takes, as far as is known. Pages that can never
// be had within the limit are not waited for.
func (m pagingMode) calls(limit budget.Limit) int {
	if m.way != inPages || m.pages > maxPages || limit.Calls > 0 && m.pages > limit.Calls {
		return 1
	}
	return m.pages
}

// Reserve reserves the calls that the next answers to the queries of these keys take, all
// or none, and how many those are. The reservations are nil if the budget does not reach;
// otherwise each must be released.
func (c *Client) Reserve(route *Route, waiter budget.Waiter, keys ...string) (shares []*budget.Reservation, calls int) {
	now := c.options.Now()
	return c.options.Budget.Route(route.Name).Reserve(waiter, func(limit budget.Limit) []int {
		need := make([]int, len(keys))
		for i, key := range keys {
			mode, _ := c.paging.mode(route, key, now)
			need[i] = mode.calls(limit)
		}
		return need
	})
}

// collected are the rows of one or more pages of an answer.
type collected struct {
	rows  []row // Ordered by label.
	total int64
	pages int
	last  int // How many rows the last page had.
	// changed is whether total changed between pages: rows may be missing or stale.
	changed bool
}

// add adds a page. The server's order is not stable, so pages can repeat rows, of which
// the later one counts, and miss others.
func (c *collected) add(rows []row, total int64) {
	c.changed = c.changed || c.pages > 0 && c.total != total
	c.total, c.last = total, len(rows)
	c.pages++
	if c.pages == 1 {
		c.rows = rows
		return
	}
	repeated := make(map[row]bool, len(rows))
	for _, r := range rows {
		repeated[r.key()] = true
	}
	c.rows = append(slices.DeleteFunc(c.rows, func(r row) bool { return repeated[r.key()] }), rows...)
}

// missing is how many departments the server still has, 0 also if that is unknown.
func (c *collected) missing() int { return max(0, int(c.total)-len(c.rows)) }

// complete reports whether all departments of one moment have come.
func (c *collected) complete() bool { return c.total >= 0 && c.missing() == 0 && !c.changed }

// pager gets one answer, all calls with the same values.
type pager struct {
	client *Client
	route  *Route
	query  Query
	values url.Values
	decode func(account, []byte) (rows []row, total int64, err error)
}

// run gets the answer as whole as the server and the budget allow: first without paging
// parameters, then all departments at once, then page by page. It begins with what
// worked the last time. What is still missing makes the answer incomplete; that is not an
// error. The rows are ordered by label.
func (p *pager) run(ctx context.Context) (got collected, err error) {
	now := p.client.options.Now()
	if p.query.Calls == nil {
		if p.query.Calls, err = p.client.one(p.route); err != nil {
			return got, err
		}
		defer p.query.Calls.Release()
	}
	mode, refused := p.client.paging.mode(p.route, p.query.Key, now)
	begin := mode.way
	switch {
	case refused:
		begin = inOne
	case begin == inPages && p.query.Calls.Left() < mode.pages:
		begin = whole // The pages are more than the limit: the server may allow it by now.
	}
	if begin == inOne {
		if err = p.add(ctx, &got, url.Values{}); err != nil || got.missing() == 0 || refused {
			return got, err
		}
	}
	if begin != inPages {
		if !p.query.Calls.Extend(1) {
			p.learn(pagingMode{way: whole})
			return got, nil
		}
		all := collected{}
		if err = p.add(ctx, &all, paging(0, 0)); err != nil {
			return got, p.unless(got, err)
		}
		if got = all; got.missing() == 0 {
			p.learn(pagingMode{way: whole})
			return got, nil
		}
	}
	// The pages are an answer of their own: null rows of two answers must not be added.
	paged := collected{}
	calls, err := p.pages(ctx, got.total, &paged)
	if err != nil {
		return got, p.unless(got, err)
	}
	p.learn(pagingMode{way: inPages, pages: calls})
	if len(paged.rows) >= len(got.rows) {
		got = paged
		slices.SortFunc(got.rows, byLabel)
	}
	return got, nil
}

func (p *pager) learn(learned pagingMode) { p.client.paging.learn(p.route, p.query.Key, learned) }

// unless returns the error, or nil if it means that the server refuses paging parameters
// and an answer without them has come. The route is not asked with them again for a while.
func (p *pager) unless(got collected, err error) error {
	if e, ok := errors.AsType[*Error](err); !ok || e.Outcome != InvalidParams {
		return err
	}
	p.client.paging.refuse(p.route, p.client.options.Now())
	if got.pages > 0 {
		return nil
	}
	return err
}

// pages gets one page after the other as long as all of them fit the budget. It returns
// how many calls they take.
func (p *pager) pages(ctx context.Context, total int64, got *collected) (calls int, err error) {
	offset, size := 0, pageSize
	rest := max(1, int(total)) // Unknown when the answer begins with pages.
	for {
		left := (rest + size - 1) / size
		if calls+left > maxPages || !p.query.Calls.Extend(left) {
			return calls + left, nil
		}
		if err := p.add(ctx, got, paging(offset, pageSize)); err != nil {
			return 0, err
		}
		calls++
		size = got.last // The server can have a smaller API_Upper_Count_Limit.
		offset += size
		rest = int(got.total) - offset
		if size == 0 || rest <= 0 {
			return calls, nil
		}
	}
}

// paging are the parameters of a page; count 0 is for all departments.
func paging(offset, count int) url.Values {
	values := url.Values{"count": {strconv.Itoa(count)}}
	if offset > 0 {
		values.Set("offset", strconv.Itoa(offset))
	}
	return values
}

// add sends one call and adds its page.
func (p *pager) add(ctx context.Context, got *collected, values url.Values) error {
	maps.Copy(values, p.values)
	return p.client.get(ctx, p.query.Calls, p.route, values, func(a account, data []byte) error {
		rows, total, err := p.decode(a, data)
		if err == nil {
			err = sortRows(rows)
		}
		if err == nil {
			got.add(rows, total)
		}
		return err
	})
}
