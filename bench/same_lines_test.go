package bench

import (
	"slices"
	"strings"
	"testing"
)

// TestTheFloorWritesTheSameLines holds the comparison to be of the same work: all lines
// about departments are the same.
func TestTheFloorWritesTheSameLines(t *testing.T) {
	url := startWorkspace(t, 120, 0)
	for name, options := range map[string]map[string]any{"abandoned rooms alone": nil, "everything": everything} {
		t.Run(name, func(t *testing.T) {
			floor := startFloor(t, &floor{URL: url, Windows: windows, Everything: options != nil})
			exporter := startExporter(t, url, []string{"main"}, options)
			exporter.scrape(t, probe)
			got, want := departmentLines(exporter.page(t, probe)), departmentLines(floor.page(t, probe))
			if !slices.Equal(got, want) {
				t.Errorf("got %d lines, the floor %d:\n%s\nthe floor:\n%s", len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if windows := len(windows); len(got) < 120*(windows+1) {
				t.Errorf("got %d lines, want more", len(got))
			}
		})
	}
}

// departmentLines are the lines of a page that are about departments, in the order of
// the alphabet.
func departmentLines(page string) []string {
	var lines []string
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "livechat_department_") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	slices.Sort(lines)
	return lines
}
