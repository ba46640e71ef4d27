package check

import (
	"fmt"
	"strings"
	"time"

	"livechat_exporter/internal/rocketchat"
)

// paging tells how the answers of each route arrive whole, and what that costs.
func (a *attempt) paging() Result {
	var found []string
	r := Result{Check: Paging, Status: OK}
	known := false
	for _, route := range analysed() {
		got := a.answers[route]
		if got == nil || got.err != nil {
			continue
		}
		known = true
		p := a.pages(route, got)
		if p.found != "" {
			found = append(found, route+": "+p.found)
		}
		if p.Status != OK && (r.Status == OK || p.Status == Failed) {
			r.Status, r.Meaning, r.Action = p.Status, p.Meaning, p.Action
		}
	}
	switch {
	case !known:
		return skipped(Paging, "there is no answer")
	case len(found) == 0:
		r.Found = "no answer needs it: each came whole in one call"
	default:
		r.Found = strings.Join(found, "; ")
	}
	if r.Status == OK {
		return a.foreseen(r)
	}
	return r
}

// pages is how the answers of one route arrive.
type pages struct {
	Result

	found string // Empty where one call is enough.
}

// firstPage is how many departments the server hands over without paging parameters
// (API_Default_Count).
const firstPage = 50

// pages says how an answer arrived: the client asks without paging parameters first, then
// with count=0 for all, then page by page.
func (a *attempt) pages(route string, got *answer) pages {
	p := pages{Result: Result{Status: OK}}
	last := got.calls[len(got.calls)-1]
	switch n := len(got.calls); {
	case n == 1 && got.complete:
	case n == 2 && got.complete:
		p.found = "all at once with count=0, in 1 call from the second answer on"
	case last.Outcome == rocketchat.InvalidParams, n == 1 && route == rocketchat.AmountOfChats && a.refused():
		p.Status = Warning
		p.found = "the server refuses count and offset, and hands over only " + many(got.departments, "department")
		p.Meaning = "the answer is incomplete: departments are missing and no zeros are filled in (livechat_refresh_complete 0)"
		p.Action = "update Rocket.Chat to 7.9 or newer"
	case got.complete:
		return a.costs(route, n-2)
	case n <= 2 && a.Limit.Calls > 0:
		p.Status = Warning
		p.found = many(got.departments, "department") + ", and the rest takes more calls than rate_limit leaves"
		p.Meaning = "the answer is incomplete until the rest fits (livechat_refresh_complete 0)"
		p.Action = "set API_Allow_Infinite_Count on the server, so that one call brings all, or raise calls in rate_limit"
	default:
		p.Status = Warning
		p.found = fmt.Sprintf("%s in %d calls, and still fewer than the server says it has", many(got.departments, "department"), n)
		p.Meaning = "the answer is incomplete: no zeros are filled in (livechat_refresh_complete 0)"
		p.Action = "set API_Allow_Infinite_Count on the server, so that one call brings all; if it is set, look at the replication of its database"
	}
	return p
}

// refused reports whether the server was found to refuse the paging parameters of the
// analytics routes: then the second of them is not asked with any.
func (a *attempt) refused() bool {
	calls := a.sent.of(rocketchat.TotalAbandonedChats)
	return len(calls) > 0 && calls[len(calls)-1].Outcome == rocketchat.InvalidParams
}

// costs tells of answers that take several pages each, and whether there is time for all.
func (a *attempt) costs(route string, calls int) pages {
	p := pages{found: many(calls, "call") + " for each answer, page by page", Result: Result{Status: OK}}
	if a.Limit.Calls == 0 || calls < 2 {
		return p
	}
	round := 0
	for _, c := range a.Costs {
		if c.Route == route {
			round = c.Calls * calls
		}
	}
	age := 2 * a.Limit.Per * time.Duration(ceil(round, a.Limit.Calls))
	if age > a.MaxAge {
		p.Status = Warning
		p.Meaning = fmt.Sprintf("a round takes %d calls, with %s: numbers become %s old, and are exported for %s only (max_age)",
			round, shownLimit(a.Limit), shown(age), shown(a.MaxAge))
		p.Action = "set API_Allow_Infinite_Count on the server, so that one call brings all, configure fewer windows, or raise max_age"
	}
	return p
}

// foreseen warns where the departments fit into one answer today, and would not if chats
// were abandoned in all of them.
func (a *attempt) foreseen(r Result) Result {
	if len(a.list.Departments) <= firstPage || !refusesPaging(a.release) {
		return r
	}
	r.Status = Warning
	r.Meaning = fmt.Sprintf("there are %d departments, and this release hands over %d of them at most", len(a.list.Departments), firstPage)
	r.Action = "update Rocket.Chat to 7.9 or newer before that matters"
	return r
}

// refusesPaging reports whether a release is known to refuse paging parameters on the
// analytics routes: up to 7.0 all do, and none from 7.9 on.
func refusesPaging(release string) bool {
	var major, minor int
	if n, _ := fmt.Sscanf(release, "%d.%d", &major, &minor); n != 2 {
		return false
	}
	return major < 7 || major == 7 && minor == 0
}
