package collector

import (
	"context"
	"time"

	"livechat_exporter/internal/rocketchat"
)

// monthWindow is the value of the label window for the counter.
const monthWindow = "month"

// abandonmentsIn returns the resource of the counter: the abandoned rooms that closed
// since the month began, as the difference of two answers. Both begin with the month
// before, so that a room counts that was open when the month turned; the endpoint alone
// would leave it out of both months.
func abandonmentsIn(api API, zone *time.Location) *resource {
	window := CalendarWindow(monthWindow, ThisMonth, zone)
	return &resource{
		name: abandonmentsResource, metric: abandonmentsMetric, window: window,
		route: rocketchat.TotalAbandonedChats, alive: true, memory: newMemory(2),
		fetch: func(ctx context.Context, now time.Time, questions []*rocketchat.Question) (answer, error) {
			month := window.Period(now)
			start := startOfMonth(month.Start.Add(-time.Millisecond))
			until := func(end time.Time, question *rocketchat.Question) func(context.Context) (rocketchat.Answer, error) {
				return func(ctx context.Context) (rocketchat.Answer, error) {
					return api.AbandonedRooms(ctx, start, end, question)
				}
			}
			// A room closed in the month's first millisecond belongs to the new month,
			// and the bounds are inclusive.
			all, before, err := both(ctx, until(month.End, questions[0]), until(month.Start.Add(-time.Millisecond), questions[1]))
			if err != nil {
				return answer{}, err
			}
			counts, err := countsOf(rocketchat.Answer{
				Departments: merge(all.Departments, before.Departments, sinceThen),
			})
			return answer{period: month, complete: all.Complete && before.Complete, counts: counts, counter: month.Start}, err
		},
	}
}

// sinceThen is how many rooms of all are not among those before. There cannot be fewer
// of all: where it looks so, the one answer comes from a replica that is behind.
func sinceThen(all, before int64) int64 { return max(0, all-before) }
