package main

import "fmt"

// Expressions with one series for each workspace, that both dashboards begin with.

const askedAt = "livechat_refresh_timestamp_seconds"

var (
	// workspaces are those that were scraped in the last day.
	workspaces = "group " + byWorkspace + " (" + recent(of("livechat_up"), "1d") + ")"

	// asked is when the data was asked for, as far back as a day.
	asked = "max " + byWorkspace + " (" + recent(of(askedAt, abandonedRoomsAsked), "1d") + ")"

	// fresh are the workspaces with data that is young enough.
	fresh = fmt.Sprintf("time() - max %s (%s) <= %d", byWorkspace, recent(of(askedAt, abandonedRoomsAsked), "5m"), staleAfter)

	// answering are the workspaces whose exporter Prometheus has reached lately.
	answering = "max " + byWorkspace + " (max_over_time(" + of("up") + "[5m])) == 1"

	// dead, stale and unanswered are the workspaces without fresh data, with a sentence.
	dead = expr(
		rewrite(since, "sentence", "NO DATA since $1: the monitoring (exporter) does not answer", "since", "(.*)"),
		"unless "+onWorkspace+" "+in(fresh),
		"unless "+onWorkspace+" "+in(answering),
	)
	stale = expr(
		rewrite(since, "sentence", "NO NEW DATA since $1: Rocket.Chat does not answer", "since", "(.*)"),
		"unless "+onWorkspace+" "+in(fresh),
		"and "+onWorkspace+" "+in(answering),
	)
	unanswered = expr(
		label("max "+byWorkspace+" ("+of("livechat_up")+") == bool 0", "sentence", "NO DATA yet: Rocket.Chat has not answered"),
		"unless "+onWorkspace+" "+in(asked),
	)

	// since has a label with the clock time at which data was asked for.
	since = clock(byWorkspace, asked, "$1:$2")
)

// clock makes a label since of a moment, with its hour and minute.
func clock(by, moment, text string) string {
	return rewrite(
		fmt.Sprintf("count_values %s (\"clock\", 10000 + 100 * hour(%s) + minute(%s))", by, in(moment)+localTime, in(moment)+localTime),
		"since", text, "clock", "1(..)(..)")
}

// localTime moves a time to the browser's time zone: Prometheus has the hours of UTC alone.
const localTime = " + (${__to:date:H} * 3600 + ${__to:date:m} * 60 + ${__to:date:s} - ${__to:date:seconds} % 86400)"

// named adds the workspace's name, where several are chosen.
func named(e string) string {
	return expr(in(e), with(onWorkspace, "workspace", expr(
		rewrite(workspaces, "workspace", " ($1)", "instance", "(.+)")+" and on () count("+workspaces+") > 1",
		"or "+onWorkspace,
		workspaces,
	)))
}

// more adds a label with how many others there are.
func more(all string) string {
	return with("on ()", "more", expr(counting("count"+in(all)+" - 1 > 0", "more", " (+$1 more)"), "or on ()", "vector(1)"))
}

// counting makes a label of a text with a number.
func counting(number, name, text string) string {
	return rewrite(`count_values("number", round`+in(number)+")", name, text, "number", "(.*)")
}

// attempted are the workspaces whose configuration has a resource.
func attempted(resource string, more ...string) string {
	return "group " + byWorkspace + " (" + recent(of("livechat_refresh_success", append(more, `resource="`+resource+`"`)...), "15m") + ")"
}

// ranked gives every series the value of a state.
func ranked(e string, state int) string {
	return fmt.Sprintf("(%s * 0 + %d)", in(e), state)
}
