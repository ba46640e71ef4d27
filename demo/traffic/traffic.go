package traffic

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// slot is the grain of the traffic: what happens in a slot depends on the seed, the
// department and the slot, and on nothing that was generated before.
const slot = 15 * time.Minute

// InactivityTimeout is the workspace's: the automatic close comes after it.
const InactivityTimeout = time.Hour

// LongestWait is how long a chat is in the queue at most.
const LongestWait = 20 * time.Minute

// Generator makes the chats of the simulated company. It is a value without
// state: equal generators make equal chats.
type Generator struct {
	// Seed makes the chats differ.
	Seed uint64
	// Departments are those that the chats are in.
	Departments []Department
	// Location is the zone whose mornings are busy.
	Location *time.Location
}

// Rooms are the chats that begin in the slots from the one that holds from until
// the one before to, however the time is cut into calls.
func (t Generator) Rooms(from, to time.Time) []rocketchattest.Room {
	var rooms []rocketchattest.Room
	for at := from.Truncate(slot); at.Before(to.Truncate(slot)); at = at.Add(slot) {
		for i := range t.Departments {
			rooms = t.slotRooms(rooms, i, at)
		}
	}
	return rooms
}

// slotRooms appends the chats of one department and slot.
func (t Generator) slotRooms(rooms []rocketchattest.Room, index int, at time.Time) []rocketchattest.Room {
	d := &t.Departments[index]
	r := d.ratesAt(at.In(t.Location))
	chats, queue := chance{t.random(index, at)}, chance{t.random(^index, at)}
	for range chats.poisson(r.chats * slot.Hours()) {
		opened := at.Add(chats.between(0, slot)).Truncate(time.Millisecond)
		room := chats.chat(opened, r)
		room.DepartmentID, room.Queued = d.ID, queue.wait(room, r)
		rooms = append(rooms, room)
	}
	return rooms
}

// random is the source of all that happens in a department's slot.
func (t Generator) random(index int, at time.Time) *rand.Rand {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[0:], t.Seed)
	binary.LittleEndian.PutUint64(key[8:], uint64(index))
	binary.LittleEndian.PutUint64(key[16:], uint64(at.Unix()))
	return rand.New(rand.NewChaCha8(key)) //nolint:gosec // G404: the same seed must give the same chats.
}

// chance is what happens to one department in one slot.
type chance struct {
	random *rand.Rand
}

// chat is how a chat goes that began at a time.
func (c chance) chat(opened time.Time, r rates) rocketchattest.Room {
	room := rocketchattest.Room{OpenedAt: opened, Answered: true}
	talked := opened.Add(c.around(8 * time.Minute)) // The last word was the agent's.
	switch {
	case c.happens(r.waiting):
		room.Answered = false
		room.ClosedAt = opened.Add(c.between(time.Minute, 20*time.Minute))
	case c.happens(r.silent):
		closeSilent(&room, talked, c.silence())
	case c.happens(0.05):
		// Closed by an agent who did not wait for the timeout: not counted.
		closeSilent(&room, talked, c.between(InactivityTimeout/6, InactivityTimeout-time.Minute))
	case c.happens(0.4):
		// Solved, and closed by the agent after a friendly last word.
		closeSilent(&room, talked, c.between(10*time.Second, 5*time.Minute))
	default:
		room.ClosedAt = talked // By the visitor.
	}
	return room
}

// wait is how long a chat is in the queue: the longer the more chats there are, and to its
// end if no agent takes it.
func (c chance) wait(room rocketchattest.Room, r rates) time.Duration {
	life := room.ClosedAt.Sub(room.OpenedAt)
	usual := 20*time.Second + time.Duration(r.chats*float64(2*time.Second))
	wait := time.Duration(c.random.ExpFloat64() * float64(usual)).Truncate(time.Millisecond)
	if !room.Answered {
		return life
	}
	return min(wait, life/2, LongestWait)
}

// silence is how long a visitor who does not come back has been silent when the
// chat is closed: most are closed automatically, which looks once a minute, some by
// an agent who tidies up, a few not before the next morning.
func (c chance) silence() time.Duration {
	switch {
	case c.happens(0.75):
		return InactivityTimeout + c.between(0, time.Minute)
	case c.happens(0.85):
		return c.between(InactivityTimeout, 4*InactivityTimeout)
	default:
		return c.between(8*time.Hour, 18*time.Hour)
	}
}

// closeSilent closes a room after the visitor's silence, which the server measures
// in whole seconds.
func closeSilent(room *rocketchattest.Room, since time.Time, silence time.Duration) {
	room.ClosedAt = since.Add(silence)
	room.VisitorInactivity = new(silence.Truncate(time.Second))
}

// happens reports whether an event of that probability occurs.
func (c chance) happens(probability float64) bool {
	return c.random.Float64() < probability
}

// between is a duration of whole milliseconds, all being equally likely.
func (c chance) between(least, below time.Duration) time.Duration {
	return least + time.Duration(c.random.Int64N(int64(below-least))).Truncate(time.Millisecond)
}

// around is a duration that is mostly near the median, never under a minute, and
// now and then much longer, as talks are.
func (c chance) around(median time.Duration) time.Duration {
	stretched := float64(median) * math.Exp(0.6*c.random.NormFloat64())
	return max(time.Minute, min(time.Duration(stretched), 2*time.Hour)).Truncate(time.Millisecond)
}

// poisson is how often something happens that happens this often on average.
func (c chance) poisson(average float64) int {
	n := 0
	for left := c.random.ExpFloat64(); left < average; left += c.random.ExpFloat64() {
		n++
	}
	return n
}
