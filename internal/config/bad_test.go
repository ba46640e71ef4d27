package config

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

var update = flag.Bool("update", false, "write what Load says about testdata/bad/*.yml beside the files, to be read before it is committed")

// hunter2 is in every credential of the bad files and of badEnvironment.
const hunter2 = "hunter2"

// badEnvironment is what the bad files can refer to. No value in it may be shown, but
// that of BLANK and EMPTY, which show as nothing, so each is one that no message holds.
func badEnvironment() map[string]string {
	return map[string]string{
		"AUTH_TOKEN":              hunter2 + hunter2,
		"AUTH_TOKEN_OF_TWO_LINES": hunter2 + "\n" + hunter2,
		"SPACED":                  "id: " + hunter2,
		"EMPTY":                   "",
		"ALSO_EMPTY":              "",
		"BLANK":                   " \n ",
		"WRONG":                   "http://wrong:" + hunter2 + "@wrong.example.org/${AUTH_TOKEN}\n",
		"NESTED":                  "${AUTH_TOKEN}",
		"HALF_AN_HOUR":            "1801s",
		"AN_HOUR":                 "3600001ms",
		"AN_HOUR_MORE":            "7200s",
		"THREE_HOURS":             "10800s",
		"ZERO":                    "0ms",
		"ONE":                     "01",
		"CALLS":                   "0000012",
		"A_MINUTE":                "60000ms",
		"FOUR_MINUTES":            "239999ms",
		"SECONDS":                 "5400",
		"B":                       "b",

		"A_VARIABLE_THAT_IS_SET_AND_HAS_A_VERY_LONG_NAME": "Nowhere",
	}
}

// goTypes matches what no operator should have to know.
var goTypes = regexp.MustCompile(`\b(string|u?int(8|16|32|64)?|float(32|64)|bool|struct|interface|map|nil|slice)\b|[\[*&](yaml|config|time|url)\.|!!`)

func TestBadFiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bad/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	texts, err := filepath.Glob("testdata/bad/*.txt")
	if err != nil || len(texts) != len(files) && !*update {
		t.Fatalf("got %d texts for %d files: %v", len(texts), len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yml"), func(t *testing.T) {
			t.Parallel()
			c, err := Load(file, environment(badEnvironment()))
			if err == nil || c != nil {
				t.Fatalf("Load(%s) = %+v, %v; want no configuration and an error", file, c, err)
			}
			got := err.Error() + "\n"
			golden := strings.TrimSuffix(file, ".yml") + ".txt"
			if *update {
				if writeErr := os.WriteFile(golden, []byte(got), 0o600); writeErr != nil {
					t.Fatal(writeErr)
				}
			}
			want, readErr := os.ReadFile(golden)
			if readErr != nil {
				t.Fatal(readErr)
			}
			if got != string(want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			checkMessages(t, file, err)
			for name, content := range badEnvironment() {
				if trimmed := strings.TrimSpace(content); len(trimmed) > 1 && strings.Contains(got, trimmed) {
					t.Errorf("the value of %s is shown", name)
				}
			}
			if strings.Contains(strings.ReplaceAll(got, "${"+hunter2, ""), hunter2) {
				t.Error("a credential is shown")
			}
		})
	}
}

// checkMessages checks what holds for every error of Load.
func checkMessages(t *testing.T, file string, err error) {
	t.Helper()
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("got a %T, which joins no errors", err)
	}
	var mistakes []*Error
	for _, err := range joined.Unwrap() {
		mistake, ok := errors.AsType[*Error](err)
		if !ok {
			t.Fatalf("got a %T, want *Error", err)
		}
		mistakes = append(mistakes, mistake)
	}
	if !slices.IsSortedFunc(mistakes, func(a, b *Error) int { return cmp.Compare(a.Line, b.Line) }) {
		t.Error("the mistakes are not ordered by line")
	}
	if got := strings.Count(err.Error(), "\n") + 1; got != len(mistakes) {
		t.Errorf("got %d lines for %d mistakes", got, len(mistakes))
	}
	for _, mistake := range mistakes {
		switch {
		case mistake.File != file:
			t.Errorf("%v: the file is %q", mistake, mistake.File)
		case mistake.Line <= 0:
			t.Errorf("%v: there is no line", mistake)
		case goTypes.MatchString(mistake.Message):
			t.Errorf("%v: holds %q", mistake, goTypes.FindString(mistake.Message))
		}
	}
}

func TestUnreadableFiles(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	huge := filepath.Join(directory, "huge.yml")
	if err := os.WriteFile(huge, make([]byte, maxFileBytes+1), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(directory, "missing.yml")
	const notRegular = ": is not a regular file: name the YAML file itself, not a directory, a pipe or a device"
	for _, test := range []struct{ name, file, want string }{
		{"missing", missing, missing + ": does not exist: check the path"},
		{"huge", huge, huge + ": is larger than 1 MiB, more than any configuration needs: check that this is the right file"},
		{"a directory", directory, directory + notRegular},
		{"a device", "/dev/zero", "/dev/zero" + notRegular},
		{"below a file", filepath.Join(huge, "x"), filepath.Join(huge, "x") + ": cannot be read: not a directory: check the path"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, err := Load(test.file, environment(nil))
			if c != nil || err == nil {
				t.Fatalf("got %v, %v", c, err)
			}
			if got := err.Error(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			mistake, ok := errors.AsType[*Error](err)
			if !ok || mistake.File != test.file || mistake.Line != 0 || mistake.Key != "" {
				t.Errorf("got %#v", mistake)
			}
		})
	}
	if _, err := Load(missing, environment(nil)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}

// The tests may run as a user who can read everything.
func TestFileWithoutPermission(t *testing.T) {
	t.Parallel()
	err := unreadableFile("config.yml", &fs.PathError{Op: "open", Path: "config.yml", Err: syscall.EACCES})
	const want = "config.yml: cannot be read: permission denied: let the exporter's user read it"
	if got := err.Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(err, fs.ErrPermission) {
		t.Errorf("%v is not fs.ErrPermission", err)
	}
}

func TestLargestFileIsRead(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "config.yml")
	content := "workspaces: {main: {url: 'https://chat.example.com', user_id: x, auth_token: x}}\n#"
	content += strings.Repeat("x", maxFileBytes-len(content))
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	load(t, file, nil)
}

// The YAML library has been known to panic, and may come to return other errors.
func TestYAMLErrorsOfOtherKinds(t *testing.T) {
	t.Parallel()
	_, err := loadNode(nil)
	if err == nil {
		t.Fatal("a panic of the library is no error")
	}
	r := &reader{file: "config.yml"}
	r.failYAML(err)
	const want = "config.yml: is not valid YAML: the YAML library cannot handle this file"
	if got := r.err().Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOperatingSystemErrorWithoutPath(t *testing.T) {
	t.Parallel()
	if got := operatingSystemError(syscall.EIO); !errors.Is(got, syscall.EIO) {
		t.Errorf("got %v, want %v", got, syscall.EIO)
	}
}

func TestThousandsOfMistakesAreCutShort(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"elements": "workspaces: {main: {}}\nwindows: [" + strings.Repeat("a,", 20_000) + "]\n",
		"keys":     strings.Repeat("timeout: 1\n", 20_000),
		"products": "windows: [" + manyWindows(2_000) + "]\nworkspaces:\n" + manyWorkspaces(2_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parse("config.yml", []byte(content), environment(nil))
			if err == nil {
				t.Fatal("there is no error")
			}
			lines := strings.Split(err.Error(), "\n")
			if got, want := len(lines), maxMistakes+1; got != want {
				t.Fatalf("got %d lines, want %d", got, want)
			}
			last := lines[len(lines)-1]
			if !regexp.MustCompile(`^config\.yml: has \d+ more mistakes: correct these first$`).MatchString(last) {
				t.Errorf("the last line is %q", last)
			}
		})
	}
}

func manyWindows(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%dms,", i+1)
	}
	return b.String()
}

func manyWorkspaces(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  w%d: {}\n", i)
	}
	return b.String()
}
