package main

import (
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// What a rule reads is recorded in an earlier stage.
func TestStages(t *testing.T) {
	t.Parallel()
	stages, err := readRules(filepath.Join("..", "..", "alerts", "livechat.rules.yml"))
	if err != nil || len(stages) < 3 {
		t.Fatalf("got %d stages, %v", len(stages), err)
	}
	for i, stage := range stages {
		for _, r := range stage {
			for _, same := range slices.Concat(stages[i:]...) {
				if same.Record != r.Record && r.reads(same) && same.Record != "" {
					t.Errorf("%s%s of stage %d reads %s", r.Record, r.Alert, i, same.Record)
				}
			}
		}
	}
}

// An alert fires when it was pending for long enough, and for a while after the last time.
func TestFiring(t *testing.T) {
	t.Parallel()
	from := time.Unix(1_800_000_000, 0)
	p := period{from, from.Add(20 * step)}
	for name, test := range map[string]struct {
		rule    rule
		samples []int // the evaluations at which the expression has a sample
		want    []int
	}{
		"at once":    {rule{}, []int{3, 4, 9}, []int{3, 4, 9}},
		"pending":    {rule{For: duration(3 * step)}, []int{1, 2, 3, 4, 5}, []int{4, 5}},
		"again":      {rule{For: duration(2 * step)}, []int{1, 2, 4, 5, 6}, []int{6}},
		"keeps":      {rule{For: duration(step), KeepFiringFor: duration(3 * step)}, []int{1, 2}, []int{2, 3, 4}},
		"until then": {rule{KeepFiringFor: duration(3 * step)}, []int{18}, []int{18, 19, 20}},
		"never":      {rule{For: duration(step), KeepFiringFor: duration(3 * step)}, []int{1, 3, 5}, nil},
	} {
		samples := make(map[int64]string)
		for _, i := range test.samples {
			samples[from.Add(time.Duration(i)*step).Unix()] = "7"
		}
		var got []int
		for at := range test.rule.firing(p, samples) {
			got = append(got, int(time.Unix(at, 0).Sub(from)/step))
		}
		slices.Sort(got)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: fires at %v, want %v", name, got, test.want)
		}
	}
}
