package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// workflows are the files of GitHub's workflows.
func workflows(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repository, ".github", "workflows", "*.yml"))
	if err != nil || len(files) != 3 {
		t.Fatalf("workflows: %q, %v", files, err)
	}
	return files
}

// Whoever takes over an action cannot put other code behind a commit's hash, and a job
// has no more rights than it names.
func TestWorkflowsArePinnedAndRestricted(t *testing.T) {
	t.Parallel()
	pinned := regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	for _, file := range workflows(t) {
		name := filepath.ToSlash(strings.TrimPrefix(file, repository+string(filepath.Separator)))
		content := string(read(t, name))
		uses := regexp.MustCompile(`(?m)uses: *(.*)$`).FindAllStringSubmatch(content, -1)
		if len(uses) == 0 {
			t.Errorf("%s uses nothing", name)
		}
		for _, use := range uses {
			if !pinned.MatchString(use[1]) {
				t.Errorf("%s uses %q, want a commit's hash and its version", name, use[1])
			}
		}
		if strings.Count(content, "actions/checkout@") != strings.Count(content, "persist-credentials: false") {
			t.Errorf("%s leaves a token in a checkout", name)
		}
		var workflow struct {
			Permissions map[string]string `json:"permissions"`
		}
		if err := yaml.Unmarshal([]byte(content), &workflow); err != nil {
			t.Fatal(err)
		}
		if len(workflow.Permissions) != 1 || workflow.Permissions["contents"] != "read" {
			t.Errorf("%s has the permissions %v", name, workflow.Permissions)
		}
	}
}

// A release's archives and those of "make dist" are for the same platforms, have the
// same names and contents, and the same facts of the version.
func TestReleaseIsAsMakeDist(t *testing.T) {
	t.Parallel()
	var config struct {
		Builds []struct {
			Env, Flags, LDFlags, GOOS, GOARCH []string
		}
		Archives []struct {
			NameTemplate string `json:"name_template"`
			Files        []struct{ Src string }
		}
		Checksum struct {
			NameTemplate string `json:"name_template"`
		}
	}
	if err := yaml.Unmarshal(read(t, ".goreleaser.yml"), &config); err != nil {
		t.Fatal(err)
	}
	makefile := string(read(t, "Makefile"))
	assigned := func(name string) string {
		match := regexp.MustCompile(`(?m)^` + name + ` :?= ((?:.*\\\n)*.*)$`).FindStringSubmatch(makefile)
		if match == nil {
			t.Fatalf("the Makefile has no %s", name)
		}
		return strings.ReplaceAll(match[1], "\\\n", " ")
	}

	build := only(t, config.Builds)
	var platforms []string
	for _, system := range build.GOOS {
		for _, arch := range build.GOARCH {
			platforms = append(platforms, system+"/"+arch)
		}
	}
	if want := strings.Fields(assigned("PLATFORMS")); !slices.Equal(platforms, want) {
		t.Errorf("platforms = %q, and make dist has %q", platforms, want)
	}
	facts := regexp.MustCompile(`version\.(\w+)=|\$\(STAMP\)\.(\w+)=`)
	names := func(text string) []string {
		var all []string
		for _, match := range facts.FindAllStringSubmatch(text, -1) {
			all = append(all, match[1]+match[2])
		}
		return all
	}
	flags := strings.Join(build.LDFlags, " ")
	if got, want := names(flags), names(assigned("LDFLAGS")); !slices.Equal(got, want) || len(want) != 5 || !strings.HasPrefix(flags, "-s -w ") {
		t.Errorf("the linker's flags set %q, and make dist's %q", got, want)
	}
	if !slices.Equal(build.Env, []string{"CGO_ENABLED=0"}) || !slices.Equal(build.Flags, []string{"-trimpath", "-buildvcs=false"}) {
		t.Errorf("builds with %q and %q", build.Env, build.Flags)
	}

	archive := only(t, config.Archives)
	if archive.NameTemplate != "{{ .ProjectName }}-{{ .Version }}.{{ .Os }}-{{ .Arch }}" || config.Checksum.NameTemplate != "sha256sums.txt" {
		t.Errorf("names are %q and %q", archive.NameTemplate, config.Checksum.NameTemplate)
	}
	var contents []string
	for _, file := range archive.Files {
		folder, _, _ := strings.Cut(file.Src, "/*")
		contents = append(contents, folder)
	}
	if want := strings.Fields(assigned("CONTENTS")); !slices.Equal(contents, want) {
		t.Errorf("archives have %q, and make dist's %q", contents, want)
	}
}
