package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/window"
)

// routesOfScrape returns the routes that a scrape may use. Those that need no licence are
// first, because they show whether the account is accepted.
func routesOfScrape() []*rocketchat.Route {
	return []*rocketchat.Route{
		rocketchat.Departments, rocketchat.Inquiries, rocketchat.AgentsStatus, rocketchat.TotalAbandonedChats, rocketchat.AmountOfChats,
	}
}

// server requests the version, without credentials, and returns the error.
func (p *probe) server(ctx context.Context) error {
	version, err := p.client.Version(ctx)
	now := p.options.Now()
	switch {
	case err == nil:
		p.version = version
		calls := p.sent(rocketchat.ServerInfo)
		call := calls[len(calls)-1]
		p.add(OK, "server", fmt.Sprintf("Rocket.Chat %s answered in %s", version, shown(call.Duration)), "")
		p.clock(call, now)
	case concernsAll(err):
		p.fail("server", err)
	default: // A proxy may block this route alone.
		what, hint := p.explain(err)
		p.add(Warning, "server", "the version is unknown: "+what, hint)
	}
	return err
}

// routes sends one query of each route that the configuration uses. It stops at a failure
// that concerns all of them, and at any failure of a server whose version is unknown.
func (p *probe) routes(ctx context.Context, infoErr error) {
	stopped := infoErr != nil && concernsAll(infoErr)
	var skipped []string
	for _, route := range routesOfScrape() {
		switch {
		case !slices.Contains(p.Routes(), route):
		case stopped:
			skipped = append(skipped, route.Name)
		default:
			err := p.query(ctx, route)
			stopped = err != nil && (infoErr != nil || concernsAll(err))
		}
	}
	if len(skipped) > 0 {
		p.add(Skipped, "routes", "not called after the failure above: "+strings.Join(skipped, ", "), "")
	}
}

// query sends one query of the route, for the window that begins first, because it costs
// the server most. It adds the finding and returns the error.
func (p *probe) query(ctx context.Context, route *rocketchat.Route) error {
	q := rocketchat.Query{Key: p.Name}
	now := p.options.Now().In(p.Timezone.Location)
	longest := slices.MinFunc(p.Windows, func(a, b window.Window) int { return a.Period(now).Start.Compare(b.Period(now).Start) })
	period := longest.Period(now)
	found, departments, complete := "", 0, true
	var err error
	numbers := func(counts rocketchat.Counts, failed error) {
		departments, complete, err = len(counts.Departments), counts.Complete, failed
		found = plural(departments, "department") + " in window " + longest.Name
	}
	switch route {
	case rocketchat.Departments:
		var list rocketchat.DepartmentList
		list, err = p.client.Departments(ctx, q)
		departments, complete = len(list.Departments), list.Complete
		found = plural(departments, "department")
	case rocketchat.AmountOfChats:
		numbers(p.client.Rooms(ctx, q, period.Start, period.End, true))
	case rocketchat.TotalAbandonedChats:
		numbers(p.client.AbandonedRooms(ctx, q, period.Start, period.End))
	case rocketchat.Inquiries:
		var waiting int64
		waiting, err = p.client.ChatsWaiting(ctx, q)
		found = plural(int(waiting), "chat") + " waiting"
	case rocketchat.AgentsStatus:
		var a rocketchat.Agents
		a, err = p.client.Agents(ctx, q)
		found = fmt.Sprintf("%d agents available, %d busy, %d away, %d offline", a.Available, a.Busy, a.Away, a.Offline)
	default:
		err = errors.New("check has no query for this route")
	}
	if err != nil {
		p.fail(route.Name, err)
		return err
	}
	p.verified = true
	p.answered(route, found, departments, complete)
	return nil
}

func (p *probe) answered(route *rocketchat.Route, found string, departments int, complete bool) {
	calls, slowest := p.sent(route), time.Duration(0)
	for _, call := range calls {
		slowest = max(slowest, call.Duration)
	}
	found += ", answered in " + shown(slowest)
	if !complete {
		found += "; the server has more"
	}
	severity, hint := Warning, ""
	switch {
	case refusesPaging(p.version) && (!complete || departments > 50):
		hint = "update Rocket.Chat to 7.9 or newer: older ones return 50 departments at most"
	case !complete:
		hint = "set API_Allow_Infinite_Count on the server, or raise calls in rate_limit"
	case slowest > time.Duration(p.Timeout)/2:
		found += fmt.Sprintf("; timeout is %s", p.Timeout)
		hint = "raise timeout or use shorter windows, and look at the load of the server's database"
	case len(calls) > 2: // The second call tries to get all departments at once.
		found += fmt.Sprintf("; an answer takes %d calls", len(calls))
		hint = "set API_Allow_Infinite_Count on the server: then one call returns all departments"
	default:
		severity = OK
	}
	p.add(severity, route.Name, found, hint)
}

// refusesPaging reports whether a release may refuse paging parameters on the routes of
// the numbers: 7.0 does, and 7.9 does not.
func refusesPaging(version string) bool {
	var major, minor int
	n, _ := fmt.Sscanf(version, "%d.%d", &major, &minor)
	return n == 2 && (major < 7 || major == 7 && minor < 9)
}

// concernsAll reports whether calls of other routes would fail in the same way.
func concernsAll(err error) bool {
	failed, ok := errors.AsType[*rocketchat.Error](err)
	if !ok || failed.Route == rocketchat.Login.Name {
		return ok
	}
	switch failed.Outcome {
	case rocketchat.Forbidden, rocketchat.InvalidParams, rocketchat.RateLimited, rocketchat.ServerError, rocketchat.NotFound, rocketchat.BadResponse:
		return false
	default:
		return true
	}
}

// fail adds a failure. Those that concern all routes have a topic of their own.
func (p *probe) fail(topic string, err error) {
	if failed, ok := errors.AsType[*rocketchat.Error](err); ok {
		switch {
		case failed.Outcome == rocketchat.NoCredentials:
			topic = "credentials"
		case failed.Outcome == rocketchat.Unauthorized, failed.Route == rocketchat.Login.Name:
			topic = "account"
		case failed.Outcome == rocketchat.Unlicensed:
			topic = "licence"
		}
	}
	what, hint := p.explain(err)
	p.add(Failed, topic, what, hint)
}

// explain returns what happened and what to do about it.
func (p *probe) explain(err error) (what, hint string) {
	failed, ok := errors.AsType[*rocketchat.Error](err)
	switch {
	case ok && failed.Outcome == rocketchat.RateLimited:
		return fmt.Sprintf("HTTP %d: %s", failed.Status, failed.What), fmt.Sprintf("run the check again in %s; "+
			"if it fails again, others call from this address: lower calls in rate_limit", p.RateLimit.Per)
	case ok && failed.Status > 0:
		return fmt.Sprintf("HTTP %d: %s", failed.Status, failed.What), failed.Hint
	case ok:
		return failed.What, failed.Hint
	case errors.Is(err, rocketchat.ErrBudgetSpent):
		return "rate_limit, " + shownLimit(p.RateLimit) + ", leaves no call for this check",
			fmt.Sprintf("check one workspace at a time with --workspace, %s apart", p.RateLimit.Per)
	default:
		return err.Error(), ""
	}
}
