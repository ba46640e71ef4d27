package main

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
)

var end0 = time.Date(2026, time.March, 18, 14, 30, 0, 0, time.UTC)

func TestScheduleIsFineWhereItIsLookedAt(t *testing.T) {
	t.Parallel()
	list := schedule(end0, weather{})
	if !slices.IsSortedFunc(list, func(a, b scrape) int { return a.at.Compare(b.at) }) {
		t.Error("the scrapes are not in order")
	}
	first, last := list[0].at, list[len(list)-1]
	if end0.Sub(first) < 4*week || end0.Sub(last.at) > time.Minute || !last.whole {
		t.Errorf("the schedule goes from %s to %s", first, last.at)
	}
	// gapAt is the time between the scrapes around a moment.
	gapAt := func(at time.Time) time.Duration {
		i := slices.IndexFunc(list, func(s scrape) bool { return s.at.After(at) })
		return list[i].at.Sub(list[i-1].at)
	}
	for back, want := range map[time.Duration]time.Duration{
		time.Hour: time.Minute, 6 * time.Hour: time.Minute,
		20 * time.Hour: 4 * time.Minute, 5 * day: 4 * time.Minute, 8 * day: 4 * time.Minute,
		2*week + 20*time.Hour: 4 * time.Minute, 3 * week: 4 * time.Minute, 3*week + 25*time.Hour: 4 * time.Minute,
		11 * day: 15 * time.Minute, 26 * day: 15 * time.Minute,
	} {
		if got := gapAt(end0.Add(-back)); got > want {
			t.Errorf("%s back the scrapes are %s apart, want %s at most", back, got, want)
		}
	}
}

// Counters may fall at the turn of a month alone.
func TestCountersGrow(t *testing.T) {
	t.Parallel()
	last := make(map[string]float64)
	var turns int
	march := time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)
	targets, err := targets(end0, weather{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range schedule(end0, weather{}) {
		if turn := s.at.Sub(march).Abs() < 4*time.Hour; !turn && end0.Sub(s.at) > 4*time.Hour {
			continue
		}
		for _, target := range targets {
			families, err := target.gather(s)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range families {
				if f.GetType() != dto.MetricType_COUNTER {
					continue
				}
				for _, m := range f.GetMetric() {
					key := f.GetName() + m.String()[strings.Index(m.String(), "label"):strings.Index(m.String(), "counter")]
					v := m.GetCounter().GetValue()
					if v < last[key] {
						turns++
						if s.at.Sub(march) > time.Hour {
							t.Fatalf("%s: %s fell from %v to %v", s.at, key, last[key], v)
						}
					}
					last[key] = v
				}
			}
		}
	}
	if turns < 10 {
		t.Errorf("%d counters fell at the turn of the month", turns)
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		code int
		says string
	}{
		"unknown flag": {[]string{"-begin=now"}, 2, "flag provided but not defined"},
		"no weather":   {[]string{"-weather=hail"}, 2, "hail"},
		"no time":      {[]string{"-end=yesterday"}, 2, "yesterday"},
		"broken pipe":  {nil, 1, "write"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stderr bytes.Buffer
			if code := run(test.args, broken{}, &stderr); code != test.code || !strings.Contains(stderr.String(), test.says) {
				t.Errorf("got %d, %q, want %d and %q", code, stderr.String(), test.code, test.says)
			}
		})
	}
}

// broken is a pipe whose reader has gone.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
