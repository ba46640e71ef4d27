package collector

import (
	"context"
	"time"

	"livechat_exporter/internal/rocketchat"
)

// roomsOf returns the resource of the rooms that were opened in a window. Newer
// releases read an absent "answered" as false, older ones as both, so that it takes two
// calls to have them all on every release.
func roomsOf(api API, window Window) *resource {
	return &resource{
		name: roomsResource, metric: roomsMetric, window: window,
		route: rocketchat.AmountOfChats, memory: newMemory(2),
		fetch: func(ctx context.Context, now time.Time, questions []*rocketchat.Question) (answer, error) {
			period := window.Period(now)
			ask := func(answered bool, question *rocketchat.Question) func(context.Context) (rocketchat.Answer, error) {
				return func(ctx context.Context) (rocketchat.Answer, error) {
					return api.Rooms(ctx, period.Start, period.End, answered, question)
				}
			}
			answered, waiting, err := both(ctx, ask(true, questions[0]), ask(false, questions[1]))
			if err != nil {
				return answer{}, err
			}
			all := rocketchat.Answer{
				Departments: merge(answered.Departments, waiting.Departments, func(a, b int64) int64 { return a + b }),
				Complete:    answered.Complete && waiting.Complete,
			}
			counts, err := countsOf(all)
			return answer{period: period, complete: all.Complete, counts: counts}, err
		},
	}
}
