package rocketchat

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
)

// maxDepartmentName limits a department's name, in bytes.
const maxDepartmentName = 1024

// DepartmentList is what the server knows of its departments, archived ones included.
type DepartmentList struct {
	// Departments are ordered by ID. Each ID stands once.
	Departments []Department
	// Complete is false if the server has more departments than it handed over.
	Complete bool
}

// Department is one department of the list.
type Department struct {
	// ID is the server's _id in valid UTF-8. It is never [NoDepartment].
	ID string
	// Name is in valid UTF-8; empty if unknown. It can change, and another department can
	// have it too.
	Name string
	// Enabled is whether the department takes new chats, nil if unknown. An archived one
	// never does.
	Enabled *bool
	// Archived departments are out of use and kept for their history.
	Archived bool
	// Agents is how many agents are assigned to it, -1 if unknown.
	Agents int64
}

// listRow is a row of the list. Every field but the id is optional.
type listRow struct {
	ID        string   `json:"_id"`
	Name      optional `json:"name"`
	Enabled   optional `json:"enabled"`
	Archived  optional `json:"archived"`
	NumAgents optional `json:"numAgents"`
}

// optional is a value as it was sent, of whatever type: a wrong one costs itself, and not
// the list.
type optional struct{ json.RawMessage }

// text is a string, empty if there is none or it is too long for a name.
func (o optional) text() string {
	var s string
	if json.Unmarshal(o.RawMessage, &s) != nil || len(s) > maxDepartmentName {
		return ""
	}
	return s
}

// number is a whole number, -1 if there is none or it is negative.
func (o optional) number() int64 {
	n, err := strconv.ParseInt(string(o.RawMessage), 10, 64)
	if err != nil || n < 0 || n > maxCount {
		return -1
	}
	return n
}

// flag is true or false, nil if there is neither.
func (o optional) flag() *bool {
	switch string(o.RawMessage) {
	case "true":
		return new(true)
	case "false":
		return new(false)
	}
	return nil
}

// Departments returns all departments of the workspace. Units, which group departments,
// are not among them. Calls and errors are as for [Client.AbandonedRooms].
//
// https://developer.rocket.chat/apidocs/get-list-of-departments
func (c *Client) Departments(ctx context.Context, q Query) (DepartmentList, error) {
	p := pager{client: c, route: Departments, query: q, values: url.Values{"showArchived": {"true"}}, decode: decodeList}
	got, err := p.run(ctx)
	if err != nil {
		return DepartmentList{}, err
	}
	list := DepartmentList{Complete: got.complete()}
	for _, r := range got.rows {
		last := len(list.Departments) - 1
		if taken := r.entry.ID == NoDepartment || last >= 0 && list.Departments[last].ID == r.entry.ID; !taken {
			list.Departments = append(list.Departments, *r.entry)
		}
	}
	return list, nil
}

func decodeList(a account, data []byte) ([]row, int64, error) {
	answered, total, err := decodeRows(data, listRow{})
	rows := make([]row, len(answered))
	for i, r := range answered {
		d := Department{ID: r.ID, Name: r.Name.text(), Enabled: r.Enabled.flag(), Agents: r.NumAgents.number()}
		switch {
		case d.ID == "", len(d.ID) > maxDepartmentID:
			return nil, 0, errBadDepartment
		case a.appearsIn(d.ID), a.appearsIn(d.Name):
			return nil, 0, errCredential
		}
		if archived := r.Archived.flag(); archived != nil && *archived {
			d.Archived, d.Enabled = true, new(false)
		}
		rows[i] = row{label: r.ID, entry: &d}
	}
	return rows, total, err
}
