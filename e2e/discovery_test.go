package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// configOfAll is a configuration for several workspaces, by name, without a limit on
// calls: the tests scrape each second.
func configOfAll(t *testing.T, all map[string]*workspace) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("windows: [24h]\nrate_limit: {calls: 0}\nworkspaces:\n")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "  %s: {url: %q, user_id: %s, auth_token_file: %s}\n",
			name, all[name].url(), rocketchattest.UserID, writeFile(t, "token", rocketchattest.AuthToken+"\n"))
	}
	return b.String()
}

// startWorkspaceOf starts a workspace with so many abandoned chats of one department.
func startWorkspaceOf(t *testing.T, department string, chats int) *workspace {
	t.Helper()
	w := startWorkspace(t, rocketchattest.Latest)
	for range chats {
		chat := abandonedChat()
		chat.DepartmentID = department
		w.AddRooms(chat)
	}
	return w
}

// Prometheus knows /sd and nothing else: it finds every workspace, stores its metrics
// under its name, those of the calls included, never another's, and follows when
// workspaces come and go.
func TestPrometheusDiscoversWorkspaces(t *testing.T) {
	t.Parallel()
	const changing = "us_east-1" // Gets another server in the course of the test.
	all := map[string]*workspace{
		"eu":     startWorkspaceOf(t, "europe", 3),
		changing: startWorkspaceOf(t, "america", 5),
		"Asia":   startWorkspaceOf(t, "asia", 7),
	}
	authority := newAuthority(t)
	own := authority.issue(t, nil)
	e := startExporter(t, configOfAll(t, all), "--web.config.file="+writeFile(t, "web.yml", fmt.Sprintf(
		"tls_server_config: {cert_file: %s, key_file: %s}\nbasic_auth_users: {%s: %s}\n", own.file, own.keyFile, webUser, webHash)))

	access := map[string]any{
		"tls_config": map[string]any{"ca_file": authority.file(t)},
		"basic_auth": map[string]any{"username": webUser, "password": webPassword},
	}
	discovery := map[string]any{"url": "https://" + e.address + "/sd", "refresh_interval": scrapeInterval.String()}
	maps.Copy(discovery, access)
	found := job{"job_name": "livechat", "scheme": "https", "http_sd_configs": []any{discovery}}
	maps.Copy(found, access)
	p := startPrometheus(t, found)
	wantDiscovered(t, p, map[string]map[string]float64{"eu": {"europe": 3}, changing: {"america": 5}, "Asia": {"asia": 7}})

	// One goes, one comes, one is another server from now on, and one stays.
	delete(all, "Asia")
	all["new"] = startWorkspaceOf(t, "africa", 2)
	all[changing] = startWorkspaceOf(t, "oceania", 4)
	e.configure(t, configOfAll(t, all))
	e.signal(t, syscall.SIGHUP)
	wantDiscovered(t, p, map[string]map[string]float64{"eu": {"europe": 3}, changing: {"oceania": 4}, "new": {"africa": 2}})
}

// wantDiscovered waits until Prometheus has exactly these workspaces, by instance, with
// exactly these departments that have abandoned chats.
func wantDiscovered(t *testing.T, p *prometheus, want map[string]map[string]float64) {
	t.Helper()
	eventually(t, "what Prometheus discovers", func() error {
		up := make(map[string]float64, len(want))
		for name := range want {
			up[name] = 1
		}
		if got := p.nowBy(t, "instance", `{__name__=~"up|livechat_up",job="livechat"}`); !maps.Equal(got, up) {
			return fmt.Errorf("up: got %v, want %v", got, up)
		}
		for name, rooms := range want {
			selector := fmt.Sprintf(`livechat_department_abandoned_rooms{instance=%q,window="24h"} > 0`, name)
			if got := p.nowBy(t, "department_id", selector); !maps.Equal(got, rooms) {
				return fmt.Errorf("%s: got %v, want %v", name, got, rooms)
			}
			calls := fmt.Sprintf(`livechat_api_requests_total{instance=%q,route="total-abandoned-chats",outcome="ok"} > 0`, name)
			if got := p.nowBy(t, "outcome", calls); len(got) != 1 {
				return fmt.Errorf("%s: got calls %v, want some", name, got)
			}
		}
		return nil
	})
}

// nowBy are the values that a PromQL expression has now, by a label of theirs. Where
// several series share its value they must agree.
func (p *prometheus) nowBy(t *testing.T, label, expression string) map[string]float64 {
	t.Helper()
	var vector struct {
		Result []struct {
			Metric labels
			Value  point
		}
	}
	p.ask(t, "query", "query", expression, &vector)
	found := make(map[string]float64, len(vector.Result))
	for _, s := range vector.Result {
		value, seen := found[s.Metric[label]]
		if seen && value != s.Value.value {
			value = -1 // They do not agree, and nothing that is wanted is negative.
		} else {
			value = s.Value.value
		}
		found[s.Metric[label]] = value
	}
	return found
}
