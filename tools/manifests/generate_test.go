package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// repository is the root of the sources.
var repository = filepath.Join("..", "..")

// read returns a file of the repository.
func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestGeneratedFilesAreUpToDate(t *testing.T) {
	t.Parallel()
	files, err := generate(repository)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(repository, filepath.FromSlash(name)))
		if want == nil {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s has no source any longer (%v): run make manifests", name, err)
			}
			continue
		}
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what its source makes of it (%v): run make manifests", name, err)
		}
	}
}

// tree makes a repository of files.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for _, folder := range []string{"alerts", "dashboards", "deploy/kubernetes/monitoring"} {
		if err := os.MkdirAll(filepath.Join(root, filepath.FromSlash(folder)), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(root, filepath.FromSlash(name)), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestWritesWhatThereAreSourcesFor(t *testing.T) {
	t.Parallel()
	const (
		rules = "# Why.\ngroups:\n  - name: a\n    rules:\n      - record: b:c:d\n        expr: |\n          x\n\n          # more\n          + y\n"
		rule  = "# Made of alerts/livechat.rules.yml by \"make manifests\".\napiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\n" +
			"metadata:\n  name: livechat\nspec:\n" +
			"  # Why.\n  groups:\n    - name: a\n      rules:\n        - record: b:c:d\n          expr: |\n            x\n\n            # more\n            + y\n"
		maps = "  - name: dashboard-one\n    files: [one.json]\n  - name: dashboard-two\n    files: [two.json]\n"
	)
	for name, tt := range map[string]struct {
		sources map[string]string
		want    map[string]string // what a file holds; empty: it must not be there
	}{
		"nothing": {
			// What was generated before goes.
			sources: map[string]string{ruleManifest: "old", dashboardsList: "old"},
			want:    map[string]string{ruleManifest: "", dashboardsList: "", monitoringList: "resources:\n"},
		},
		"rules": {
			sources: map[string]string{rulesFile: rules},
			want:    map[string]string{ruleManifest: rule, dashboardsList: "", monitoringList: "resources:\n  - prometheusrule.yml\n"},
		},
		"rules and dashboards": {
			sources: map[string]string{rulesFile: rules, "dashboards/two.json": "{}", "dashboards/one.json": "{}", "dashboards/README.md": "x"},
			want:    map[string]string{ruleManifest: rule, dashboardsList: maps, monitoringList: "resources:\n  - prometheusrule.yml\n  - ../../../dashboards\n"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := tree(t, tt.sources)
			if err := write(root, io.Discard); err != nil {
				t.Fatal(err)
			}
			for file, want := range tt.want {
				got, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
				if want == "" && !errors.Is(err, fs.ErrNotExist) || want != "" && !strings.Contains(string(got), want) {
					t.Errorf("%s (%v):\n%s\nwant in it:\n%s", file, err, got, want)
				}
			}
		})
	}
}

func TestRulesThatCannotBeMovedAreRefused(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string]string{
		"two documents": "groups: []\n---\ngroups: []\n",
		"no YAML":       "groups: [\n",
		"a quoted text over lines with an empty one": "groups: [{name: \"a\n\tb\"}]\n\t",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := write(tree(t, map[string]string{rulesFile: rules}), io.Discard); err == nil || !strings.Contains(err.Error(), rulesFile) {
				t.Errorf("error = %v, want one about %s", err, rulesFile)
			}
		})
	}
}
