package main

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"livechat_exporter/demo/traffic"
)

// shipped is a file of the folder alerts.
func shipped(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "alerts", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// changes are the lines of a text that another has in their place, without those that
// are equal. Both have as many lines.
func changes(t *testing.T, from, to string) map[string]string {
	t.Helper()
	old, now := strings.Split(from, "\n"), strings.Split(to, "\n")
	if len(old) != len(now) {
		t.Fatalf("%d lines became %d", len(old), len(now))
	}
	changed := make(map[string]string)
	for i := range old {
		if old[i] != now[i] {
			changed[strings.TrimSpace(old[i])] = strings.TrimSpace(now[i])
		}
	}
	return changed
}

func TestRulesAreAsShippedButForTheirWait(t *testing.T) {
	t.Parallel()
	rules := shipped(t, "livechat.rules.yml")
	got, err := hastened(rules)
	if err != nil {
		t.Fatal(err)
	}
	changed := changes(t, rules, got)
	for from, to := range changed {
		if !regexp.MustCompile(`^for: \d+[mh]$`).MatchString(from) || to != "for: "+holdFor {
			t.Errorf("%q became %q", from, to)
		}
	}
	if alerts, waits := strings.Count(got, "- alert: "), strings.Count(got, "        for: "+holdFor+"\n"); alerts == 0 || alerts != waits {
		t.Errorf("%d of %d alerts wait for %s", waits, alerts, holdFor)
	}
	if _, err := hastened("groups: []\n"); err == nil {
		t.Error("rules that do not wait are no error")
	}
}

// What the demo says in words of its own is in the rules.
func TestRulesHaveTheNamesOfTheDemo(t *testing.T) {
	t.Parallel()
	rules := shipped(t, "livechat.rules.yml")
	for _, want := range []string{"- record: " + perHour + "\n", `up{job="` + jobName + `"}`} {
		if !strings.Contains(rules, want) {
			t.Errorf("the rules lack %q", want)
		}
	}
}

func TestRoutesAreAsShippedButForReceiversAndWaits(t *testing.T) {
	t.Parallel()
	routes := shipped(t, "alertmanager.yml")
	got, err := routesTo(routes, "http://127.0.0.1:5", "folder")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"group_wait: 30s":    "group_wait: 5s",
		"group_interval: 5m": "group_interval: 15s",
		"token_id_file: /run/secrets/alertmanager_rocketchat_user_id": "token_id_file: folder/receiver_user_id",
		"token_file: /run/secrets/alertmanager_rocketchat_token":      "token_file: folder/receiver_token",
		"- url: https://alerts.example.com/livechat":                  "- url: http://127.0.0.1:5/livechat",
		"api_url: https://chat.example.com":                           "api_url: http://127.0.0.1:5",
		"- api_url: https://chat.example.com":                         "- api_url: http://127.0.0.1:5",
	}
	if changed := changes(t, routes, got); !maps.Equal(changed, want) {
		t.Errorf("changed %v, want %v", changed, want)
	}
	if _, err := routesTo(strings.ReplaceAll(routes, "group_wait: 30s", "group_wait: 31s"), "", ""); err == nil || !strings.Contains(err.Error(), "group_wait: 30s") {
		t.Errorf("error = %v, want one that names what is not there", err)
	}
}

func TestStackReport(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.March, 4, 12, 0, 30, 0, time.UTC)
	for name, tt := range map[string]struct {
		pages bool
		want  []string
	}{
		"with pages": {true, []string{
			"\n  its alerts             http://127.0.0.1:9090/alerts\n",
			" http://127.0.0.1:9090/query?g0.expr=max+by+%28department%29+", "&g0.range_input=6h&g0.tab=graph\n",
		}},
		"without": {false, []string{
			"\n  its alerts             http://127.0.0.1:9090/api/v1/alerts   (",
			" http://127.0.0.1:9090/api/v1/query?query=" + perHour + "\n",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			stackReport{prometheus: "127.0.0.1:9090", alertmanager: "127.0.0.1:9093", pages: tt.pages, spike: traffic.Spike{ClosedAt: at}}.write(&got)
			for _, want := range append(tt.want, "\nAlertmanager             http://127.0.0.1:9093\n", "\nAt 12:00:30, 18 chats of Account and Login are closed ") {
				if !strings.Contains(got.String(), want) {
					t.Errorf("the report lacks %q:\n%s", want, &got)
				}
			}
		})
	}
}

func TestStackWithoutItsProgramsSaysSo(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"prometheus", "promtool"} {
		for _, file := range []string{name, name + ".exe"} {
			if err := os.WriteFile(filepath.Join(folder, file), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	var building builder // which would panic
	var stdout, stderr output
	got := run(t.Context(), []string{"--stack=" + folder}, building, &stdout, &stderr)
	const want = "demo: find alertmanager (make demo builds it into .bin, for --stack=.bin): "
	if got != 1 || !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("exit code %d with %q, want 1 with %q", got, &stderr, want)
	}
}

func TestProcessesAreStoppedTogether(t *testing.T) {
	t.Parallel()
	program, err := thisBinary(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	var all processes
	for range 2 {
		var stderr output
		p, err := startProcess("a program", program.binary, nil, []string{standIn + "=ends when asked"}, &stderr)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
		poll := time.NewTicker(time.Millisecond)
		for stderr.String() == "" { // It listens to signals before it says so.
			<-poll.C
		}
		poll.Stop()
	}
	first := all.firstEnd()
	select {
	case p := <-first:
		t.Fatalf("%s has ended", p.cmd)
	default:
	}
	all.stop()
	for range all {
		<-first
	}
}
