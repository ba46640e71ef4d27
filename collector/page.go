package collector

import (
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
	// list are the departments of the list, ordered by ID.
	list []rocketchat.ListedDepartment
}

// exportedAnswer is an answer and where it comes from.
type exportedAnswer struct {
	*answer

	resource *resource
}

// page returns what can be exported now.
func (w *Workspace) page(now time.Time) page {
	p := page{ids: []string{rocketchat.NoDepartment}}
	listed := false // Whether a whole list says which departments there are.
	for _, r := range w.resources {
		a := r.exported(now, w.options.MaxAge)
		if a == nil {
			continue
		}
		p.answers = append(p.answers, exportedAnswer{answer: a, resource: r})
		p.ids = union(p.ids, a.counts, func(d *rocketchat.Department) string { return d.ID })
		if r.name == departmentsResource {
			listed = a.complete
			p.list = a.list
			p.ids = union(p.ids, a.active, func(id *string) string { return *id })
		}
	}
	for _, a := range p.answers {
		if !listed {
			p.ids = union(p.ids, a.implied, func(id *string) string { return *id })
		}
	}
	return p
}

// union returns the ids together with those of the elements; all are in order. Mostly
// it has them all: the answers are of the same departments.
func union[E any](ids []string, elements []E, id func(*E) string) []string {
	missing, i := 0, 0
	for e := range elements {
		next := id(&elements[e])
		for i < len(ids) && ids[i] < next {
			i++
		}
		if i == len(ids) || ids[i] != next {
			missing++
		}
	}
	if missing == 0 {
		return ids
	}
	all := make([]string, 0, len(ids)+missing)
	for e := range elements {
		next := id(&elements[e])
		for len(ids) > 0 && ids[0] < next {
			all, ids = append(all, ids[0]), ids[1:]
		}
		if len(ids) == 0 || ids[0] != next {
			all = append(all, next)
		}
	}
	return append(all, ids...)
}

// departments yields the ids in order, each with what the list has of it, nil if
// nothing.
func (p *page) departments(yield func(id string, listed *rocketchat.ListedDepartment) bool) {
	list := p.list
	for _, id := range p.ids {
		for len(list) > 0 && list[0].ID < id {
			list = list[1:]
		}
		var listed *rocketchat.ListedDepartment
		if len(list) > 0 && list[0].ID == id {
			listed = &list[0]
		}
		if !yield(id, listed) {
			return
		}
	}
}

// departmentName is what people call the department.
func departmentName(id string, listed *rocketchat.ListedDepartment) string {
	switch {
	case id == rocketchat.NoDepartment:
		return noDepartmentName
	case listed != nil && listed.Name != "":
		return listed.Name
	default:
		return id
	}
}
