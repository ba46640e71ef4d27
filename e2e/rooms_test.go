package e2e

import (
	"fmt"
	"math/rand/v2"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// history are the chats of the nine days before now: in departments and in none,
// short and long, still open, abandoned and not, some by a second. The same seed
// brings the same chats.
func history(seed uint64, now time.Time, departments []string) []rocketchattest.Room {
	random := rand.New(rand.NewPCG(seed, seed))
	rooms := make([]rocketchattest.Room, 3000)
	for i := range rooms {
		r := &rooms[i]
		if d := random.IntN(len(departments) + 1); d > 0 {
			r.DepartmentID = departments[d-1]
		}
		r.OpenedAt = now.Add(-randomDuration(random, 9*24*time.Hour))
		if random.IntN(20) == 0 {
			continue // Still open.
		}
		length := randomDuration(random, 20*time.Hour)
		r.ClosedAt = r.OpenedAt.Add(length)
		switch random.IntN(4) {
		case 0: // The visitor closed it, or had the last word.
		case 1:
			r.VisitorInactivity = new(min(length, time.Hour-time.Second)) // Just not abandoned.
		case 2:
			r.VisitorInactivity = new(min(length, time.Hour)) // Just abandoned, if it was that long.
		default:
			r.VisitorInactivity = new(randomDuration(random, length))
		}
	}
	return rooms
}

// closing are abandoned chats of a department that are closed one by one in the time
// after now.
func closing(now time.Time, within time.Duration, department string) []rocketchattest.Room {
	const steps = 10
	rooms := make([]rocketchattest.Room, steps)
	for i := range rooms {
		at := now.Add(within * time.Duration(i+1) / steps)
		rooms[i] = rocketchattest.Room{
			DepartmentID: department, VisitorInactivity: new(90 * time.Minute),
			OpenedAt: at.Add(-100 * time.Minute), ClosedAt: at,
		}
	}
	return rooms
}

// leaving are abandoned chats of no department that leave a rolling window, one every
// 300 ms from now on, for longer than any test takes.
func leaving(now time.Time, window time.Duration) []rocketchattest.Room {
	rooms := make([]rocketchattest.Room, 400)
	for i := range rooms {
		opened := now.Add(time.Duration(i) * 300 * time.Millisecond).Add(-window)
		rooms[i] = rocketchattest.Room{
			VisitorInactivity: new(90 * time.Minute),
			OpenedAt:          opened, ClosedAt: opened.Add(100 * time.Minute),
		}
	}
	return rooms
}

func randomDuration(random *rand.Rand, limit time.Duration) time.Duration {
	return time.Duration(random.Int64N(int64(limit)) + 1)
}

// departments makes up ids of both forms that servers have.
func departments(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		if i%2 == 0 {
			ids[i] = fmt.Sprintf("dEpartment%07d", i)
		} else {
			ids[i] = fmt.Sprintf("%024x", i)
		}
	}
	return ids
}
