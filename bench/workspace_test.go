package bench

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// window is a rolling window that is exported.
type window struct {
	Name   string
	Length time.Duration
}

var windows = []window{
	{"6h", 6 * time.Hour},
	{"24h", 24 * time.Hour},
	{"7d", 7 * 24 * time.Hour},
	{"30d", 30 * 24 * time.Hour},
}

// startWorkspace starts a workspace whose departments have abandoned chats in each
// window, and which has some in no department. It answers in the order in which the
// database comes upon them, another one each time, after a delay.
func startWorkspace(tb testing.TB, departments int, delay time.Duration) (url string) {
	tb.Helper()
	w := rocketchattest.New(rocketchattest.Latest)
	w.Configure(func(s *rocketchattest.Settings) {
		s.Permissions = append(s.Permissions, rocketchattest.BypassRateLimit)
	})
	random := rand.New(rand.NewPCG(3, 4))
	now := time.Now()
	w.AddRooms(rooms(random, now, "")...)
	for i, id := range departmentIDs(departments - 1) {
		w.AddDepartments(rocketchattest.Department{ID: id, Name: fmt.Sprintf("Department %d", i), Agents: i % 30})
		w.AddRooms(rooms(random, now, id)...)
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if delay > 0 {
			<-time.After(delay)
		}
		w.ServeHTTP(rw, r)
	}))
	tb.Cleanup(server.Close)
	return server.URL
}

// departmentIDs are ids as the server makes them, the same each time.
func departmentIDs(n int) []string {
	const alphabet = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz"
	random := rand.New(rand.NewPCG(1, 2))
	ids := make([]string, n)
	for i := range ids {
		id := make([]byte, 17)
		for j := range id {
			id[j] = alphabet[random.IntN(len(alphabet))]
		}
		ids[i] = string(id)
	}
	return ids
}

// rooms are some abandoned rooms of a department in each window, one of them for the
// length of any benchmark.
func rooms(random *rand.Rand, now time.Time, department string) []rocketchattest.Room {
	var all []rocketchattest.Room
	add := func(opened time.Duration) {
		all = append(all, rocketchattest.Room{
			DepartmentID: department, OpenedAt: now.Add(-opened), ClosedAt: now.Add(-opened).Add(90 * time.Minute),
			VisitorInactivity: new(70 * time.Minute), Answered: true,
		})
	}
	add(2 * time.Hour)
	since := 2 * time.Hour
	for _, w := range windows {
		for range random.IntN(4) {
			add(since + time.Duration(random.Int64N(int64(w.Length-since))))
		}
		since = w.Length
	}
	return all
}
