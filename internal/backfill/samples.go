package backfill

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"livechat_exporter/internal/rocketchat"
)

// instant is what a scrape at that time would have had.
type instant struct {
	at              time.Time
	closed, counter vector
	increase        vector   // Of the counter in the hour before; nil in the first hour of all.
	windows         []vector // In the order of the configuration.
	rooms           vector   // Opened in the window roomsWindow.
}

// maker makes the samples of a workspace, day by day.
type maker struct {
	*history

	list     map[string]rocketchat.Department
	windowed []*windowed
}

func newMaker(h *history, list []rocketchat.Department) *maker {
	m := &maker{history: h, list: make(map[string]rocketchat.Department, len(list))}
	m.departments.number(rocketchat.NoDepartment)
	for _, listed := range list {
		m.list[listed.ID] = listed
		m.departments.number(listed.ID)
	}
	for _, w := range h.windows {
		m.windowed = append(m.windowed, newWindowed(h, w))
	}
	return m
}

// day makes the file of a day.
func (m *maker) day(ctx context.Context, times []time.Time, file, target string) error {
	p := page{maker: m}
	for _, at := range times {
		i := instant{at: at, closed: m.closed(ctx, at), counter: m.counter(ctx, at)}
		if hourAgo := at.Add(-time.Hour); !hourAgo.Before(m.first) {
			i.increase = m.increase(ctx, hourAgo, at)
		}
		if m.roomsWindow > 0 {
			i.rooms = m.rooms(ctx, at.Add(-m.roomsWindow), at)
		}
		for _, w := range m.windowed {
			i.windows = append(i.windows, w.value(ctx, at))
		}
		if err := m.take(); err != nil {
			return err
		}
		p.instants = append(p.instants, i)
	}
	return writeFile(file, target, p.write)
}

// page are the instants of a day.
type page struct {
	*maker

	instants []instant
}

// write writes all samples of the day.
func (p page) write(out openMetrics) {
	if p.counted {
		out.family("livechat_department_abandonments", "counter")
		p.departmentSeries(out, "livechat_department_abandonments_total", func(i instant) vector { return i.counter })
		out.family("livechat_abandonments_period_start_timestamp_seconds", "gauge")
		series := out.series("livechat_abandonments_period_start_timestamp_seconds")
		for _, i := range p.instants {
			out.sample(series, p.month(i.at).start.Unix(), i.at)
		}
	}
	out.family("livechat_department_info", "gauge")
	for id := range p.exported() {
		name := cmp.Or(p.list[id].Name, id)
		if id == rocketchat.NoDepartment {
			name = "(no department)" // As on a page.
		}
		series := out.series("livechat_department_info", "department", name, "department_id", id)
		for _, i := range p.instants {
			out.sample(series, 1, i.at)
		}
	}
	if len(p.windows) > 0 {
		out.family("livechat_department_abandoned_rooms", "gauge")
	}
	for n, w := range p.windows {
		p.departmentSeries(out, "livechat_department_abandoned_rooms", func(i instant) vector { return i.windows[n] }, "window", w.Name)
	}
	p.writeRecorded(out)
}

// departmentSeries writes the series of each department at the instants that have a value.
func (p page) departmentSeries(out openMetrics, name string, value func(instant) vector, labels ...string) {
	for id, number := range p.exported() {
		series := out.series(name, append([]string{"department_id", id}, labels...)...)
		for _, i := range p.instants {
			if v := value(i); v != nil {
				out.sample(series, v.at(number), i.at)
			}
		}
	}
}

// exported are the departments and their numbers in the order of the ids: all that a scrape
// on that day could have had. These are those on the list that are not archived, the rooms
// without one, and those that an answer names.
func (p page) exported() iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		for _, id := range slices.Sorted(maps.Keys(p.departments)) {
			number := p.departments[id]
			listed, ok := p.list[id]
			exported := id == rocketchat.NoDepartment || ok && !listed.Archived ||
				slices.ContainsFunc(p.instants, func(i instant) bool { return i.closed.at(number)+i.rooms.at(number) > 0 })
			if exported && !yield(id, number) {
				return
			}
		}
	}
}

// The windows whose past alerts/livechat.rules.yml reads.
const roomsWindow, sumWindow = "6h", "24h"

// writeRecorded writes the recorded series that alerts/livechat.rules.yml reads from the
// past, as the rules would have made them from the samples of the other series.
func (p page) writeRecorded(out openMetrics) {
	if p.counted {
		const increase1h = "instance_department:livechat_department_abandonments:increase1h"
		out.family(increase1h, "gauge")
		p.departmentSeries(out, increase1h, func(i instant) vector { return i.increase })
	}
	if p.roomsWindow > 0 {
		const rooms = "instance_department_window:livechat_department_rooms:max"
		out.family(rooms, "gauge")
		p.departmentSeries(out, rooms, func(i instant) vector { return i.rooms }, "window", roomsWindow)
	}
	const sum = "instance_window:livechat_department_abandoned_rooms:sum"
	if len(p.windows) > 0 {
		out.family(sum, "gauge")
	}
	for n, w := range p.windows {
		if w.Name != sumWindow {
			continue
		}
		series := out.series(sum, "window", w.Name)
		for _, i := range p.instants {
			out.sample(series, i.windows[n].sum(), i.at)
		}
	}
}
