package traffic

import (
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

const (
	// SpikeChats is how many chats a spike has. At any hour of the week it is a spike
	// to the shipped rules, for a department that is calm otherwise.
	SpikeChats = 18
	// SpikeDepartment is where the spike is.
	SpikeDepartment = "bE9uXw4TjCfSz6NdK"
	// SpikeDepartmentName is its name, as Departments has it.
	SpikeDepartmentName = "Account and Login"
)

// Spike is a page for new passwords that does not answer: the agents of a department
// send their visitors there, who do not come back.
type Spike struct {
	// ClosedAt is when the automatic closing finds the chats.
	ClosedAt time.Time
}

// Rooms are the chats that the spike costs. All visitors went silent in the same
// minute, and the automatic closing, which looks once a minute, closes one after
// another at once.
func (s Spike) Rooms() []rocketchattest.Room {
	const (
		talk  = 9 * time.Minute        // The longest of their chats until then.
		apart = 150 * time.Millisecond // One closing takes as long.
	)
	rooms := make([]rocketchattest.Room, SpikeChats)
	for i := range rooms {
		closed := s.ClosedAt.Add(time.Duration(i) * apart).Truncate(time.Millisecond)
		silence := (InactivityTimeout + time.Duration(i)*time.Minute/SpikeChats).Truncate(time.Millisecond)
		rooms[i] = rocketchattest.Room{
			DepartmentID: SpikeDepartment,
			OpenedAt:     closed.Add(-silence - talk + time.Duration(i)*15*time.Second),
			Answered:     true,
		}
		closeSilent(&rooms[i], closed.Add(-silence), silence)
	}
	return rooms
}
