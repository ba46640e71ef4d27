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
	// ids are the exported departments, in order: those that an answer names, those of
	// the list that are not archived, and [rocketchat.NoDepartment].
	ids []string
	// list are the departments of the list, ordered by ID.
	list []rocketchat.Department
}

// exportedAnswer is an answer and its resource.
type exportedAnswer struct {
	*answer

	resource *resource
}

// page returns what can be exported now.
func (w *Workspace) page(now time.Time) page {
	p := page{ids: []string{rocketchat.NoDepartment}}
	complete := false // Whether there is a complete department list.
	for _, r := range w.resources {
		a := r.exported(now, w.options.MaxAge)
		if a == nil {
			continue
		}
		p.answers = append(p.answers, exportedAnswer{a, r})
		p.ids = union(p.ids, len(a.counts), func(i int) string { return a.counts[i].ID })
		if waiting := a.awaitingReply.Departments; !a.complete { // Otherwise they are among the counts.
			p.ids = union(p.ids, len(waiting), func(i int) string { return waiting[i].ID })
		}
		if r.name == resourceDepartments {
			p.list, complete = a.list, a.complete
		}
	}
	active := slices.DeleteFunc(slices.Clone(p.list), func(d rocketchat.Department) bool { return d.Archived })
	p.ids = union(p.ids, len(active), func(i int) string { return active[i].ID })
	for _, a := range p.answers {
		if !complete {
			p.ids = union(p.ids, len(a.restIDs), func(i int) string { return a.restIDs[i] })
		}
	}
	return p
}

// union returns the ids together with n others; both are in order.
func union(ids []string, n int, other func(int) string) []string {
	all := make([]string, 0, max(len(ids), n))
	for i := range n {
		for len(ids) > 0 && ids[0] < other(i) {
			all, ids = append(all, ids[0]), ids[1:]
		}
		if len(ids) == 0 || ids[0] != other(i) {
			all = append(all, other(i))
		}
	}
	return append(all, ids...)
}

// departments yields the index and id of each department, with its entry in the list, nil
// if there is none.
func (p *page) departments(yield func(i int, id string, listed *rocketchat.Department)) {
	list := p.list
	for i, id := range p.ids {
		for len(list) > 0 && list[0].ID < id {
			list = list[1:]
		}
		var listed *rocketchat.Department
		if len(list) > 0 && list[0].ID == id {
			listed = &list[0]
		}
		yield(i, id, listed)
	}
}

// names returns the readable names of the departments.
func (p *page) names() []string {
	names := make([]string, len(p.ids))
	p.departments(func(i int, id string, listed *rocketchat.Department) {
		switch {
		case id == rocketchat.NoDepartment:
			names[i] = noDepartmentName
		case listed != nil && listed.Name != "":
			names[i] = listed.Name
		default:
			names[i] = id
		}
	})
	return names
}
