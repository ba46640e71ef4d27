package manifests

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// variable returns a variable of the Makefile.
func variable(t *testing.T, name string) string {
	t.Helper()
	match := regexp.MustCompile(`(?m)^` + name + ` := (.*)$`).FindSubmatch(read(t, "Makefile"))
	if match == nil {
		t.Fatalf("the Makefile has no %s", name)
	}
	return string(match[1])
}

// tracked returns the text files that git knows.
func tracked(t *testing.T) (names []string) {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), "git", "-C", repository, "grep", "-lIe", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(output))
}

// The project's addresses stand in the Makefile, and the same ones everywhere else.
func TestAddressesAreThoseOfTheMakefile(t *testing.T) {
	t.Parallel()
	repositoryURL, images := variable(t, "REPOSITORY"), variable(t, "IMAGES")
	_, module, _ := strings.Cut(repositoryURL, "://")
	// Anything with a host's name that ends in the name of the project, and the places of
	// images and charts.
	address := regexp.MustCompile(`(?:https?://)?\b([a-z0-9-]+\.)+[a-z]{2,}(:\d+)?(/[\w.-]+)*/(livechat_exporter|livechat-exporter)\b|\b(ghcr|docker|quay)\.io/[\w./-]+`)
	example := regexp.MustCompile(`^(https?://)?([\w-]+\.)*example\.(com|org)\b`)
	found := make(map[string]int)
	for _, name := range tracked(t) {
		if strings.HasSuffix(name, ".sum") {
			continue
		}
		for line := range strings.Lines(string(read(t, name))) {
			for _, match := range address.FindAllString(line, -1) {
				switch {
				case example.MatchString(match):
				case strings.TrimPrefix(match, "https://") == module:
					found["repository"]++
				case strings.HasPrefix(match+"/", images+"/"):
					found["images"]++
				default:
					t.Errorf("%s has the address %s; those of the Makefile are %s and %s", name, match, repositoryURL, images)
				}
			}
		}
	}
	if found["repository"] < 2 || found["images"] < 2 {
		t.Errorf("addresses found: %v", found)
	}
}

// Files that name a release name the one that is on top of the changelog.
func TestVersionIsThatOfTheChangelog(t *testing.T) {
	t.Parallel()
	match := regexp.MustCompile(`(?m)^## (\d+\.\d+\.\d+)`).FindSubmatch(read(t, "CHANGELOG.md"))
	if match == nil {
		t.Fatal("CHANGELOG.md has no version")
	}
	version := string(match[1])
	mention := regexp.MustCompile(`(?:livechat_exporter:|livechat-exporter[_-]|VERSION=|--version )v?(\d+\.\d+\.\d+)`)
	mentions := 0
	for _, name := range []string{"README.md", "deploy/README.md", "deploy/compose/compose.yml"} {
		for _, match := range mention.FindAllStringSubmatch(string(read(t, name)), -1) {
			mentions++
			if match[1] != version {
				t.Errorf("%s has %s, and the changelog %s", name, match[0], version)
			}
		}
	}
	if mentions == 0 {
		t.Error("no file names the release")
	}
}

// After a move to another address the module builds, with its tests and its tools, and
// nothing of the old address is left.
func TestMove(t *testing.T) {
	t.Parallel()
	const to, images = "https://git.example.com/acme/livechat_exporter", "images.example.com/acme"
	old := []string{variable(t, "REPOSITORY"), variable(t, "IMAGES") + "/"}
	folder := t.TempDir()
	in := func(name string, arguments ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, arguments...)
		cmd.Dir, cmd.Env = folder, append(os.Environ(), "GOFLAGS=-buildvcs=false")
		output, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, output)
		}
		return string(output)
	}
	for _, name := range tracked(t) {
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // G301: as in a checkout.
			t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if bytes.HasPrefix(read(t, name), []byte("#!")) {
			mode = 0o755
		}
		if err := os.WriteFile(file, read(t, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	in("git", "init", "--quiet")
	in("git", "add", "--all")
	in("tools/move", to, images)
	in("git", "add", "--all") // A file that should not be there would be in the status.
	if status := in("git", "status", "--porcelain", "--", "*.orig"); status != "" {
		t.Errorf("left behind:\n%s", status)
	}
	for _, name := range tracked(t) {
		text, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		for _, address := range old {
			if bytes.Contains(text, []byte(address)) {
				t.Errorf("%s has the old address %s", name, address)
			}
		}
	}
	if got, want := strings.TrimSpace(in("go", "list", ".")), strings.TrimPrefix(to, "https://"); got != want {
		t.Errorf("the module is %s, want %s", got, want)
	}
	in("go", "vet", "-tags=browser,conformance,image,packages,simulate,systemd,victoriametrics", "./...")
	linter, err := os.ReadFile(filepath.Join(folder, ".golangci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if left := regexp.MustCompile(`(: |\[|, )livechat_exporter\b.*`).Find(linter); left != nil {
		t.Errorf("the linter's rules have the old module: %s", left)
	}
}
