package backfill_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/internal/backfill"
	"livechat_exporter/internal/config"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

const zone = "Europe/Berlin"

// scenario is a past to make of a simulated workspace, in simulated time.
type scenario struct {
	*rocketchattest.Workspace
	*company

	now      time.Time // When the run begins, in the zone.
	settings string    // Keys of the configuration.
	timezone string
	options  backfill.Options
	retries  []error
	progress []backfill.Progress
}

// noLimit is the configuration of an account that the server does not limit.
const noLimit = "rate_limit: {calls: 0}\n"

// simulate runs a test in a bubble whose time is a Monday in October, with chats of the
// company before it.
func simulate(t *testing.T, h habits, test func(t *testing.T, s *scenario)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Date(2026, 10, 5, 9, 17, 23, 0, location)
		time.Sleep(time.Until(now))
		s := &scenario{Workspace: rocketchattest.New(rocketchattest.Latest), now: now, settings: noLimit, timezone: zone}
		s.company = newCompany(s.Workspace, now, h, 7)
		s.Configure(func(settings *rocketchattest.Settings) {
			settings.Permissions = append(settings.Permissions, rocketchattest.BypassRateLimit)
		})
		transport := s.Transport()
		s.options = backfill.Options{
			From: "22d", Step: 30 * time.Minute, Folder: t.TempDir(), Job: "livechat", UserAgent: "test",
			Transport: through(transport),
			Now:       time.Now,
			Progress:  func(p backfill.Progress) { s.progress = append(s.progress, p) },
			Retrying:  func(_ string, err error) { s.retries = append(s.retries, err) },
		}
		test(t, s)
		transport.CloseIdleConnections()
	})
}

func (s *scenario) workspaces(t *testing.T) []config.Workspace {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yml")
	text := s.settings + "timezone: " + s.timezone + "\nworkspaces: {main: {url: 'http://chat.example.com', user_id: " +
		rocketchattest.UserID + ", auth_token: " + rocketchattest.AuthToken + "}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(t.Context(), file, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	return c.Workspaces
}

// run makes the past.
func (s *scenario) run(ctx context.Context, t *testing.T) (backfill.Result, error) {
	t.Helper()
	results, err := backfill.Run(ctx, s.workspaces(t), s.options) //nolint:contextcheck // Loading has the test's own.
	if len(results) != 1 {
		return backfill.Result{}, err
	}
	return results[0], err
}

// mustRun makes the whole past.
func (s *scenario) mustRun(t *testing.T) backfill.Result {
	t.Helper()
	result, err := s.run(t.Context(), t)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// samples reads the samples of files by time and series. The files have to be OpenMetrics
// text whose families and series are not interleaved.
func samples(t *testing.T, files []string) map[int64]truth {
	t.Helper()
	all := map[int64]truth{}
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		seen, last, ended := map[string]bool{}, "", false
		lines := bufio.NewScanner(file)
		for lines.Scan() {
			line := lines.Text()
			if ended {
				t.Fatalf("%s: %q after the end", name, line)
			}
			if strings.HasPrefix(line, "#") {
				ended = line == "# EOF"
				continue
			}
			series, rest, _ := strings.Cut(line, "} ")
			series += "}"
			value, stamp, _ := strings.Cut(rest, " ")
			n, err := strconv.ParseInt(value, 10, 64)
			at, stampErr := strconv.ParseInt(stamp, 10, 64)
			if err != nil || stampErr != nil || seen[series] && last != series {
				t.Fatalf("%s: bad line %q", name, line)
			}
			seen[series], last = true, series
			if all[at] == nil {
				all[at] = truth{}
			}
			all[at][series] = n
		}
		if !ended || lines.Err() != nil {
			t.Fatalf("%s has no end: %v", name, lines.Err())
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// wantTruth compares each sample of the files with the model.
func (s *scenario) wantTruth(t *testing.T, files []string, first, last time.Time, windows ...string) {
	t.Helper()
	got := samples(t, files)
	wrong, compared := 0, 0
	report := func(format string, args ...any) {
		wrong++
		if wrong <= 10 {
			t.Errorf(format, args...)
		}
	}
	instants := 0
	s.sixHours = len(windows) == 0 || slices.Contains(windows, "6h")
	for at := first; !at.After(last); at = at.Add(s.options.Step) {
		instants++
		want := s.at(at.In(s.now.Location()), first, last, s.options.Step, windows)
		have := got[at.Unix()]
		for series, n := range want {
			compared++
			if m, ok := have[series]; !ok || m != n {
				report("%s %s: got %d (exists: %t), want %d", at.UTC().Format(time.RFC3339), series, m, ok, n)
			}
		}
		for series, n := range have {
			if _, ok := want[series]; !ok {
				report("%s %s: got %d, want none", at.UTC().Format(time.RFC3339), series, n)
			}
		}
	}
	if len(got) != instants {
		report("got samples at %d times, want %d", len(got), instants)
	}
	t.Logf("%d samples at %d instants compared, %d wrong", compared, instants, wrong)
}

// bounds are the first and the last instant of the options.
func (s *scenario) bounds(back time.Duration) (first, last time.Time) {
	step := s.options.Step
	first = s.now.Add(-back).Truncate(step).Add(step)
	return first, s.now.Add(-3 * time.Hour).Truncate(step)
}

func list(items []string) string { return fmt.Sprintf("[%s]", strings.Join(items, ", ")) }

// through is the transport of all workspaces.
func through(t http.RoundTripper) func(config.Workspace) http.RoundTripper {
	return func(config.Workspace) http.RoundTripper { return t }
}
