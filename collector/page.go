package collector

import (
	"slices"
	"time"

	"livechat_exporter/internal/rocketchat"
)

// noDepartmentName is the name of the rooms without a department.
const noDepartmentName = "(no department)"

// page is what a scrape exports of a workspace's departments, all at one moment.
type page struct {
	answers []exportedAnswer
	// ids are the departments that have a number wherever others do: those that an
	// answer names, those of the list that are not archived, and none. In order.
	ids []string
	// list are the departments of the list, by ID.
	list map[string]rocketchat.ListedDepartment
}

// exportedAnswer is an answer and where it comes from.
type exportedAnswer struct {
	*answer
	resource *resource
}

// page returns what can be exported now.
func (w *Workspace) page(now time.Time) page {
	p := page{ids: []string{rocketchat.NoDepartment}, list: map[string]rocketchat.ListedDepartment{}}
	listed := false // Whether a whole list says which departments there are.
	for _, r := range w.resources {
		a := r.exported(now, w.options.MaxAge)
		if a == nil {
			continue
		}
		p.answers = append(p.answers, exportedAnswer{answer: a, resource: r})
		p.ids = union(p.ids, a.counts, func(d rocketchat.Department) string { return d.ID })
		if r.name == departmentsResource {
			listed = a.complete
			p.list = make(map[string]rocketchat.ListedDepartment, len(a.list))
			for _, d := range a.list {
				p.list[d.ID] = d
			}
			p.ids = union(p.ids, slices.DeleteFunc(slices.Clone(a.list), func(d rocketchat.ListedDepartment) bool { return d.Archived }),
				func(d rocketchat.ListedDepartment) string { return d.ID })
		}
	}
	for _, a := range p.answers {
		if !listed {
			p.ids = union(p.ids, a.implied, func(id string) string { return id })
		}
	}
	return p
}

// union returns the ids together with those of the elements; all are in order.
func union[E any](ids []string, elements []E, id func(E) string) []string {
	all := make([]string, 0, max(len(ids), len(elements)))
	for len(ids) > 0 && len(elements) > 0 {
		next := ids[0]
		if other := id(elements[0]); other <= next {
			elements = elements[1:]
			if other == next {
				ids = ids[1:]
			}
			next = other
		} else {
			ids = ids[1:]
		}
		all = append(all, next)
	}
	all = append(all, ids...)
	for _, e := range elements {
		all = append(all, id(e))
	}
	return all
}

// numbers calls yield with the number of each department that the answer has one for,
// in the order of ids, which hold all that it names.
func (a *answer) numbers(ids []string, yield func(id string, number int64)) {
	counts := a.counts
	for _, id := range ids {
		switch {
		case len(counts) > 0 && counts[0].ID == id:
			yield(id, counts[0].Rooms)
			counts = counts[1:]
		case a.others:
			yield(id, a.unnamed[id])
		}
	}
}

// name is what people call the department.
func (p *page) name(id string) string {
	if id == rocketchat.NoDepartment {
		return noDepartmentName
	}
	if listed := p.list[id]; listed.Name != "" {
		return listed.Name
	}
	return id
}
