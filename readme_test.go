package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
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

func TestTheREADMENamesOnlyMetricsThatExist(t *testing.T) {
	described := make(chan *prometheus.Desc)
	workspace := collector.NewWorkspace(collector.Options{Calls: collector.NewAPICalls()})
	defer workspace.Close()
	go func() {
		workspace.Scrape(t.Context()).Describe(described)
		close(described)
	}()
	name := regexp.MustCompile(`fqName: "([^"]+)"`)
	exist := make(map[string]bool)
	for d := range described {
		exist[name.FindStringSubmatch(d.String())[1]] = true
	}
	named := regexp.MustCompile(`\blivechat_\w+`).FindAllString(readme(t), -1)
	for _, metric := range named {
		if !exist[metric] && metric != "livechat_exporter" {
			t.Errorf("the README names %s, which does not exist", metric)
		}
	}
	if len(named) < 10 {
		t.Errorf("found %d names of metrics in the README, want more: this test shows nothing", len(named))
	}
}

func TestEveryLinkOfTheDocumentationLeadsSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	for _, page := range []string{
		"README.md", "deploy/README.md", "docs/architecture.md", "docs/configuration.md", "docs/metrics.md", "docs/performance.md",
		"docs/check.md", "alerts/runbook.md",
	} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), found[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
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
