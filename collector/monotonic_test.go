package collector

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/window"
)

// plainCounter is the counter of one department as it is documented, with all answers
// kept.
type plainCounter struct {
	value  int64
	offset int64 // From the answer to the value.
	lower  []dated
}

// dated is the number of an answer.
type dated struct {
	at    time.Time
	count int64
}

func (p *plainCounter) update(d dated) {
	if d.count+p.offset >= p.value {
		p.value, p.lower = d.count+p.offset, nil
		return
	}
	p.lower = append(p.lower, d)
	if d.at.Sub(p.lower[0].at) >= 15*time.Minute {
		lowest := slices.MinFunc(p.lower, func(a, b dated) int { return cmp.Compare(a.count, b.count) }).count
		p.value += d.count - lowest
		p.offset, p.lower = p.value-d.count, nil
	}
}

func TestDepartmentCounter(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 4))
		steps := make([]byte, 200)
		for i := range steps {
			steps[i] = byte(random.IntN(256))
		}
		checkCounter(t, steps)
	}
}

func FuzzDepartmentCounter(f *testing.F) {
	f.Add([]byte{0, 10, 0, 61, 130, 7, 61, 129, 61, 129, 61, 129, 255, 10, 0})
	f.Fuzz(checkCounter)
}

// checkCounter compares a counter with the plain one. Of each two bytes, the first is how
// much later an answer is, the other how its number changes.
func checkCounter(t *testing.T, steps []byte) {
	t.Helper()
	at, count := time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC), int64(0)
	var got departmentCounter
	var want plainCounter
	for ; len(steps) >= 2; steps = steps[2:] {
		at = at.Add(time.Duration(steps[0]%64) * 15 * time.Second)
		if step := int64(steps[1]); step < 128 {
			count += step % 4
		} else {
			count = max(0, count-step%8)
		}
		got.update(count, at)
		want.update(dated{at, count})
		if got.value != want.value {
			t.Fatalf("got %d for %d at %v, want %d", got.value, count, at, want.value)
		}
	}
}

// Each step is the time of an answer, its number (negative if it is incomplete or
// contradicts itself), and the exported value (-1 if there is none).
func TestCounterNeverFalls(t *testing.T) {
	for name, steps := range map[string]string{
		"short runs of lower answers": `01-10T12:00:00 5 5, 01-10T12:01:00 1 5, 01-10T12:15:59 1 5, 01-10T12:16:00 5 5,
			01-10T12:17:00 1 5, 01-10T12:31:59 1 5, 01-10T12:32:00 6 6`,
		"rewritten past, until the next month": `01-31T23:00:00 10 10, 01-31T23:01:00 5 10, 01-31T23:02:00 4 10, 01-31T23:15:59 7 10,
			01-31T23:16:00 7 13, 01-31T23:17:00 9 15, 02-01T00:00:00 2 2`,
		"unusable answers, which are no run": `01-10T12:00:00 -3 -1, 01-10T12:01:00 4 4, 01-10T12:02:00 -1 4, 01-10T12:03:00 -9 4,
			01-10T12:20:00 1 4, 01-10T12:34:59 1 4, 01-10T12:35:00 2 5`,
		"unusable answer of a new month": `01-31T23:59:59 4 4, 02-01T00:00:00 -3 -1, 02-01T00:01:00 3 3`,
		"clock steps back for less than a day, twice": `02-01T00:01:00 3 3, 01-29T12:00:00 90 3, 01-29T13:00:00 -91 3, 02-01T00:02:00 4 4,
			01-31T23:59:00 92 4, 02-01T00:03:00 5 5`,
		"clock steps back for a day": `02-03T00:00:00 3 3, 01-30T12:00:00 90 3, 01-31T11:59:59 91 3, 01-31T12:00:00 92 92, 02-01T00:00:00 1 1`,
	} {
		t.Run(name, func(t *testing.T) {
			var counter monotonicCounter
			var last *answer
			for step := range strings.SplitSeq(steps, ",") {
				var text string
				var rooms, want int64
				if _, err := fmt.Sscan(step, &text, &rooms, &want); err != nil {
					t.Fatal(err)
				}
				at, err := time.Parse("2006-01-02T15:04:05", "2000-"+text)
				if err != nil {
					t.Fatal(err)
				}
				a := answer{counter: true, zeroFill: rooms >= 0, askedAt: at, period: window.Period{Start: window.StartOfMonth(at), End: at}}
				a.counts = []rocketchat.Count{{ID: "sales", Rooms: max(rooms, -rooms)}}
				counter.update(&a, last)
				got := int64(-1)
				if len(a.counts) > 0 {
					got = a.counts[0].Rooms
				}
				if got != want || a.zeroFill != (got >= 0) {
					t.Errorf("%s: got %d", step, got)
				}
				last = &a
			}
		})
	}
}
