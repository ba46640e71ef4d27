package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// startWorkspaceWithPast starts a workspace with so many departments, in each of which
// every chat is abandoned, one each two or three hours for forty days.
func startWorkspaceWithPast(t *testing.T, departments []string) *workspace {
	t.Helper()
	w := startWorkspace(t, rocketchattest.Latest)
	now := time.Now()
	for i, id := range departments {
		w.AddDepartments(rocketchattest.Department{ID: id, Name: "Department " + id})
		every := 2*time.Hour + time.Duration(i)*17*time.Minute
		for opened := now.Add(-40 * 24 * time.Hour); opened.Before(now); opened = opened.Add(every) {
			w.AddRooms(rocketchattest.Room{
				DepartmentID: id, OpenedAt: opened, ClosedAt: opened.Add(95 * time.Minute), VisitorInactivity: new(80 * time.Minute), Answered: true,
			})
		}
	}
	return w
}

// counterAt is the counter as documented, in UTC.
func (w *workspace) counterAt(at time.Time) map[string]int {
	at = at.UTC()
	month := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
	counts := w.abandonedRooms(period{month.AddDate(0, -1, 0), at})
	for id, n := range w.abandonedRooms(period{month.AddDate(0, -1, 0), month.Add(-time.Millisecond)}) {
		counts[id] -= n
	}
	return counts
}

// load runs the command that a backfill has printed for Prometheus.
func load(t *testing.T, printed, data string) {
	t.Helper()
	command := regexp.MustCompile(`(?m)^ {2}(for .* promtool .*)$`).FindStringSubmatch(printed)
	promtool, err := filepath.Abs(programs.promtool)
	if command == nil || err != nil {
		t.Fatalf("no command in %q (%v)", printed, err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", strings.Replace(command[1], "DATA", data, 1))
	cmd.Env = []string{"PATH=" + filepath.Dir(promtool) + ":" + os.Getenv("PATH"), "GOMAXPROCS=1"}
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command[1], err, output)
	}
}

// An exporter, an empty Prometheus with the shipped rules, and the past of three weeks: what
// compares with other weeks works with the first evaluations.
func TestAPastFillsComparisonsAndRules(t *testing.T) {
	t.Parallel()
	departments := departmentIDs(4)
	w := startWorkspaceWithPast(t, departments)
	configured := fullConfig(t, w, "6h", "24h", "7d")
	folder, data := t.TempDir(), t.TempDir()
	made := start(t, programs.exporter, "backfill", "--config.file="+writeFile(t, "config.yml", configured), "--output="+folder, "--windows")
	made.wantExit(t, 0)
	load(t, made.stdout.String(), data)

	// A flood in the first department, after the past: three times the chats of other weeks.
	for range 12 {
		opened := time.Now().Add(-100 * time.Minute)
		w.AddRooms(rocketchattest.Room{
			DepartmentID: departments[0], OpenedAt: opened, ClosedAt: opened.Add(95 * time.Minute), VisitorInactivity: new(80 * time.Minute), Answered: true,
		})
	}
	e := startExporter(t, configured)
	p := startPrometheusWith(t, data, map[string]any{
		"scrape_configs": []job{scrape("livechat", e.address, "main")}, "rule_files": []string{writeJSON(t, "livechat.rules.yml", shippedRules(t))},
	})

	all := append(slices.Clone(departments), "none")
	p.wantPast(t, w, all)

	// The alert that compares with three weeks has them as soon as the windows are scraped.
	const flood = `ALERTS{alertname="LivechatAbandonmentFlood"}`
	eventually(t, "the alert on the flood", func() error {
		if got := p.now(t, flood); len(got) != 1 {
			return fmt.Errorf("got %v", got)
		}
		return nil
	})
	for expr, want := range map[string]int{
		`instance_department_window:livechat_department_rooms:max3w`:                                             len(all),
		`last_over_time(livechat_department_abandoned_rooms{window="24h"}[35m] offset 1w)`:                       len(all),
		`max_over_time(instance_window:livechat_department_abandoned_rooms:sum{window="24h"}[1h] offset 1w) > 5`: 1,
		`last_over_time(instance_department:livechat_department_abandonments:increase1h[35m] offset 1w)`:         len(all),
		`last_over_time(livechat_department_info[35m] offset 1w)`:                                                len(all),
	} {
		if got := p.now(t, expr); len(got) != want {
			t.Errorf("%s: got %v, want %d series", expr, got, want)
		}
	}

	// The live series are the same ones, and go on where the past ends.
	p.waitForScrapes(t, "livechat", 2)
	if got := p.now(t, `count_over_time(livechat_department_abandonments_total[30d]) > 1000`); len(got) != len(all) {
		t.Errorf("got %v, want one series for each of %d departments", got, len(all))
	}
	for _, id := range departments {
		live := series("livechat_department_abandonments_total", "department_id", id)
		if got, want := p.now(t, live)[live], w.counterAt(time.Now())[id]; int(got) < want-1 || int(got) > want {
			t.Errorf("%s: got %v, want %d", live, got, want)
		}
	}
}

// wantPast compares what Prometheus has of the past with the workspace, at some instants
// of each day.
func (p *prometheus) wantPast(t *testing.T, w *workspace, departments []string) {
	t.Helper()
	compared := 0
	for at := time.Now().Add(-22 * 24 * time.Hour).Truncate(time.Hour).Add(time.Hour); at.Before(time.Now().Add(-4 * time.Hour)); at = at.Add(7 * time.Hour) {
		stamp := strconv.FormatInt(at.Unix(), 10)
		counter, window, rooms := w.counterAt(at), w.abandonedRooms(period{at.Add(-24 * time.Hour), at}), w.Rooms(at.Add(-6*time.Hour), at)
		got := values{}
		for _, r := range p.query(t, "query", `{__name__=~"livechat_department_abandonments_total|livechat_department_abandoned_rooms|instance_department_window:livechat_department_rooms:max"}`, "time", stamp) {
			got[r.Metric.series()] = r.Value.value
		}
		for _, id := range departments {
			for name, want := range map[string]int{
				series("livechat_department_abandonments_total", "department_id", id):                                   counter[id],
				series("livechat_department_abandoned_rooms", "department_id", id, "window", "24h"):                     window[id],
				series("instance_department_window:livechat_department_rooms:max", "department_id", id, "window", "6h"): rooms[id],
			} {
				compared++
				if n, ok := got[name]; !ok || int(n) != want {
					t.Fatalf("%s at %s: got %v (exists: %t), want %d", name, at.UTC(), n, ok, want)
				}
			}
		}
	}
	if compared < 500 {
		t.Errorf("compared %d values, want more", compared)
	}
}

// A backfill that is interrupted ends at once and goes on when it is started again.
func TestInterruptedBackfillGoesOn(t *testing.T) {
	t.Parallel()
	w := startWorkspaceWithPast(t, departmentIDs(2))
	args := []string{
		"backfill", "--config.file=" + writeFile(t, "config.yml", fullConfig(t, w, "6h", "24h")), "--output=" + t.TempDir(), "--from=3d",
		"--until=" + time.Now().Add(-4*time.Hour).UTC().Format(time.RFC3339),
	}
	// Slow enough for the signal to come in time.
	heal := w.Inject(nil, rocketchattest.Slow(200*time.Millisecond))
	interrupted := startWith(t, []string{}, programs.exporter, args...)
	eventually(t, "some calls", func() error {
		if n := len(w.Requests()); n < 5 {
			return fmt.Errorf("%d calls", n)
		}
		return nil
	})
	interrupted.signal(t, syscall.SIGINT)
	interrupted.wantExit(t, 1)
	if log := interrupted.stderr.String(); !strings.Contains(log, "the same command goes on from here") {
		t.Errorf("got the log %s", log)
	}
	heal()
	again := start(t, programs.exporter, args...)
	again.wantExit(t, 0)
	// Only the call that was in flight is sent twice.
	seen, repeated := map[string]bool{}, 0
	for _, r := range w.Requests() {
		query := r.Query.Get("start") + r.Query.Get("end")
		if strings.Contains(r.Path, "total-abandoned-chats") && seen[query] {
			repeated++
		}
		seen[query] = true
	}
	if repeated > 1 {
		t.Errorf("%d calls were sent twice, want at most one", repeated)
	}
}
