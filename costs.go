package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"livechat_exporter/internal/config"
)

// logCosts says in one line what the configuration costs the server that it costs most:
// the calls of a round, how many rounds a minute the budget allows, and the age that the
// answers then reach.
func logCosts(logger log.Logger, cfg *config.Config) {
	costs := config.Costs(cfg.Workspaces)
	if len(costs) == 0 {
		return
	}
	worst := slices.MaxFunc(costs, func(a, b config.Cost) int { return a.Periods - b.Periods })
	var routes []string
	calls := 0
	for _, c := range costs {
		if c.Address == worst.Address {
			calls += c.Calls
			routes = append(routes, fmt.Sprintf("%s %d", c.Route, c.Calls))
		}
	}
	logger = log.With(level.Info(logger), "msg", "Calls of a round", "workspaces", len(cfg.Workspaces),
		"address", worst.Address, "calls", calls, "routes", strings.Join(routes, ", "))
	if worst.Limit.Calls == 0 {
		_ = logger.Log("rounds_per_minute", "each scrape", "oldest_answer", "that of the scrape")
		return
	}
	perMinute := float64(time.Minute) / float64(worst.Limit.Per) / float64(worst.Periods)
	_ = logger.Log("rounds_per_minute", fmt.Sprintf("%.3g", perMinute), "oldest_answer", worst.Age)
}
