package collector

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat"
)

// plainCounter is the counter of one department as its description says it, with every
// answer kept.
type plainCounter struct {
	highest int64
	shift   int64 // From what the server counts to what is exported.
	run     []observed
}

// observed is what an answer said, and when.
type observed struct {
	at    time.Time
	count int64
}

func (p *plainCounter) take(o observed) {
	if o.count+p.shift >= p.highest {
		p.highest, p.run = o.count+p.shift, nil
		return
	}
	p.run = append(p.run, o)
	if o.at.Sub(p.run[0].at) < 15*time.Minute {
		return
	}
	lowest := slices.MinFunc(p.run, func(a, b observed) int { return cmp.Compare(a.count, b.count) }).count
	now := p.highest + o.count - lowest
	p.highest, p.shift, p.run = now, now-o.count, nil
}

// counterChecker holds a heldCounter against one plainCounter for each department.
type counterChecker struct {
	held   heldCounter
	month  time.Time
	plain  map[string]*plainCounter
	before map[string]int64 // What was exported last.
}

// take takes an answer, in which a department that is not named has no room.
func (c *counterChecker) take(t *testing.T, month, at time.Time, counts map[string]int64) {
	t.Helper()
	if !month.Equal(c.month) {
		c.month, c.plain, c.before = month, make(map[string]*plainCounter), make(map[string]int64)
	}
	var answered []rocketchat.Department
	for _, id := range slices.Sorted(maps.Keys(counts)) {
		answered = append(answered, rocketchat.Department{ID: id, Rooms: counts[id]})
		if c.plain[id] == nil {
			c.plain[id] = new(plainCounter)
		}
	}
	got := answer{counter: month, counts: answered}
	given := slices.Clone(answered)
	c.held.take(&got, at)
	if !slices.Equal(answered, given) {
		t.Fatalf("the answer was changed from %v to %v", given, answered)
	}

	values := maps.Clone(got.unnamed)
	for _, d := range got.counts {
		if _, twice := values[d.ID]; twice {
			t.Errorf("%s is both named and not", d.ID)
		}
		values[d.ID] = d.Rooms
	}
	if !slices.IsSortedFunc(got.counts, func(a, b rocketchat.Department) int { return cmp.Compare(a.ID, b.ID) }) || !slices.IsSorted(got.implied) {
		t.Errorf("not in order: %v, %v", got.counts, got.implied)
	}
	for id, p := range c.plain {
		p.take(observed{at, counts[id]})
		if values[id] != p.highest {
			t.Fatalf("%s is %d after the answer %d at %v, want %d", id, values[id], counts[id], at, p.highest)
		}
		if values[id] < c.before[id] {
			t.Fatalf("%s fell from %d to %d", id, c.before[id], values[id])
		}
		named := slices.ContainsFunc(got.counts, func(d rocketchat.Department) bool { return d.ID == id })
		if want := counts[id] > 0; named != want {
			t.Errorf("%s with %d is named: %v", id, counts[id], named)
		}
		_, answered := counts[id]
		if want := counts[id] == 0 && (answered || len(p.run) > 0); slices.Contains(got.implied, id) != want {
			t.Errorf("%s with %d, answered %v, is implied: %v", id, counts[id], answered, !want)
		}
	}
	if len(values) != len(c.plain) {
		t.Errorf("got %v, want %d departments", values, len(c.plain))
	}
	c.before = values
}

func TestTheHeldCounterIsThePlainOne(t *testing.T) {
	for seed := range uint64(300) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 4))
			steps := make([]byte, 300)
			for i := range steps {
				steps[i] = byte(random.IntN(256)) //nolint:gosec // G115: it is a byte.
			}
			checkHeldCounter(t, steps)
		})
	}
}

func FuzzHeldCounter(f *testing.F) {
	f.Add([]byte{0, 10, 0, 61, 130, 7, 61, 129, 61, 129, 61, 129, 255, 10, 0})
	f.Fuzz(checkHeldCounter)
}

// checkHeldCounter reads answers from bytes: of each three, the first is how much later
// the answer is, the second and the third what became of two departments.
func checkHeldCounter(t *testing.T, steps []byte) {
	t.Helper()
	at := time.Date(2026, time.January, 31, 20, 0, 0, 0, time.UTC)
	c := new(counterChecker)
	counts := map[string]int64{}
	for ; len(steps) >= 3; steps = steps[3:] {
		at = at.Add(time.Duration(steps[0]%64) * 15 * time.Second)
		for i, id := range []string{"a", "b"} {
			switch step := steps[1+i]; {
			case step < 16:
				delete(counts, id)
			case step < 128:
				counts[id] += int64(step % 4)
			default:
				counts[id] = max(0, counts[id]-int64(step%8))
			}
		}
		c.take(t, startOfMonth(at), at, maps.Clone(counts))
	}
}

// In a world whose past is never rewritten, the counter is the highest answer.
func TestShortRunsOfLowerAnswersNeverCount(t *testing.T) {
	random := rand.New(rand.NewPCG(15, 4))
	at := time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)
	c := new(heldCount)
	truth, highest := int64(0), int64(0)
	var behindSince time.Time
	for range 20_000 {
		at = at.Add(time.Duration(random.IntN(180)) * time.Second)
		truth += int64(random.IntN(3))
		count := max(0, truth-int64(random.IntN(6)))
		if !behindSince.IsZero() && at.Sub(behindSince) >= 10*time.Minute {
			count = truth
		}
		if behindSince.IsZero() && count < highest {
			behindSince = at
		} else if count >= highest {
			behindSince = time.Time{}
		}
		highest = max(highest, count)
		c.take(count, at)
		if c.value != highest {
			t.Fatalf("got %d at %v, want the highest answer, %d", c.value, at, highest)
		}
	}
}
