package collector

import (
	"context"
	"time"

	"livechat_exporter/internal/rocketchat"
)

// abandonedRoomsOf returns the resource of a window's abandoned rooms.
func abandonedRoomsOf(api API, window Window) *resource {
	return &resource{
		name: abandonedRoomsResource, metric: abandonedRoomsMetric, window: window,
		route: rocketchat.TotalAbandonedChats, alive: true, memory: newMemory(1),
		fetch: func(ctx context.Context, now time.Time, questions []*rocketchat.Question) (answer, error) {
			period := window.Period(now)
			got, err := api.AbandonedRooms(ctx, period.Start, period.End, questions[0])
			if err != nil {
				return answer{}, err //nolint:wrapcheck // It names the route; the log line names the rest.
			}
			counts, err := countsOf(got)
			return answer{period: period, complete: got.Complete, counts: counts}, err
		},
	}
}
