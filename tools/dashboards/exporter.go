package main

import (
	"fmt"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// The states of the exporter's banner.
const (
	allAnswer = iota
	partial
	failing
	unreached
	allUnreached
)

// timeout is the scrape timeout of a workspace.
var timeout = expr(
	in(of("scrape_timeout_seconds")+"\nor "+of("up")+" * 0 + $scrape_timeout"),
	"and "+onWorkspace+" "+of("livechat_up"),
)

// mine leaves the series of the exporters themselves.
func mine(e string) string {
	return e + "\nand " + onWorkspace + " " + of("livechat_exporter_build_info")
}

// fewLines is how many lines of what there can be any number of are in a chart.
const fewLines = 6

// tail leaves the n series that rank highest at the end of the time range.
func tail(n int, e, on, ranking string) string {
	return e + "\nand on (job, instance" + on + ") " + fmt.Sprintf("topk(%d, %s)", n, ranking)
}

// exporterBanner is one sentence on all workspaces.
func exporterBanner() panel {
	const resources = "by (job, instance, resource, window)"
	failed := "max " + resources + " (" + of("livechat_refresh_success") + ") == 0"
	reload := "min " + byWorkspace + " (" + of("livechat_exporter_config_last_reload_successful") + ") == 0"
	incomplete := "max " + resources + " (" + of("livechat_refresh_complete") + ") == 0"
	without := in(dead) + " or " + in(stale) + " or " + in(unanswered)
	return sentence("Now", "The worst of the chosen workspaces in one sentence. Red: no fresh data, a resource without a valid answer, or a configuration file that could not be loaded. Orange: the server hands over fewer departments than it has.",
		3, steps{first: "dark-red"}.from(allAnswer, usualColor).from(partial, "dark-orange").from(failing, "dark-red"), []query{
			{legend: "All {{all}} workspaces: {{sentence}}", expr: expr(ranked(dead, allUnreached),
				with("on ()", "all", counting("count"+in(dead)+" == count"+in(workspaces)+" > 1", "all", "$1")))},
			{legend: "{{instance}}: {{sentence}}{{more}}", expr: expr(ranked(without, unreached), more(without))},
			{legend: "{{instance}}: no valid answer about {{resource}} {{window}}{{more}}", expr: expr(ranked(failed, failing), more(failed))},
			{legend: "{{instance}}: the configuration file has a mistake{{more}}", expr: expr(ranked(reload, failing), more(reload))},
			{legend: "{{instance}}: departments are missing in {{resource}} {{window}}{{more}}", expr: expr(ranked(incomplete, partial), more(incomplete))},
			{legend: "All workspaces answer: {{workspaces}}", expr: `count_values("workspaces", count(` + workspaces + ")) * 0"},
			{legend: "No data: Prometheus has no such workspace", expr: fmt.Sprintf("vector(%d)", nothing)},
		})
}

// exporterNumbers are the worst numbers, with the workspace that they are of.
func exporterNumbers() []panel {
	top := func(e string) query {
		return query{legend: "{{instance}}", expr: "topk" + in("1, "+e)}
	}
	some := func(e string) query {
		return query{legend: "{{instance}}", expr: expr("topk"+in("1, "+e+" > 0"), "or on ()", label("max"+in(e), "instance", "no workspace"))}
	}
	red := steps{first: "text"}
	tiles := []panel{
		number("Workspaces without an answer", "How many of the workspaces that were scraped in the last day gave no valid answer about abandoned chats in the last 2 minutes (livechat_up), and how many there are.",
			4, "none", red.from(1, "red"), common.BigValueColorModeValue,
			query{legend: "of {{workspaces}}", expr: expr(
				"(count("+workspaces+"\nunless "+onWorkspace+" "+of("livechat_up")+" == 1) or on () vector(0))",
				with("on ()", "workspaces", counting("count"+in(workspaces), "workspaces", "$1")))}),
		number("Oldest data", "How long ago the oldest answer about chats was asked for, and of which workspace. Red from the limit of the alert LivechatDataStale on.",
			4, "s", red.from(staleAfter, "red"), common.BigValueColorModeValue, top("max "+byWorkspace+" (time() - "+recent(of(askedAt, `resource!="departments"`), "1d")+")")),
		number("Failing resources", "Resources and windows whose latest attempt brought no valid answer, of the workspace with the most. The log of the exporter says why, and what to do.",
			4, "none", red.from(1, "red"), common.BigValueColorModeValue, some("sum "+byWorkspace+" ("+of("livechat_refresh_success")+" == bool 0)")),
		number("Incomplete answers", "Answers in which the server handed over fewer departments than it has, of the workspace with the most. Such an answer fills no zeros.",
			4, "none", red.from(1, "orange"), common.BigValueColorModeValue, some("sum "+byWorkspace+" ("+of("livechat_refresh_complete")+" == bool 0)")),
		number("Scrape time of timeout", "How much of the scrape timeout the slowest scrape took. Near 100 % pages are lost. The timeout is Prometheus' scrape_timeout_seconds where that is stored, else the variable Scrape timeout.",
			4, "percentunit", red.from(slowScrape, "orange"), common.BigValueColorModeValue, top("max "+byWorkspace+" ("+of("scrape_duration_seconds")+" / on (job, instance) "+in(timeout)+")")),
		number("Configuration loaded", "When the configuration was last loaded, by the exporter whose is the oldest. Its file may have changed since.",
			4, "dateTimeAsIso", red, common.BigValueColorModeNone,
			query{legend: "{{instance}}", expr: "bottomk(1, 1000 * " + of("livechat_exporter_config_last_reload_success_timestamp_seconds") + ")"}),
	}
	for i := range tiles {
		tiles[i] = sized(tiles[i], 36)
		tiles[i].defaults.NoValue = new("not scraped")
		tiles[i].defaults.Decimals = new(0.0)
	}
	tiles[5] = sized(tiles[5], 24) // A date.
	return tiles
}

// slowScrape is the share of the scrape timeout of the alert LivechatScrapeSlow.
const slowScrape = 0.8

// parts are the resources that the configuration has.
func parts() panel {
	var queries []query
	for _, resource := range []string{"abandoned_rooms", "abandonments", "rooms", "departments", "chats_waiting", "agents"} {
		queries = append(queries, query{legend: resource, expr: expr(
			"count("+attempted(resource)+")",
			"or on ()",
			"vector(0) and on () "+attempted("abandoned_rooms"),
		)})
	}
	p := number("Workspaces by what they are asked for", "On how many workspaces the exporter asks for each resource. Off is as configured, and no fault: the keys counter (abandonments), rooms, departments and live (chats_waiting, agents).",
		24, "none", plain, common.BigValueColorModeNone, queries...)
	p.defaults.Mappings = texts(map[string]string{"0": "off, as configured"})
	p.defaults.NoValue = new("not scraped")
	return sized(p, 28)
}

// refreshes are charts of whether and when there were answers.
func refreshes() []panel {
	const success, series = "livechat_refresh_success", ", resource, window"
	const by = "by (job, instance" + series + ")"
	// Results are in the order of their first label.
	rank := fmt.Sprintf("count_values %s (\"_rank\", 1000 + round(1000 * max %s (avg_over_time(%s[$__range] @ end()))))", by, by, of(success))
	timeline := states("Refreshes, the worst first", fmt.Sprintf("Whether the latest attempt of each resource and window brought a valid answer: of all workspaces the %d that failed for the longest time.", worst), 12, 12,
		map[string]string{"-1": "not scraped", "0": "failing", "1": "ok"}, steps{first: unknownColor}.from(0, "red").from(1, "green"),
		query{
			step: scrapeInterval, legend: "{{instance}} · {{resource}} {{window}}",
			expr: expr(
				in(tail(worst, in(either(
					"max "+by+" ("+of(success)+")",
					"-1 * max "+by+" ("+recent(of(success), "$__range")+" >= bool 0)",
				)), series, "max "+by+" (1 - avg_over_time("+of(success)+"[$__range] @ end()))")),
				with("on (job, instance"+series+")", "_rank", rank),
			),
		})
	age := "max by (job, instance, resource) (time() - " + recent(of(askedAt), "1h") + ")"
	// A subquery has no fixed order, in which topk takes equal ages: that of the first operand.
	oldest := "0 * max by (job, instance, resource) (last_over_time(" + of(askedAt) + "[$__range] @ end()))\n+ max by (job, instance, resource) (max_over_time((time() - " + recent(of(askedAt), "1h") + ")[$__range:5m] @ end()))"
	ages := limit(lines("Age of the answers, the oldest first", "How long ago the last good answer of each resource was asked for: the oldest of its windows. The line is the limit of the alert LivechatDataStale. Departments are asked for every 5 minutes.", 12, 6, "s",
		query{
			step: scrapeInterval, legend: "{{resource}} · {{instance}}",
			expr: tail(fewLines, age, ", resource", oldest),
		}),
		plain.from(staleAfter, "red"))
	return []panel{timeline, ages, failedCalls(12, 6)}
}

// perMinute is how often something was counted in a minute, of the series with the most in
// the time range. What never occurred is left out.
func perMinute(metric, labels string, more ...string) string {
	return tail(fewLines, "60 * sum by (job, instance, "+labels+") (rate("+of(metric, more...)+"[$__rate_interval]))", ", "+labels,
		"sum by (job, instance, "+labels+") (increase("+of(metric, more...)+"[$__range] @ end())) > 0")
}

func failedCalls(width, height uint32) panel {
	p := lines("Calls that failed", "Calls per minute by how they ended, those that brought an answer left out.", width, height, "cpm",
		query{step: scrapeInterval, legend: "{{outcome}} · {{instance}}", expr: perMinute("livechat_api_requests_total", "outcome", `outcome!="ok"`)})
	p.defaults.NoValue = new("No call has failed")
	return p
}

// calls are charts of the calls to Rocket.Chat.
func calls() []panel {
	const signing = `route!~"login|logout|info"`
	const byRoute = "{{route}} · {{instance}}"
	sent := lines("Calls per minute, of the budget", "Calls per minute by route, those of logging in left out. The budget (dashed) is the variable Budget: set it to rate_limit of the exporter's configuration.", 8, 8, "cpm",
		query{step: scrapeInterval, legend: byRoute, expr: perMinute("livechat_api_requests_total", "route", signing)},
		query{step: scrapeInterval, legend: "budget of a route", expr: "vector($budget)"})
	sent.overrides = []dashboard.DashboardFieldConfigSourceOverrides{override("budget of a route", dashed("red")...)}
	deferred := lines("Deferred calls", "Calls per minute that a scrape would have needed and did not get, because of the budget or a server that said wait. Some are normal where there are more calls than the budget allows; the answers are then older.", 8, 8, "cpm",
		query{step: scrapeInterval, legend: byRoute, expr: perMinute("livechat_api_calls_deferred_total", "route", signing)})
	deferred.defaults.NoValue = new("No call was deferred")
	const remaining = "livechat_api_rate_limit_remaining"
	left := lines("Calls left until the server's limit, the fewest", "The last X-RateLimit-Remaining of the server. At 0 the next call in the same minute is refused.", 8, 8, "none",
		query{step: scrapeInterval, legend: byRoute, expr: tail(fewLines, "min by (job, instance, route) ("+of(remaining)+")", ", route",
			"-min by (job, instance, route) (avg_over_time("+of(remaining)+"[$__range] @ end()))")})
	left.defaults.NoValue = new("The server names no limit")
	scrapes := lines("Scrape time, of its timeout", "How long a scrape took, and the timeout (dashed): Prometheus' scrape_timeout_seconds where that is stored, else the variable Scrape timeout.", 8, 8, "s",
		query{step: scrapeInterval, legend: "{{instance}}", expr: tail(fewLines, "max "+byWorkspace+" ("+of("scrape_duration_seconds")+")\nand "+onWorkspace+" "+of("livechat_up"), "",
			"max "+byWorkspace+" (avg_over_time("+of("scrape_duration_seconds")+"[$__range] @ end()))\nand "+onWorkspace+" ("+of("livechat_up")+" @ end())")},
		query{step: scrapeInterval, legend: "timeout", expr: "max" + in(timeout)})
	scrapes.overrides = []dashboard.DashboardFieldConfigSourceOverrides{override("timeout", dashed("red")...)}
	return []panel{
		sent, deferred, left, quantile("half of them", "Half of the calls of a route took no longer than this (the median).", 0.5),
		quantile("99 of 100", "99 of 100 calls of a route took no longer than this.", 0.99), scrapes,
	}
}

// quantile is how long calls took, of the slowest, from native or classic histograms.
func quantile(title, description string, q float64) panel {
	const duration = "livechat_api_request_duration_seconds"
	times := func(of func(metric string) string) string {
		return fmt.Sprintf("histogram_quantile(%g, sum by (job, instance, route) (%s))\nor\nhistogram_quantile(%g, sum by (job, instance, route, le) (%s))",
			q, of(duration), q, of(duration+"_bucket"))
	}
	now := times(func(metric string) string { return "rate(" + of(metric) + "[$__rate_interval])" })
	ranking := times(func(metric string) string { return "increase(" + of(metric) + "[$__range] @ end())" })
	return lines("Time of a call: "+title, description, 8, 8, "s",
		query{step: scrapeInterval, legend: "{{route}} · {{instance}}", expr: tail(fewLines, in(now)+" >= 0", ", route", in(ranking)+" >= 0")})
}

// process is about the exporters themselves.
func process() []panel {
	memory := lines("Memory", "Resident memory of the process, and the part of it that the Go heap has in use (dashed).", 6, 8, "bytes",
		query{step: scrapeInterval, legend: "resident · {{instance}}", expr: mine(of("process_resident_memory_bytes"))},
		query{step: scrapeInterval, legend: "heap · {{instance}}", expr: mine(of("go_memstats_heap_inuse_bytes"))})
	memory.overrides = []dashboard.DashboardFieldConfigSourceOverrides{override("heap.*", dashed("yellow")...)}
	goroutines := lines("Goroutines", "Goroutines of the process. A number that only grows is a leak.", 5, 8, "none",
		query{step: scrapeInterval, legend: "{{instance}}", expr: mine(of("go_goroutines"))})
	cpu := lines("CPU", "Processor time per second.", 5, 8, "percentunit",
		query{step: scrapeInterval, legend: "{{instance}}", expr: mine("rate(" + of("process_cpu_seconds_total") + "[$__rate_interval])")})
	build := tableOf(panel{
		title: "Build", description: "Version, revision and Go release of each exporter, and when it last loaded its configuration.", width: 8, height: 8,
		queries: []query{
			{expr: of("livechat_exporter_build_info"), table: true},
			{expr: "1000 * " + of("livechat_exporter_config_last_reload_success_timestamp_seconds"), table: true},
		},
		transformations: []dashboard.DataTransformerConfig{
			transform("merge", map[string]any{}),
			transform("filterFieldsByName", map[string]any{"include": map[string]any{"names": []string{"instance", "version", "revision", "goversion", "Value #B"}}}),
			transform("organize", map[string]any{
				"excludeByName": map[string]bool{}, "indexByName": map[string]int{"instance": 0, "version": 1, "revision": 2, "goversion": 3, "Value #B": 4},
				"renameByName": map[string]string{"instance": "Exporter", "version": "Version", "revision": "Revision", "goversion": "Go", "Value #B": "Configuration loaded"},
			}),
		},
		overrides: []dashboard.DashboardFieldConfigSourceOverrides{
			override("Exporter|Configuration loaded", property("custom.width", 165)),
			override("Version|Revision|Go", property("custom.width", 90)),
			override("Configuration loaded", property("unit", "dateTimeAsIso")),
		},
	}, "none", "")
	list := []panel{memory, goroutines, cpu, build}
	for i := range list {
		list[i].defaults.NoValue = new("The exporter's own page is not scraped")
	}
	return list
}

// exporter is the dashboard for whoever runs the exporter.
func exporter() classic {
	const known = `{__name__=~"livechat_up|livechat_exporter_build_info"%s}`
	return board("livechat-exporter", "Livechat / Exporter", "Whether the exporter works: for whoever runs it.", "now-6h",
		[]dashboard.VariableModel{
			choice("job", "Job", "The scrape jobs of the workspaces and of the exporter itself.", "label_values("+fmt.Sprintf(known, "")+", job)"),
			choice("instance", "Instance", "A workspace, or the address of an exporter.", "label_values("+fmt.Sprintf(known, `, job=~"$job"`)+", instance)"),
			entry("budget", "Budget (calls per minute)", "rate_limit of the exporter's configuration, as calls per minute.", "10"),
			entry("scrape_timeout", "Scrape timeout (s)", "scrape_timeout of the job in Prometheus, in seconds.", "30"),
			runbook(),
		},
		marks(of("ALERTS", `alertname=~"Livechat.+"`, strings.Replace(abandonmentAlerts, "=~", "!~", 1), `alertstate="firing"`)),
		[]dashboard.DashboardLink{
			link("Abandonment", "/d/livechat-abandonment", true),
			link("Runbook", "${runbook}", false),
		},
		[]row{
			{panels: append(append([]panel{exporterBanner()}, exporterNumbers()...), append([]panel{parts()}, refreshes()...)...)},
			{title: "Calls to Rocket.Chat", panels: calls()},
			{title: "The exporter itself", panels: process()},
		})
}
