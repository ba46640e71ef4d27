package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const profile = `mode: atomic
example/collector/a.go:1.1,2.2 3 1
example/collector/b.go:1.1,2.2 1 0
example/internal/low/c.go:1.1,2.2 1 0
example/internal/low/c.go:3.1,4.2 1 0
example/internal/low/c.go:3.1,4.2 1 7
example/main.go:1.1,9.9 10 0
`

func TestRunHoldsTheNamedPackagesToTheFloor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		profile  string
		args     []string
		wantCode int
		wantOut  string
		wantErr  string
	}{
		"all at the floor or above it": {
			profile: profile, args: []string{"-floor", "50", "example/collector", "example/internal"},
			wantOut: "covered statements, floor 50 %:\n" +
				"   0.0 %  no floor  example (0 of 10)\n" +
				"  75.0 %  above     example/collector (3 of 4)\n" +
				"  50.0 %  above     example/internal/low (1 of 2)\n",
		},
		"one below": {
			profile: profile, args: []string{"-floor", "50.1", "example/collector", "example/internal"},
			wantCode: 1,
			wantErr:  "coverfloor: less than 50.1 % of the statements are covered in example/internal/low\n",
		},
		"a prefix is a whole path element": {
			profile: profile, args: []string{"-floor", "50", "example/coll"},
			wantCode: 2, wantErr: "coverfloor: no package at or below example/coll in the profile\n",
		},
		"an empty profile":     {profile: "", wantCode: 2, wantErr: `line 1: does not begin with "mode: "`},
		"a line cut short":     {profile: "mode: set\nexample/a.go:1.1,2.2 3\n", wantCode: 2, wantErr: "line 2: "},
		"a count of no number": {profile: "mode: set\nexample/a.go:1.1,2.2 3 x\n", wantCode: 2, wantErr: "line 2: count: "},
		"statements of no number": {
			profile: "mode: set\nexample/a.go:1.1,2.2 x 3\n", wantCode: 2, wantErr: "line 2: number of statements: ",
		},
		"an unknown flag": {profile: profile, args: []string{"-roof", "1"}, wantCode: 2, wantErr: "-roof"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "coverage.out")
			if err := os.WriteFile(file, []byte(test.profile), 0o600); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			code := run(append([]string{"-profile", file}, test.args...), &stdout, &stderr)
			if code != test.wantCode {
				t.Errorf("exit code: got %d, want %d; stderr:\n%s", code, test.wantCode, &stderr)
			}
			if test.wantOut != "" && stdout.String() != test.wantOut {
				t.Errorf("output: got\n%s\nwant\n%s", &stdout, test.wantOut)
			}
			if got := stderr.String(); !strings.Contains(got, test.wantErr) || test.wantErr == "" && got != "" {
				t.Errorf("errors: got %q, want %q in it", got, test.wantErr)
			}
		})
	}
}

func TestRunWithoutAProfile(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	code := run([]string{"-profile", filepath.Join(t.TempDir(), "none")}, &stdout, &stderr)
	if code != 2 || !strings.Contains(stderr.String(), "read coverage profile: ") {
		t.Errorf("got exit code %d and %q, want 2 and what could not be opened", code, &stderr)
	}
}
