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
)

// document returns the text of a file of the tree.
func document(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestReadmeNamesMetricsThatExist(t *testing.T) {
	metrics := document(t, "docs/metrics.md") // The end-to-end tests compare it with a page.
	for _, name := range regexp.MustCompile(`\blivechat_[a-z_]+`).FindAllString(document(t, "README.md"), -1) {
		if name != "livechat_exporter" && !strings.Contains(metrics, "### `"+name+"`") {
			t.Errorf("the README names %s, which docs/metrics.md does not have", name)
		}
	}
}

func TestDocumentedFlags(t *testing.T) {
	var help bytes.Buffer
	run(t.Context(), nil, []string{"--help"}, environment(), &help, io.Discard)
	names := func(text, pattern string) (names []string) {
		for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			names = append(names, match[1])
		}
		slices.Sort(names)
		return names
	}
	want := names(help.String(), `(?m)^ +--(?:\[no-\])?([a-z.-]+\.[a-z-]+)`)
	got := names(document(t, "docs/configuration.md"), "(?m)^\\| `--([a-z]+\\.[a-z.-]+)`")
	if !slices.Equal(got, want) || len(want) < 10 {
		t.Errorf("docs/configuration.md lists\n%s\nand --help has\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestLinksOfTheDocumentsLeadSomewhere(t *testing.T) {
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "README.md", "CONTRIBUTING.md", "SECURITY.md", "deploy/README.md", "alerts/runbook.md") {
		for _, link := range regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`).FindAllStringSubmatch(document(t, page), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), link[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

// Each way to a scraped workspace has five steps at most.
func TestInstallationsAreShort(t *testing.T) {
	for file, least := range map[string]int{"README.md": 4, "deploy/README.md": 4} {
		ways := 0
		for _, step := range regexp.MustCompile(`(?m)^(\d)\. `).FindAllStringSubmatch(document(t, file), -1) {
			if step[1] == "1" {
				ways++
			}
			if step[1] > "5" {
				t.Errorf("%s has a step %s", file, step[1])
			}
		}
		if ways < least {
			t.Errorf("%s has %d lists of steps, want at least %d", file, ways, least)
		}
	}
}
