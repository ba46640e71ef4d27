package backfill_test

import (
	"testing"
	"time"
)

// lateOffice closes 15 % of its abandoned chats late, at any hour.
var lateOffice = habits{perDay: 8, late: 0.15}

func TestEverySampleIsWhatTheModelCounts(t *testing.T) {
	for name, test := range map[string]struct {
		step    time.Duration
		from    string
		back    time.Duration
		windows []string
	}{
		"counter at 5m":  {step: 5 * time.Minute, from: "6d", back: 6 * 24 * time.Hour},
		"counter at 30m": {step: 30 * time.Minute, from: "22d", back: 22 * 24 * time.Hour},
		"windows at 5m":  {step: 5 * time.Minute, from: "6d", back: 6 * 24 * time.Hour, windows: []string{"6h", "today"}},
		"windows at 15m": {step: 15 * time.Minute, from: "9d", back: 9 * 24 * time.Hour, windows: []string{"6h", "24h", "7d"}},
		"windows at 30m": {step: 30 * time.Minute, from: "22d", back: 22 * 24 * time.Hour, windows: []string{"6h", "24h", "7d", "today", "yesterday", "this_week"}},
		"windows at 60m": {step: time.Hour, from: "22d", back: 22 * 24 * time.Hour, windows: []string{"90m", "6h", "24h"}},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, lateOffice, func(t *testing.T, s *scenario) {
				s.options.Step, s.options.From, s.options.Windows = test.step, test.from, test.windows != nil
				if test.windows != nil {
					s.settings += "windows: " + list(test.windows) + "\n"
				}
				result := s.mustRun(t)
				first, last := s.bounds(test.back)
				s.wantTruth(t, result.Files, first, last, test.windows...)
				if len(result.LeftOut) > 0 {
					t.Errorf("left out: %v", result.LeftOut)
				}
				t.Logf("%d calls", result.Calls)
			})
		})
	}
}
