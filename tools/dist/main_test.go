package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var released = time.Date(2026, time.March, 2, 3, 4, 6, 0, time.UTC)

// sources goes to a folder with what a release is made of.
func sources(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range map[string]string{
		"LICENSE": "license", "config.yml": "config", "alerts/a.yml": "rules", "alerts/tests/a.yml": "tests", "alerts/z_test.go": "test",
		"alerts/testdata/x": "data", "deploy/systemd/x.service": "unit", "deploy/compose/y": "another",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// fake is a builder of a program that says what it was built for.
func fake(p platform, ldflags, file string) error {
	return os.WriteFile(file, []byte(p.os+" "+p.arch+" "+ldflags), 0o600)
}

func release() options {
	return options{
		version: "1.2.3", ldflags: "-s", time: released, out: "dist",
		contents:  []string{"deploy/systemd", "LICENSE", "config.yml", "alerts"},
		platforms: []platform{{"linux", "arm64"}, {"windows", "amd64"}},
	}
}

// want are the files of an archive of release, by name, mode and content.
func want(folder, program, built string) []string {
	return []string{
		folder + "/LICENSE -rw-r--r-- license",
		folder + "/alerts/a.yml -rw-r--r-- rules",
		folder + "/config.yml -rw-r--r-- config",
		folder + "/deploy/systemd/x.service -rw-r--r-- unit",
		folder + "/" + program + " -rwxr-xr-x " + built,
	}
}

func TestDistMakesAnArchiveForEachPlatform(t *testing.T) {
	sources(t)
	var stdout bytes.Buffer
	if err := dist(release(), fake, &stdout); err != nil {
		t.Fatal(err)
	}
	const (
		unix    = "livechat_exporter-1.2.3.linux-arm64"
		windows = "livechat_exporter-1.2.3.windows-amd64"
	)
	if got, want := filepath.ToSlash(stdout.String()), "dist/"+unix+".tar.gz\ndist/"+windows+".zip\ndist/sha256sums.txt\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	if got, want := untar(t, filepath.Join("dist", unix+".tar.gz")), want(unix, "livechat_exporter", "linux arm64 -s"); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if got, want := unzip(t, filepath.Join("dist", windows+".zip")), want(windows, "livechat_exporter.exe", "windows amd64 -s"); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}

	sums, err := os.ReadFile(filepath.Join("dist", "sha256sums.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var right strings.Builder
	for _, file := range []string{unix + ".tar.gz", windows + ".zip"} {
		content, err := os.ReadFile(filepath.Join("dist", file))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&right, "%x  %s\n", sha256.Sum256(content), file)
	}
	if string(sums) != right.String() {
		t.Errorf("checksums\n%swant\n%s", sums, right.String())
	}
}

// untar lists the files of an archive, and demands that nothing of the machine is in
// it.
func untar(t *testing.T, file string) []string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if !unzipped.ModTime.IsZero() || unzipped.Name != "" {
		t.Errorf("gzip's header names %s, %q", unzipped.ModTime, unzipped.Name)
	}
	var files []string
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		if !header.ModTime.Equal(released) || header.Uid != 0 || header.Gid != 0 || header.Uname != "" || header.Gname != "" {
			t.Errorf("%s is of %s and belongs to %d/%d %q/%q", header.Name, header.ModTime, header.Uid, header.Gid, header.Uname, header.Gname)
		}
		files = append(files, fmt.Sprintf("%s %s %s", header.Name, header.FileInfo().Mode(), text))
	}
}

// unzip lists the files of an archive.
func unzip(t *testing.T, file string) []string {
	t.Helper()
	archive, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := archive.Close(); err != nil {
			t.Error(err)
		}
	})
	var files []string
	for _, f := range archive.File {
		open, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(open)
		if err != nil {
			t.Fatal(err)
		}
		open.Close()
		if !f.Modified.Equal(released) {
			t.Errorf("%s is of %s", f.Name, f.Modified)
		}
		files = append(files, fmt.Sprintf("%s %s %s", f.Name, f.Mode(), text))
	}
	return files
}

func TestTwoRunsGiveTheSameBytes(t *testing.T) {
	sources(t)
	read := func(folder string) map[string]string {
		o := release()
		o.out = folder
		if err := dist(o, fake, io.Discard); err != nil {
			t.Fatal(err)
		}
		files, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		all := make(map[string]string)
		for _, file := range files {
			content, err := os.ReadFile(filepath.Join(folder, file.Name()))
			if err != nil {
				t.Fatal(err)
			}
			all[file.Name()] = string(content)
		}
		return all
	}
	first := read("first")
	// Other times and modes of the sources.
	for _, name := range []string{"LICENSE", "alerts/a.yml"} {
		if err := os.Chtimes(name, time.Now(), released.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, 0o400); err != nil {
			t.Fatal(err)
		}
	}
	second := read("second")
	if len(first) != 3 || len(second) != 3 {
		t.Fatalf("%d and %d files, want 3", len(first), len(second))
	}
	for name, content := range first {
		if second[name] != content {
			t.Errorf("%s differs", name)
		}
	}
}

func TestDistBeginsWithAnEmptyFolder(t *testing.T) {
	sources(t)
	if err := os.Mkdir("dist", 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("dist/old.zip", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := dist(release(), fake, io.Discard); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("dist/old.zip"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file of an earlier run is left: %v", err)
	}
}

func TestWhatCannotBeReleased(t *testing.T) {
	sources(t)
	missing := release()
	missing.contents = append(missing.contents, "dashboards")
	if err := dist(missing, fake, io.Discard); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "dashboards") {
		t.Errorf("error = %v, want one about the missing dashboards", err)
	}
	broken := func(platform, string, string) error { return os.ErrPermission }
	if err := dist(release(), broken, io.Discard); !errors.Is(err, os.ErrPermission) {
		t.Errorf("error = %v, want that of the build", err)
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	at := strconv.FormatInt(released.Unix(), 10)
	got, err := parse([]string{"-version=1.2.3", "-time=" + at, "-ldflags=-s -w", "-out=x", "-contents=a b", "linux/amd64", "windows/arm64"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	want := options{
		version: "1.2.3", ldflags: "-s -w", time: released, out: "x", contents: []string{"a", "b"},
		platforms: []platform{{"linux", "amd64"}, {"windows", "arm64"}},
	}
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	for name, args := range map[string][]string{
		"no version":              {"-time=" + at, "linux/amd64"},
		"a version with a folder": {"-version=../1", "-time=" + at, "linux/amd64"},
		"no time":                 {"-version=1", "linux/amd64"},
		"no platforms":            {"-version=1", "-time=" + at},
		"a platform without arch": {"-version=1", "-time=" + at, "linux"},
		"an unknown flag":         {"-tag=1"},
	} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
