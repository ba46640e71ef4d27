package manifests

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// Actions are pinned by commit, so that nobody can change the code behind a tag, and a job
// has only the rights that it names.
func TestWorkflowsArePinnedAndRestricted(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(repository, ".github", "workflows", "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("workflows: %q, %v", files, err)
	}
	uses := regexp.MustCompile(`(?m)uses: *(.*)$`)
	pinned := regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	for _, file := range files {
		name := ".github/workflows/" + filepath.Base(file)
		content := read(t, name)
		for _, use := range uses.FindAllStringSubmatch(string(content), -1) {
			if !pinned.MatchString(use[1]) {
				t.Errorf("%s uses %q, want a commit's hash and its version", name, use[1])
			}
		}
		if strings.Count(string(content), "actions/checkout@") != strings.Count(string(content), "persist-credentials: false") {
			t.Errorf("%s leaves a token in a checkout", name)
		}
		var workflow struct {
			Permissions map[string]string `json:"permissions"`
		}
		if err := yaml.Unmarshal(content, &workflow); err != nil {
			t.Fatal(err)
		}
		if len(workflow.Permissions) != 1 || workflow.Permissions["contents"] != "read" {
			t.Errorf("%s has the permissions %v", name, workflow.Permissions)
		}
	}
}

// The bases of the images are pinned by digest, so that a release is built on what was
// tested.
func TestBaseImagesArePinned(t *testing.T) {
	t.Parallel()
	base := regexp.MustCompile(`(?m)^ARG \w+_IMAGE=(.*)$`)
	pinned := regexp.MustCompile(`^[\w./:-]+:[\w.-]+@sha256:[0-9a-f]{64}$`)
	for _, name := range []string{"Dockerfile", "demo/Dockerfile"} {
		bases := base.FindAllStringSubmatch(string(read(t, name)), -1)
		if len(bases) != 2 {
			t.Errorf("%s has %d bases, want two", name, len(bases))
		}
		for _, match := range bases {
			if !pinned.MatchString(match[1]) {
				t.Errorf("%s builds on %s, want a tag and a digest", name, match[1])
			}
		}
	}
}

// GitHub shows a form that has a mistake as an empty page. Reports come with the output of
// check.
func TestIssueForm(t *testing.T) {
	t.Parallel()
	type element struct {
		Type        string          `json:"type"`
		ID          string          `json:"id"`
		Attributes  map[string]any  `json:"attributes"`
		Validations map[string]bool `json:"validations"`
	}
	var form struct {
		Name        string    `json:"name"`
		Description string    `json:"description"`
		Body        []element `json:"body"`
	}
	if err := yaml.UnmarshalStrict(read(t, ".github/ISSUE_TEMPLATE/bug.yml"), &form); err != nil {
		t.Fatal(err)
	}
	check := named(t, form.Body, "check", func(e element) string { return e.ID })
	if !check.Validations["required"] || form.Name == "" || form.Description == "" {
		t.Errorf("the form is %+v", form)
	}
	for _, e := range form.Body {
		if label, ok := e.Attributes["label"].(string); !ok || label == "" || (e.Type != "textarea" && e.Type != "input") {
			t.Errorf("the element is %+v", e)
		}
	}
}

// The updater's rules name folders that are there.
func TestUpdaterConfiguration(t *testing.T) {
	t.Parallel()
	var updater struct {
		Rules []struct {
			Files []string `json:"matchFileNames"`
		} `json:"packageRules"`
	}
	if err := yaml.Unmarshal(read(t, ".github/renovate.json"), &updater); err != nil {
		t.Fatal(err)
	}
	for _, rule := range updater.Rules {
		for _, pattern := range rule.Files {
			folder := strings.TrimSuffix(pattern, "/**")
			if found, err := filepath.Glob(filepath.Join(repository, folder, "*")); err != nil || len(found) == 0 {
				t.Errorf("no files match %s: %v", pattern, err)
			}
		}
	}
	if len(updater.Rules) == 0 {
		t.Error("no rules")
	}
}

// What is no release gets no tag latest.
func TestOnlyReleasesAreLatest(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{"1.0.0": true, "1.0.0-rc1": false, "1.0.0-3-gabcdef012345": false, "unknown": false} {
		for _, target := range []string{"docker", "docker-push"} {
			output, err := exec.CommandContext(t.Context(), "make", "-C", repository, "--dry-run", target, "VERSION="+version).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			if latest := strings.Contains(string(output), ":latest"); latest != want {
				t.Errorf("%s of %s: latest is %v\n%s", target, version, latest, output)
			}
		}
	}
}
