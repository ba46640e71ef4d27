package rocketchattest

import (
	"cmp"
	"slices"
)

// Department is a department of the workspace.
type Department struct {
	// ID is what rooms and the API call it by: 17 letters and digits, or 24
	// hexadecimal digits, on real servers.
	ID string
	// Name need not be unique, and may change.
	Name        string
	Description string
	// Agents is how many agents are assigned to it.
	Agents int
	// Disabled departments take no chats for the time being.
	Disabled bool
	// Archived departments take no more chats, and are disabled. Their rooms count
	// as before.
	Archived bool
	// Unit is whether it is a unit of departments. The server keeps units among the
	// departments, and lists none of them.
	Unit bool
}

// AddDepartments adds departments. One whose id is known replaces it: so a
// department is renamed, and an archived one comes back.
func (w *Workspace) AddDepartments(departments ...Department) {
	at := w.now()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range departments {
		w.model.changeDepartment(d.ID, at, func(stored *department) {
			stored.restored = stored.Archived && !d.Archived || stored.restored
			stored.Department = d
		})
	}
}

// Departments lists the departments, archived ones and units too, by name.
func (w *Workspace) Departments() []Department {
	w.mu.RLock()
	defer w.mu.RUnlock()
	list := make([]Department, 0, len(w.model.departments))
	for _, d := range w.model.departments {
		list = append(list, d.Department)
	}
	slices.SortFunc(list, func(a, b Department) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// ArchiveDepartment archives a department. Its rooms keep it.
func (w *Workspace) ArchiveDepartment(id string) {
	at := w.now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.model.changeDepartment(id, at, func(d *department) { d.Archived = true })
}

// UnarchiveDepartment takes an archived department back. Archiving disabled it, and
// it stays so.
func (w *Workspace) UnarchiveDepartment(id string) {
	at := w.now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.model.changeDepartment(id, at, func(d *department) { d.Archived, d.Disabled, d.restored = false, true, true })
}

// RemoveDepartment removes a department, and it from all of its rooms: from then
// on they have none.
func (w *Workspace) RemoveDepartment(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.model.departments, id)
	w.model.leaveDepartment(id)
}

// department is a Department as the database keeps it.
type department struct {
	Department
	// place is its place in the natural order, that in which departments came.
	place int
	// updatedAt is when it was changed, in milliseconds since the epoch.
	updatedAt int64
	// restored departments were archived and are no more: the database then stores
	// that, where it has no such field for one that never was.
	restored bool
}

// enabled reports whether it takes chats.
func (d *department) enabled() bool {
	return !d.Disabled && !d.Archived
}

// changeDepartment changes a department, which is added if it is not known.
func (m *model) changeDepartment(id string, at int64, change func(*department)) {
	d := m.departments[id]
	if d == nil {
		d = &department{Department: Department{ID: id}, place: m.added}
		m.departments[id] = d
		m.added++
	}
	change(d)
	d.updatedAt = at
}

func (m *model) leaveDepartment(id string) {
	left, known := m.index[group{id: id}]
	if !known {
		return
	}
	for i := range m.rooms {
		if m.rooms[i].group == left {
			m.rooms[i].group = 0
		}
	}
}
