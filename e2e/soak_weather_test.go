package e2e

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// weather lets the workspaces of a fleet fail at random, and their sites.
type weather struct {
	fleet  *fleet
	random *rand.Rand
	faults []rocketchattest.Fault
	dead   bool // The first site is down.
}

// newWeather returns the weather of a fleet. Another host is where redirects lead.
func newWeather(f *fleet, another string) *weather {
	w := &weather{fleet: f, random: rand.New(rand.NewPCG(6, 1))}
	bad := badInputs(another)
	// A refusal stops all workspaces of an address, as it should, and here many share one.
	delete(bad, "429")
	// These bodies are wrong for rooms alone: as a list they have a department "a".
	for _, name := range []string{"a number as text", "duplicate ids", "negative counts"} {
		delete(bad, name)
	}
	for _, name := range slices.Sorted(maps.Keys(bad)) {
		w.faults = append(w.faults, bad[name].fault)
	}
	w.faults = append(w.faults, rocketchattest.Slow(callTimeout/2), rocketchattest.Slow(2*callTimeout), rocketchattest.ServiceUnavailable(), flaky)
	return w
}

// flaky is a fault that hits one call in two.
func flaky(rw http.ResponseWriter, r *http.Request, next http.Handler) {
	if time.Now().UnixMicro()%2 == 0 {
		next = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { rocketchattest.BadGateway()(rw, r, nil) })
	}
	next.ServeHTTP(rw, r)
}

// spared reports whether a workspace never fails: a third of them, none of which is at
// the first site.
func (w *weather) spared(number int) bool {
	f := w.fleet
	return number%3 == 0 && f.members[number].site != f.sites[0]
}

// turn changes the weather of one in eight of the workspaces that fail at all, half of
// the time for the better; and now and then the first site dies until the next turn.
func (w *weather) turn(t *testing.T) {
	t.Helper()
	for i, m := range w.fleet.members {
		if w.spared(i) || w.random.IntN(8) > 0 {
			continue
		}
		var fault rocketchattest.Fault
		if w.random.IntN(2) == 0 {
			fault = w.faults[w.random.IntN(len(w.faults))]
		}
		m.change(func(m *member) { m.fault = fault })
	}
	if w.dead || w.random.IntN(5) == 0 {
		w.dead = !w.dead
		w.fleet.take(t, w.fleet.sites[0], w.dead)
	}
}

// clear ends all faults, and every connection between exporter and workspaces.
func (w *weather) clear(t *testing.T) {
	t.Helper()
	for _, m := range w.fleet.members {
		m.change(func(m *member) { m.fault = nil })
	}
	for _, s := range w.fleet.sites {
		w.fleet.take(t, s, true)
		w.fleet.take(t, s, false)
	}
	w.dead = false
}
