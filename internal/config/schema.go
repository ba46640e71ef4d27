package config

import (
	"slices"
	"strings"
)

// schema says which keys a mapping has.
type schema struct {
	keys []string
	// refused holds keys that people will try here, and the answer they get.
	refused map[string]string
}

// fields returns the values of a mapping by key; all are keys of the schema. A key that
// is not is noted and left out. Missing keys are the caller's business.
func (r *reader) fields(v value, s schema) (fields map[string]value, ok bool) {
	entries, ok := r.entries(v)
	if !ok {
		return nil, false
	}
	fields = make(map[string]value, len(entries))
	for _, e := range entries {
		if slices.Contains(s.keys, e.name) {
			fields[e.name] = e.value
			continue
		}
		r.failUnknown(e, s)
	}
	return fields, true
}

// failUnknown notes that e is no key of the schema.
func (r *reader) failUnknown(e entry, s schema) {
	if reason, ok := s.refused[e.name]; ok {
		r.fail(e.value, "%s", reason)
		return
	}
	if !r.shows(e.name) {
		r.fail(e.value, "holds an unknown key (not shown, because it may be a credential): check that a colon and a space "+
			"follow each key; the keys are %s", strings.Join(s.keys, ", "))
		return
	}
	if likely := nearest(e.name, s.keys); likely != "" {
		r.fail(e.value, "unknown key: did you mean %s?", likely)
		return
	}
	r.fail(e.value, "unknown key: remove it; the keys here are %s", strings.Join(s.keys, ", "))
}

// nearest returns the name that word is likely to be a slip of, or "".
func nearest(word string, names []string) string {
	word = strings.ReplaceAll(strings.ToLower(word), "-", "_")
	best, least := "", 3
	for _, name := range names {
		if d := distance(word, name); d < least && 2*d < len(name) {
			best, least = name, d
		}
	}
	if best != "" {
		return best
	}
	for _, name := range names {
		if strings.HasPrefix(name, word+"_") || strings.HasSuffix(name, "_"+word) {
			return name
		}
	}
	return ""
}

// distance returns how many letters must be changed, added, left out or swapped with
// their neighbour to make b of a.
func distance(a, b string) int {
	var beforeLast []int
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], beforeLast[j-1]+1)
			}
		}
		beforeLast, last = last, row
	}
	return last[len(b)]
}
