package rocketchattest

import (
	"math"
	"time"
)

// Room is a chat of a visitor.
type Room struct {
	// DepartmentID is the department that it is in, "" if in none. A department
	// of that id need not exist.
	DepartmentID string
	// Without is what the database has in place of the department of a room in none.
	Without Without
	// OpenedAt is when the visitor opened it. A room that opens in the future
	// does not exist until then.
	OpenedAt time.Time
	// ClosedAt is when it was closed; zero if it is open. A room that closes in
	// the future is open until then.
	ClosedAt time.Time
	// VisitorInactivity is how long the visitor had been silent when somebody
	// else closed the room after an agent had the last word, counted in whole
	// seconds. It is nil if the server measured none: the visitor closed the
	// room, wrote last or never, or no agent answered.
	VisitorInactivity *time.Duration
	// Queued is how long it waits in the queue for an agent, who then takes it; it leaves
	// the queue earlier if it is closed. Zero is a room that an agent has at once.
	Queued time.Duration
	// Answered is whether an agent has responded once it left the queue.
	Answered bool
}

// Without is what the database has for the department of a room that is in none. Rooms
// that differ in it are rows of their own in an answer.
type Without int

const (
	// Missing is no field at all, as the server stores such a room.
	Missing Without = iota
	// Null is a field that is null, as old and imported rooms have it. The server gives
	// it the same id as Missing, so that an answer has two rows with null.
	Null
	// Empty is a field with an empty text, which is the id of its row.
	Empty
)

// RoomID names a room of one workspace.
type RoomID int

// AddRooms adds rooms, in the past or scheduled, and returns what to call them by.
func (w *Workspace) AddRooms(rooms ...Room) []RoomID {
	w.mu.Lock()
	defer w.mu.Unlock()
	ids := make([]RoomID, len(rooms))
	for i, r := range rooms {
		ids[i] = RoomID(len(w.model.rooms))
		w.model.rooms = append(w.model.rooms, w.model.stored(r))
	}
	return ids
}

// CloseRoom closes a room at a time, with the visitor's inactivity as in [Room].
func (w *Workspace) CloseRoom(id RoomID, at time.Time, visitorInactivity *time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := &w.model.rooms[id]
	r.closedAt, r.inactivity = closing(at), seconds(visitorInactivity)
}

// ReopenRoom opens a closed room again: it drops out of the counts until it is
// closed anew.
func (w *Workspace) ReopenRoom(id RoomID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := &w.model.rooms[id]
	r.closedAt, r.inactivity = never, unmeasured
}

// AnswerRoom lets an agent take a room and respond: its visitor waits no more.
func (w *Workspace) AnswerRoom(id RoomID) {
	at := w.now()
	w.mu.Lock()
	defer w.mu.Unlock()
	r := &w.model.rooms[id]
	r.answered, r.takenAt = true, min(r.takenAt, at)
}

// never is a time after all others, and unmeasured an inactivity below all others.
const (
	never      = math.MaxInt64
	unmeasured = math.MinInt64
)

// model is the database: what the aggregations run over.
type model struct {
	departments map[string]*department
	// added counts the departments that were ever added.
	added int
	rooms []room
	// groups are the departments that rooms have, and index finds them. The first is
	// that of the rooms without the field.
	groups []group
	index  map[group]int32
	agents []Agent
}

// group is what the rooms of one row have in common: the department's id, or what stands
// in its place.
type group struct {
	id      string
	without Without
}

// rowID is the group's id in an answer: nil for null.
func (g group) rowID() *string {
	if g.id == "" && g.without != Empty {
		return nil
	}
	return &g.id
}

// room is a Room as the database keeps it: times in milliseconds since the
// epoch, the inactivity in seconds.
type room struct {
	openedAt, closedAt int64
	takenAt            int64 // When it leaves the queue, unless it is closed before.
	inactivity         int64
	group              int32
	answered           bool
}

func newModel() model {
	return model{
		departments: make(map[string]*department),
		groups:      []group{{}},
		index:       map[group]int32{{}: 0},
	}
}

func (m *model) stored(r Room) room {
	return room{
		openedAt:   r.OpenedAt.UnixMilli(),
		closedAt:   closing(r.ClosedAt),
		takenAt:    r.OpenedAt.Add(r.Queued).UnixMilli(),
		inactivity: seconds(r.VisitorInactivity),
		group:      m.group(r),
		answered:   r.Answered,
	}
}

func (m *model) group(r Room) int32 {
	of := group{id: r.DepartmentID}
	if r.DepartmentID == "" {
		of.without = r.Without
	}
	i, known := m.index[of]
	if !known {
		i = int32(len(m.groups))
		m.groups = append(m.groups, of)
		m.index[of] = i
	}
	return i
}

func closing(at time.Time) int64 {
	if at.IsZero() {
		return never
	}
	return at.UnixMilli()
}

func seconds(inactivity *time.Duration) int64 {
	if inactivity == nil {
		return unmeasured
	}
	return int64(*inactivity / time.Second)
}
