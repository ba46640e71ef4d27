package check

import (
	"fmt"

	"livechat_exporter/internal/rocketchat"
)

// departments tells how many departments the list has.
func (a *attempt) departments() Result {
	if !a.Departments {
		return Result{
			Check: Departments, Status: Skipped, Found: "the configuration has departments: false",
			Meaning: "departments are shown by their ids, and one that nobody left a chat of has no zero",
		}
	}
	got := a.answers[rocketchat.DepartmentRoute]
	if got == nil || got.err != nil {
		return skipped(Departments, "there is no list")
	}
	archived, enabled := 0, 0
	for _, d := range a.list.Departments {
		switch {
		case d.Archived:
			archived++
		case d.Enabled:
			enabled++
		}
	}
	r := Result{Check: Departments, Status: OK, Found: fmt.Sprintf("%s: %d enabled, %d disabled, %d archived",
		many(got.departments, "department"), enabled, got.departments-archived-enabled, archived)}
	switch {
	case !got.complete:
		r.Status = Warning
		r.Found += "; the server has more"
		r.Meaning = "no zeros are filled in, and the departments that are missing are shown by their ids"
		r.Action = "see " + Paging + " below"
	case got.departments == 0:
		r.Meaning = `all chats are counted under department_id="none"`
	case archived > 0:
		r.Meaning = "archived ones are exported only in windows in which chats were abandoned in them"
	}
	return r
}
