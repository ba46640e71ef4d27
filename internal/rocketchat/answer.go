package rocketchat

import "strings"

// NoDepartment is the id under which the rooms without a department are counted.
const NoDepartment = "none"

// Answer is what the server counted in a period.
type Answer struct {
	// Departments are those with at least one room to count, in no order. Each
	// ID stands once.
	Departments []Department
	// Complete is false if the server has more departments than it handed over.
	Complete bool
}

// Department is one department's number.
type Department struct {
	// ID is the server's _id, in valid UTF-8, or [NoDepartment].
	ID string
	// Rooms is how many there are.
	Rooms int64
}

// collected are the rows of one or more pages of an answer. The order of the
// server's rows is not stable, so that pages can repeat rows, and miss some.
type collected struct {
	rows  map[departmentID]int64
	total int64
	// moved says that the pages are of different moments: total changed between
	// them, so that rows may be missing or stale.
	moved bool
}

// add takes a page over. A row that was there before is replaced.
func (c *collected) add(p page) {
	if c.rows == nil {
		c.rows = make(map[departmentID]int64, len(p.rows))
	} else if c.total != p.total {
		c.moved = true
	}
	for _, r := range p.rows {
		c.rows[r.id] = r.count
	}
	c.total = p.total
}

// missing is how many departments the server still has, 0 also if it does not
// say how many there are.
func (c *collected) missing() int64 {
	return max(0, c.total-int64(len(c.rows)))
}

// answer returns the rows under the ids that they are known by outside. Ids that
// become the same one are counted together: nothing is lost, and none stands
// twice.
func (c *collected) answer() Answer {
	byID := make(map[string]int64, len(c.rows))
	for id, count := range c.rows {
		byID[id.public()] += count
	}
	answer := Answer{Departments: make([]Department, 0, len(byID)), Complete: c.total >= 0 && c.missing() == 0 && !c.moved}
	for id, rooms := range byID {
		answer.Departments = append(answer.Departments, Department{ID: id, Rooms: rooms})
	}
	return answer
}

// public is the id in valid UTF-8. An empty one is none at all.
func (id departmentID) public() string {
	if id.null || id.sent == "" {
		return NoDepartment
	}
	return strings.ToValidUTF8(id.sent, "\uFFFD")
}
