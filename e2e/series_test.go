package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// values are samples of one moment, each under the series that it belongs to,
// written as series writes it.
type values map[string]float64

// series writes a series as Prometheus does, with its labels, names and values in
// turn, in order of their names. A label without a value is no label.
func series(name string, labels ...string) string {
	pairs := make([]string, 0, len(labels)/2)
	for label := range slices.Chunk(labels, 2) {
		if key, value := label[0], label[1]; value != "" {
			pairs = append(pairs, key+"="+strconv.Quote(value))
		}
	}
	slices.Sort(pairs)
	if len(pairs) == 0 {
		return name
	}
	return name + "{" + strings.Join(pairs, ",") + "}"
}

// named are the values of one metric.
func (v values) named(metric string) values {
	found := make(values)
	for s, value := range v {
		if name, _, _ := strings.Cut(s, "{"); name == metric {
			found[s] = value
		}
	}
	return found
}

// get is the value of a series that has to be there.
func (v values) get(t *testing.T, series string) float64 {
	t.Helper()
	value, ok := v[series]
	if !ok {
		t.Fatalf("no series %s among\n%s", series, v)
	}
	return value
}

// String lists the values in order, one a line.
func (v values) String() string {
	var b strings.Builder
	for _, s := range slices.Sorted(maps.Keys(v)) {
		fmt.Fprintf(&b, "%s %v\n", s, v[s])
	}
	return b.String()
}

// difference tells how got differs from want, one series a line; "" if it does not.
func difference(got, want values) string {
	var b strings.Builder
	all := maps.Clone(got)
	maps.Copy(all, want)
	for _, s := range slices.Sorted(maps.Keys(all)) {
		g, inGot := got[s]
		w, inWant := want[s]
		switch {
		case !inGot:
			fmt.Fprintf(&b, "%s: got no series, want %v\n", s, w)
		case !inWant:
			fmt.Fprintf(&b, "%s: got %v, want no series\n", s, g)
		case g != w:
			fmt.Fprintf(&b, "%s: got %v, want %v\n", s, g, w)
		}
	}
	return b.String()
}
