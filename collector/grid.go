package collector

import (
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"livechat_exporter/internal/rocketchat"
)

// grid is a metric's series of each department, and of each window if it has that label.
// They are made once, and a page only sets their values: to make them anew for each page
// would be most of what it costs.
type grid struct {
	columns int
	cells   []dto.Metric // By department, then by window.
	values  []float64
	// created is when the counters began to count; nil for gauges.
	created *timestamppb.Timestamp
	// shown are the cells that have a value, in order.
	shown []*dto.Metric
}

// newGrid makes the series. They have the label of a department, and of a window if
// there are any.
func newGrid(m *metric, departments, windows []*dto.LabelPair) *grid {
	columns := max(1, len(windows))
	n := len(departments) * columns
	g := &grid{columns: columns, cells: make([]dto.Metric, n), values: make([]float64, n), shown: make([]*dto.Metric, 0, n)}
	labels := make([]*dto.LabelPair, 0, n*len(m.labels))
	for i := range g.cells {
		first := len(labels)
		labels = append(labels, departments[i/columns])
		if len(windows) > 0 {
			labels = append(labels, windows[i%columns])
		}
		g.cells[i].Label = labels[first:len(labels):len(labels)]
	}
	if m.kind == dto.MetricType_COUNTER {
		g.created = new(timestamppb.Timestamp)
		counters := make([]dto.Counter, n)
		for i := range counters {
			counters[i].Value, counters[i].CreatedTimestamp = &g.values[i], g.created
			g.cells[i].Counter = &counters[i]
		}
		return g
	}
	gauges := make([]dto.Gauge, n)
	for i := range gauges {
		gauges[i].Value = &g.values[i]
		g.cells[i].Gauge = &gauges[i]
	}
	return g
}

// set gives a cell its value. The cells are set in order.
func (g *grid) set(department, column int, value float64) {
	i := department*g.columns + column
	g.values[i] = value
	g.shown = append(g.shown, &g.cells[i])
}

// column is where the numbers of an answer go.
type column struct {
	*answer

	grid *grid
	at   int
	rest []rocketchat.Department // Those that have not been set.
}

// set sets the number of a department, if the answer has one. The departments come in
// order of their ids, and all that the answer names.
func (c *column) set(department int, id string) {
	switch {
	case len(c.rest) > 0 && c.rest[0].ID == id:
		c.grid.set(department, c.at, float64(c.rest[0].Rooms))
		c.rest = c.rest[1:]
	case c.others:
		c.grid.set(department, c.at, float64(c.unnamed[id]))
	}
}
