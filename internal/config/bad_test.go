package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the messages about testdata/bad/*.yml beside the files, to be read before they are committed")

// hunter2 is in every credential of the bad files and of badEnvironment.
const hunter2 = "hunter2"

// badEnvironment is what the bad files refer to.
func badEnvironment() map[string]string {
	return map[string]string{
		"AUTH_TOKEN": hunter2 + hunter2, "AUTH_TOKEN_OF_TWO_LINES": hunter2 + "\n" + hunter2, "SPACED": "id: " + hunter2,
		"EMPTY": "", "ALSO_EMPTY": "", "BLANK": " \n ", "NESTED": "${AUTH_TOKEN}", "WRONG": "http://wrong:" + hunter2 + "@wrong.example.org/${AUTH_TOKEN}\n",
		"HALF_AN_HOUR": "1801s", "AN_HOUR_MORE": "7200s", "ZERO": "0ms", "ONE": "01", "CALLS": "0000012", "A_MINUTE": "60000ms",
		"FOUR_MINUTES": "239999ms", "SECONDS": "5400",
		"HTTP_PROXY": "ftp://" + hunter2 + ":" + hunter2 + "@proxy.example.com", "https_proxy": hunter2 + " " + hunter2,
	}
}

func TestBadFiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bad/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yml"), func(t *testing.T) {
			t.Parallel()
			c, err := Load(t.Context(), file, environment(badEnvironment()))
			if err == nil || c != nil {
				t.Fatalf("Load(%s) = %+v, %v; want no configuration and an error", file, c, err)
			}
			checkError(t, file, err)
			got := strings.ReplaceAll(err.Error(), file+":", "") + "\n"
			golden := strings.TrimSuffix(file, ".yml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if want := readText(t, golden); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			if strings.Contains(got, hunter2) {
				t.Error("a credential is shown")
			}
		})
	}
}

// checkError checks that the error joins mistakes of the file, each in one line and in the
// order of the file.
func checkError(t *testing.T, file string, err error) {
	t.Helper()
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("got a %T, which joins no errors", err)
	}
	last := 0
	for _, err := range joined.Unwrap() {
		mistake, ok := errors.AsType[*Error](err)
		switch {
		case !ok || mistake.File != file || strings.Contains(mistake.Message, "\n"):
			t.Errorf("%q is no mistake of one line in %s", err, file)
		case mistake.Line < last && mistake.Line != 0:
			t.Errorf("%q comes after line %d", err, last)
		default:
			last = mistake.Line
		}
	}
}

func TestUnreadableFiles(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	for file, want := range map[string]string{
		filepath.Join(directory, "missing.yml"): ": no such file or directory: check --config.file and the permissions",
		directory:                               ": is a directory: check --config.file and the permissions",
	} {
		_, err := Load(t.Context(), file, environment(nil))
		if mistake, ok := errors.AsType[*Error](err); !ok || mistake.Error() != file+want {
			t.Errorf("got %v, want %s", err, file+want)
		}
	}
}
