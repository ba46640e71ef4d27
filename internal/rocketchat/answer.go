package rocketchat

import (
	"cmp"
	"slices"
	"strings"
)

// NoDepartment is the id under which the rooms without a department are counted.
const NoDepartment = "none"

// Answer is what the server counted in a period.
type Answer struct {
	// Departments are those with at least one room to count, ordered by ID. Each
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

// row is one department of an answer.
type row interface {
	key() departmentID
	// texts are the parts of the row that came as text, for labels; empty ones say
	// nothing.
	texts() (id, name string)
}

// page is one answer of a route: some or all of its departments.
type page[R row] struct {
	// rows are ordered by their key. Each key stands once.
	rows []R
	// total is how many departments the server says there are, -1 if it does
	// not say.
	total int64
}

// check fails if a row holds a credential, which would be seen in a label.
func (p page[R]) check(remote remoteText) error {
	secrets := remote.search()
	for _, r := range p.rows {
		if id, name := r.texts(); secrets.finds(id) || secrets.finds(name) {
			return errSecretText
		}
	}
	return nil
}

// collected are the rows of one or more pages of an answer. The order of the
// server's rows is not stable, so that pages can repeat rows, and miss some.
type collected[R row] struct {
	rows  []R
	index map[departmentID]int // Where a row stands; nil for one page alone, in which each stands once.
	total int64
	pages int
	// moved says that the pages are of different moments: total changed between
	// them, so that rows may be missing or stale.
	moved bool
}

// add takes a page over. A row that was there before is replaced.
func (c *collected[R]) add(p page[R]) {
	c.pages++
	if c.pages == 1 {
		c.rows, c.total = p.rows, p.total
		return
	}
	if c.total != p.total {
		c.moved = true
	}
	c.total = p.total
	if c.index == nil {
		c.index = make(map[departmentID]int, len(c.rows)+len(p.rows))
		for i, r := range c.rows {
			c.index[r.key()] = i
		}
	}
	for _, r := range p.rows {
		if i, known := c.index[r.key()]; known {
			c.rows[i] = r
			continue
		}
		c.index[r.key()] = len(c.rows)
		c.rows = append(c.rows, r)
	}
}

// len is how many departments have come.
func (c *collected[R]) len() int { return len(c.rows) }

// missing is how many departments the server still has, 0 also if it does not
// say how many there are.
func (c *collected[R]) missing() int64 {
	return max(0, c.total-int64(len(c.rows)))
}

// complete reports whether all departments of one moment have come.
func (c *collected[R]) complete() bool {
	return c.total >= 0 && c.missing() == 0 && !c.moved
}

// counted returns the rows under the ids that they are known by outside. Ids that
// become the same one are counted together: nothing is lost, and none stands
// twice.
func counted(c collected[countedRow]) Answer {
	departments := make([]Department, len(c.rows))
	for i, r := range c.rows {
		departments[i] = Department{ID: r.id.public(), Rooms: r.count}
	}
	slices.SortFunc(departments, func(a, b Department) int { return cmp.Compare(a.ID, b.ID) })
	unique := departments[:0]
	for _, d := range departments {
		if last := len(unique) - 1; last >= 0 && unique[last].ID == d.ID {
			unique[last].Rooms += d.Rooms
			continue
		}
		unique = append(unique, d)
	}
	return Answer{Departments: unique, Complete: c.complete()}
}

// public is the id in valid UTF-8. An empty one is none at all.
func (id departmentID) public() string {
	if id.null || id.sent == "" {
		return NoDepartment
	}
	return strings.ToValidUTF8(id.sent, "\uFFFD")
}
