package main

import (
	"bytes"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/collector"
)

// readme returns the README's text.
func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// firstCells returns the names in the first column of the README's tables that match.
func firstCells(t *testing.T, pattern string) []string {
	t.Helper()
	var names []string
	for _, match := range regexp.MustCompile("(?m)^\\| `("+pattern+")`").FindAllStringSubmatch(readme(t), -1) {
		names = append(names, match[1])
	}
	slices.Sort(names)
	return names
}

func TestTheREADMEListsEveryMetric(t *testing.T) {
	described := make(chan *prometheus.Desc)
	workspace := collector.NewWorkspace(collector.Options{Calls: collector.NewAPICalls()})
	go func() {
		workspace.Scrape(t.Context()).Describe(described)
		close(described)
	}()
	name := regexp.MustCompile(`fqName: "([^"]+)"`)
	want := map[string]bool{"livechat_exporter_build_info": true}
	for d := range described {
		want[name.FindStringSubmatch(d.String())[1]] = true
	}
	if got, want := firstCells(t, `livechat_\w+`), slices.Sorted(maps.Keys(want)); !slices.Equal(got, want) {
		t.Errorf("the README lists\n%s\nand the code has\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTheREADMEListsEveryFlag(t *testing.T) {
	var help bytes.Buffer
	run(t.Context(), []string{"--help"}, environment(), &help, io.Discard)
	var want []string
	for _, match := range regexp.MustCompile(`(?m)^ +--(?:\[no-\])?([a-z.-]+\.[a-z-]+)`).FindAllStringSubmatch(help.String(), -1) {
		want = append(want, "--"+match[1])
	}
	slices.Sort(want)
	if got := firstCells(t, `--[a-z.-]+`); !slices.Equal(got, want) {
		t.Errorf("the README lists\n%s\nand --help has\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
