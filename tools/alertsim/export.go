package main

import (
	"math"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
)

// epoch is when the simulated time begins, a Monday.
var epoch = time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)

// scrapeInterval is the distance of two samples of the counter, whose increase is
// extrapolated from them.
const scrapeInterval = time.Minute

// grid is a period of simulated time with samples of equal distance.
type grid struct {
	from, to time.Time
	step     time.Duration
}

func (g grid) samples() int {
	return int(g.to.Sub(g.from)/g.step) + 1
}

// index is the first sample at a time or after it, at most the number of samples.
func (g grid) index(at time.Time) int {
	since := at.Sub(g.from)
	i := int((since + g.step - 1) / g.step)
	return max(0, min(i, g.samples()))
}

// missing are the values of a series that has no sample yet.
func (g grid) missing() []float64 {
	values := make([]float64, g.samples())
	for i := range values {
		values[i] = math.Float64frombits(value.StaleNaN)
	}
	return values
}

// steps counts what holds at each sample: changes are added up over time.
type steps []int32

// add counts one from a time on, until before another.
func (s steps) add(g grid, from, until time.Time) {
	if until.After(from) {
		s[g.index(from)]++
		s[g.index(until)]--
	}
}

func (s steps) values() []float64 {
	values, n := make([]float64, len(s)-1), int32(0)
	for i := range values {
		n += s[i]
		values[i] = float64(n)
	}
	return values
}

// windows are those of the default configuration that the rules may read.
var windows = map[string]time.Duration{"6h": 6 * time.Hour, "24h": day, "7d": week}

// export stores what the exporter exports of a department, as scrapes would have found it.
// Of what has no range in the rules longer than the evaluation interval, the samples of the
// evaluations are enough.
func (g grid) export(into *memory, instance, department string, chats []chat) {
	name := func(metric string, more ...string) labels.Labels {
		return labels.FromStrings(append([]string{
			model.MetricNameLabel, metric, "job", "livechat", "instance", instance, "department_id", department,
		}, more...)...)
	}
	for window, length := range windows {
		rooms, abandoned := make(steps, g.samples()+1), make(steps, g.samples()+1)
		for _, c := range chats {
			// The end of the window is inclusive, as the server's is.
			leaves := c.opened.Add(length + 1)
			rooms.add(g, c.opened, leaves)
			if c.abandoned {
				abandoned.add(g, c.closed, leaves)
			}
		}
		into.store(name("livechat_department_rooms", "window", window), g.from, g.step, rooms.values())
		into.store(name("livechat_department_abandoned_rooms", "window", window), g.from, g.step, abandoned.values())
	}
	into.store(name("livechat_department_info", "department", "Department "+department), g.from, g.step, constant(g, 1))

	scrapes := grid{from: g.from, to: g.to, step: scrapeInterval}
	counted := make(steps, scrapes.samples()+1)
	for _, c := range chats {
		if c.abandoned {
			counted.add(scrapes, c.closed, month(c.closed).AddDate(0, 1, 0))
		}
	}
	into.store(name("livechat_department_abandonments_total"), g.from, scrapeInterval, counted.values())
}

// exportWorkspace stores what the exporter exports once of a workspace.
func (g grid) exportWorkspace(into *memory, instance string) {
	name := labels.FromStrings(model.MetricNameLabel, "livechat_abandonments_period_start_timestamp_seconds", "job", "livechat", "instance", instance)
	scrapes := grid{from: g.from, to: g.to, step: scrapeInterval}
	start := make([]float64, 0, scrapes.samples())
	for at := g.from; !at.After(g.to); at = at.Add(scrapeInterval) {
		start = append(start, float64(month(at).Unix()))
	}
	into.store(name, g.from, scrapeInterval, start)
}

func constant(g grid, v float64) []float64 {
	values := make([]float64, g.samples())
	for i := range values {
		values[i] = v
	}
	return values
}

// month is when the month of a time began.
func month(at time.Time) time.Time {
	return time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
}
