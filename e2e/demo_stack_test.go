package e2e

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// demoPatience is within what time the demo is running, and then has told of its spike,
// however busy the machine is.
const demoPatience = 3 * time.Minute

// The whole stack as "make demo" starts it: it tells where all is, an alert arrives that
// names the department, and an interrupt leaves nothing behind.
func TestDemoStackTellsOfItsSpike(t *testing.T) {
	t.Parallel()
	folder, temporary := t.TempDir(), t.TempDir()
	program := filepath.Join(folder, "demo"+suffix())
	if err := command(t.Context(), "go", "build", "-buildvcs=false", "-o", program, "livechat_exporter/demo"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	// It builds the exporter, for which it needs the environment of a user.
	d := startIn(
		t, append(os.Environ(), "TMPDIR="+temporary), program,
		"--stack="+filepath.Dir(programs.prometheus), "--spike-after=5s",
		"--workspace.listen-address=127.0.0.1:0", "--exporter.listen-address=127.0.0.1:0",
		"--prometheus.listen-address=127.0.0.1:0", "--alertmanager.listen-address=127.0.0.1:0",
	)
	d.prints(t, began, `Ctrl-C ends the demo\.`)
	address := func(of string) string { return d.prints(t, began, `(?m)^`+of+` +http://(\S+)`)[1] }
	workspace, exporter, p := address("Rocket.Chat, simulated"), address("livechat_exporter on it"), &prometheus{process: d, address: address("Prometheus")}
	alertmanager := address("Alertmanager")

	running := time.Now()
	notification := d.prints(t, running, `(?m)^\d\d:\d\d:\d\d  Rocket\.Chat #shift-leads: Visitors went silent in more chats than usual at this time of the week\. `+
		`Account and Login on main: (\d+) abandoned chats were closed in the last hour; usual at this time of the week: \d+\.\d\.$`)
	t.Logf("running after %s, told %s later: %s", running.Sub(began), time.Since(running), notification[0])
	if d.stderr.String() != "" {
		t.Errorf("errors:\n%s", d.stderr.String())
	}
	// The exporter's counter goes on where the past ends.
	for query, want := range map[string]int{
		"resets(livechat_department_abandonments_total[2h]) == 0":                                        10,
		"instance_department:livechat_department_abandonments:increase1h_median3w":                       10,
		"instance_department:livechat_department_abandonments:increase1h_avg24h":                         10,
		"count by (department_id) (count_over_time(livechat_department_info[2h])) == 1":                  10,
		"livechat_department_abandonments_total - livechat_department_abandonments_total offset 10m > 8": 1,
	} {
		if got := p.now(t, query); len(got) != want {
			t.Errorf("%s has %d series, want %d: %v", query, len(got), want, got)
		}
	}

	d.signal(t, syscall.SIGINT)
	d.wantExit(t, 0)
	for _, at := range []string{workspace, exporter, p.address, alertmanager} {
		if connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", at); err == nil {
			_ = connection.Close()
			t.Errorf("%s still listens", at)
		}
	}
	if left, err := filepath.Glob(filepath.Join(temporary, "livechat_exporter-demo-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// prints waits for something on the standard output of a demo, for its patience from a
// time on. It returns the match and its groups.
func (p *process) prints(t *testing.T, from time.Time, pattern string) []string {
	t.Helper()
	wanted := regexp.MustCompile(pattern)
	limit := time.NewTimer(time.Until(from.Add(demoPatience)))
	defer limit.Stop()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		if match := wanted.FindStringSubmatch(p.stdout.String()); match != nil {
			return match
		}
		select {
		case <-tick.C:
		case <-p.exited:
			t.Fatalf("%s ended: %v", p.name, p.cmd.ProcessState)
		case <-limit.C:
			t.Fatalf("not printed within %s: %s", demoPatience, pattern)
		}
	}
}
