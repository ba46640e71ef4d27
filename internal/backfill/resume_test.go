package backfill_test

import (
	"bytes"
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"livechat_exporter/internal/backfill"
)

// office closes its chats while it is open.
var office = habits{perDay: 8}

// contents reads the files of a result.
func contents(t *testing.T, files []string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(file)] = text
	}
	return all
}

func TestRunsThatWereKilledEndWithTheSameFiles(t *testing.T) {
	for name, windows := range map[string]bool{"counter": false, "windows": true} {
		t.Run(name, func(t *testing.T) {
			simulate(t, lateOffice, func(t *testing.T, s *scenario) {
				s.options.From, s.options.Windows = "10d", windows
				s.settings += "windows: [6h, 24h]\n"
				whole := s.mustRun(t)
				want := contents(t, whole.Files)

				s.options.Folder = t.TempDir()
				random := rand.New(rand.NewPCG(3, 5))
				calls, kills := 0, 0
				var got backfill.Result
				for {
					ctx, cancel := context.WithCancel(t.Context())
					left := random.IntN(max(1, whole.Calls/12))
					if kills == 20 {
						left = whole.Calls
					}
					answered := 0
					s.options.Progress = func(p backfill.Progress) {
						answered = p.Calls
						if p.Calls > left {
							cancel()
						}
					}
					result, err := s.run(ctx, t)
					cancel()
					calls += answered
					if err == nil {
						got = result
						break
					}
					kills++
					if kills > 20 {
						t.Fatal(err)
					}
					cutOff(t, filepath.Join(s.options.Folder, "main.journal"), random.IntN(40))
					time.Sleep(time.Hour) // The run keeps the time of its first start.
				}
				if kills < 10 {
					t.Errorf("killed %d times, want more", kills)
				}
				if !maps.EqualFunc(contents(t, got.Files), want, bytes.Equal) {
					t.Error("the files differ from those of a run that was not stopped")
				}
				if !windows && calls > whole.Calls+2*kills { // The rooms of a period take two.
					t.Errorf("%d calls with %d kills, and %d without", calls, kills, whole.Calls)
				}
				t.Logf("%d kills, %d calls, %d without kills", kills, calls, whole.Calls)
			})
		})
	}
}

// cutOff takes the last bytes of a file, as if its writer had been killed.
func cutOff(t *testing.T, file string, n int) {
	t.Helper()
	info, err := os.Stat(file)
	if err == nil {
		err = os.Truncate(file, max(0, info.Size()-int64(n)))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestJournals(t *testing.T) {
	for name, test := range map[string]struct {
		change func(t *testing.T, s *scenario)
		want   string
	}{
		"of another period":    {func(_ *testing.T, s *scenario) { s.options.From = "3d" }, "the journal is of another run"},
		"of another step":      {func(_ *testing.T, s *scenario) { s.options.Step = time.Hour }, "the journal is of another run"},
		"of another time zone": {func(_ *testing.T, s *scenario) { s.timezone = "Asia/Tokyo" }, "the journal is of another run"},
		"without windows":      {func(_ *testing.T, s *scenario) { s.options.Windows = true }, "the journal is of another run"},
		"of other labels":      {func(_ *testing.T, s *scenario) { s.options.Job = "other" }, "the journal is of another run"},
		"that is damaged": {func(t *testing.T, s *scenario) {
			file := filepath.Join(s.options.Folder, "main.journal")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text[len(text)/2], text[len(text)/2+1] = 0, 0
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "the journal is damaged"},
		"that is gone": {func(t *testing.T, s *scenario) {
			if err := os.Remove(filepath.Join(s.options.Folder, "main.journal")); err != nil {
				t.Fatal(err)
			}
		}, "without a journal"},
		"that is the same": {func(*testing.T, *scenario) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, office, func(t *testing.T, s *scenario) {
				s.options.From = "2d"
				first := s.mustRun(t)
				test.change(t, s)
				calls := len(s.Requests())
				again, err := s.run(t.Context(), t)
				switch {
				case test.want == "" && (err != nil || !slices.Equal(again.Files, first.Files)):
					t.Errorf("got %v, %v", again.Files, err)
				case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
					t.Errorf("got %v, want %q", err, test.want)
				}
				for _, r := range s.Requests()[calls:] {
					if strings.Contains(r.Path, "total-abandoned-chats") {
						t.Errorf("%s was sent again", r.Query)
					}
				}
			})
		})
	}
}

// Where something cannot be written the run ends with what is wrong, no half file has the
// name of a whole one, and the run goes on when it can be written again.
func TestWhatCannotBeWritten(t *testing.T) {
	const file = "main-2026-10-04.om"
	for name, test := range map[string]struct {
		prepare func(folder string) error
		heal    string // Removed before the second run.
		want    string
	}{
		"a full disk": {
			func(folder string) error { return os.Symlink("/dev/full", filepath.Join(folder, file+".partial")) },
			file + ".partial", "write the samples: write ",
		},
		"a folder without permission to write a file": {
			func(folder string) error { return os.Mkdir(filepath.Join(folder, file+".partial"), 0o700) },
			file + ".partial", "write the samples: open ",
		},
		"a folder without permission to write the journal": {
			func(folder string) error { return os.Mkdir(filepath.Join(folder, "main.journal"), 0o700) },
			"main.journal", "open the journal: ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, office, func(t *testing.T, s *scenario) {
				s.options.From = "2d"
				if err := test.prepare(s.options.Folder); err != nil {
					t.Fatal(err)
				}
				if _, err := s.run(t.Context(), t); err == nil || !strings.Contains(err.Error(), test.want) {
					t.Fatalf("got %v, want %q", err, test.want)
				}
				if _, err := os.Stat(filepath.Join(s.options.Folder, file)); err == nil {
					t.Error("there is a file that could not be written")
				}
				if err := os.RemoveAll(filepath.Join(s.options.Folder, test.heal)); err != nil {
					t.Fatal(err)
				}
				first, last := s.bounds(2 * 24 * time.Hour)
				s.wantTruth(t, s.mustRun(t).Files, first, last)
			})
		})
	}
}

func TestAFolderThatCannotBeMade(t *testing.T) {
	simulate(t, office, func(t *testing.T, s *scenario) {
		s.options.Folder = filepath.Join(s.options.Folder, "file")
		if err := os.WriteFile(s.options.Folder, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.run(t.Context(), t); err == nil || !strings.HasPrefix(err.Error(), "--output: ") {
			t.Errorf("got %v", err)
		}
	})
}
