package rocketchat

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
)

// DepartmentList is what the server knows of its departments, archived ones too.
type DepartmentList struct {
	// Departments are ordered by ID. Each ID stands once.
	Departments []ListedDepartment
	// Complete is false if the server has more departments than it handed over.
	Complete bool
}

// ListedDepartment is one department of the list.
type ListedDepartment struct {
	// ID is the server's _id, in valid UTF-8. It is never [NoDepartment].
	ID string
	// Name is what people call it, in valid UTF-8. It can be empty, can change, and
	// can be another department's too.
	Name string
	// Enabled departments take new chats. An archived one never does.
	Enabled bool
	// Archived departments are out of use, and kept for their history.
	Archived bool
	// Agents is how many agents are assigned to it, -1 if the server does not say.
	Agents int64
}

// DepartmentList asks for all departments of the workspace, in every edition of the
// server. Units, which group departments, are not among them.
//
// It needs one call, and more if the list does not fit into one, like an answer of
// [Client.AbandonedRooms]; the errors are like those of that.
//
// https://developer.rocket.chat/apidocs/get-list-of-departments
func (c *Client) DepartmentList(ctx context.Context, question *Question) (DepartmentList, error) {
	p := pager[listedRow]{client: c, question: question, support: &c.listPaging, query: query[listedRow]{
		route:  departmentList,
		values: url.Values{"showArchived": {"true"}},
		decode: decodeList,
	}}
	got, err := p.answer(ctx)
	if err != nil {
		return DepartmentList{}, err
	}
	return listed(got), nil
}

// listed returns the rows under the ids that they are known by outside. Where ids
// become the same one, the one that was sent first in the alphabet stands for all of
// them; the id that the rooms without a department are counted under is nobody's.
func listed(c collected[listedRow]) DepartmentList {
	rows := slices.SortedFunc(slices.Values(c.rows), func(a, b listedRow) int {
		return cmp.Or(cmp.Compare(a.id.public(), b.id.public()), cmp.Compare(a.id.sent, b.id.sent))
	})
	rows = slices.CompactFunc(rows, func(a, b listedRow) bool { return a.id.public() == b.id.public() })
	list := DepartmentList{Departments: make([]ListedDepartment, 0, len(rows)), Complete: c.complete()}
	for _, r := range rows {
		if id := r.id.public(); id != NoDepartment {
			list.Departments = append(list.Departments, ListedDepartment{
				ID:       id,
				Name:     strings.ToValidUTF8(r.name, "\uFFFD"),
				Enabled:  r.enabled && !r.archived,
				Archived: r.archived,
				Agents:   r.agents,
			})
		}
	}
	return list
}
