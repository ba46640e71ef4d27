package e2e

import (
	"fmt"
	"maps"
	"slices"
	"syscall"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

var profiles = []rocketchattest.Profile{rocketchattest.Old, rocketchattest.Mid, rocketchattest.Latest, rocketchattest.Nine}

// What Prometheus stores is, series by series and scrape by scrape, what the rooms of the
// workspace are, while chats are closed and leave the windows.
func TestPrometheusStoresTheNumbersOfTheRooms(t *testing.T) {
	t.Parallel()
	for _, profile := range profiles {
		t.Run(profile.String(), func(t *testing.T) {
			t.Parallel()
			ids := departmentIDs(12)
			w := startWorkspace(t, profile, history(1, time.Now(), ids)...)
			w.AddRooms(changing(time.Now(), ids[0])...)
			names := slices.Sorted(maps.Keys(windows))
			e := startExporter(t, config(t, w, names...))
			p := startPrometheus(t, scrape("livechat", e.address))
			first := p.waitForAnswers(t, time.Time{}, names...)
			eventually(t, "the numbers change", func() error {
				changed := p.now(t, `changes(livechat_department_abandoned_rooms{window="6h"}[1h]) >= 3`)
				for _, department := range []string{ids[0], "none"} {
					if s := series("", "department_id", department, "window", "6h"); changed[s] == 0 {
						return fmt.Errorf("not yet for %s", s)
					}
				}
				return nil
			})

			expected := make(values)
			for _, page := range p.pages(t, "livechat") {
				if !page.at.Before(first.at) {
					checkPage(t, w, page, names)
					maps.Copy(expected, expectedRooms(t, w, page.values, names))
				}
			}
			got := p.stored(t, `livechat_department_abandoned_rooms`)
			if want := slices.Sorted(maps.Keys(expected)); !slices.Equal(got, want) {
				t.Errorf("series in Prometheus: got\n%v\nwant\n%v", got, want)
			}
		})
	}
}

// changing are abandoned chats of which, after now, one after the other is closed, and
// others, without a department, that one after the other are too old for 6h. They last
// for longer than a test does.
func changing(now time.Time, department string) []rocketchattest.Room {
	var rooms []rocketchattest.Room
	for i := range 1000 {
		at := now.Add(time.Duration(i) * 300 * time.Millisecond)
		for id, opened := range map[string]time.Time{department: at.Add(-100 * time.Minute), "": at.Add(-6 * time.Hour)} {
			rooms = append(rooms, rocketchattest.Room{
				DepartmentID: id, VisitorInactivity: new(90 * time.Minute), OpenedAt: opened, ClosedAt: opened.Add(100 * time.Minute),
			})
		}
	}
	return rooms
}

// Prometheus is configured with /sd alone. It finds every workspace, stores the metrics
// under the name of the workspace, and follows changes of the configuration.
func TestPrometheusDiscoversWorkspaces(t *testing.T) {
	t.Parallel()
	start := func(department string, chats int) *workspace {
		return startWorkspace(t, rocketchattest.Latest, abandonedChats(department, chats)...)
	}
	const changing = "us_east-1" // Gets another server.
	all := map[string]*workspace{"eu": start("europe", 3), changing: start("america", 5), "Asia": start("asia", 7)}
	authority := newAuthority(t)
	e := startExporter(t, configOfAll(t, all), "--web.config.file="+writeFile(t, "web.yml", webConfig(authority.issue(t))+webUsers))

	access := map[string]any{
		"tls_config": map[string]any{"ca_file": authority.file(t)},
		"basic_auth": map[string]any{"username": webUser, "password": webPassword},
	}
	discovery := job{"url": "https://" + e.address + "/sd", "refresh_interval": scrapeInterval.String()}.with(access)
	p := startPrometheus(t, job{"job_name": "livechat", "scheme": "https", "http_sd_configs": []any{discovery}}.with(access))
	wantDiscovered(t, p, map[string]map[string]float64{"eu": {"europe": 3}, changing: {"america": 5}, "Asia": {"asia": 7}})

	delete(all, "Asia")
	all["new"] = start("africa", 2)
	all[changing] = start("oceania", 4)
	e.configure(t, configOfAll(t, all))
	e.signal(t, syscall.SIGHUP)
	wantDiscovered(t, p, map[string]map[string]float64{"eu": {"europe": 3}, changing: {"oceania": 4}, "new": {"africa": 2}})
}

// wantDiscovered waits until Prometheus has exactly these workspaces, by the label
// instance, with exactly these departments that have abandoned chats, and their calls.
func wantDiscovered(t *testing.T, p *prometheus, want map[string]map[string]float64) {
	t.Helper()
	eventually(t, "discovery", func() error {
		rooms, calls := make(map[string]map[string]float64), make(map[string]bool)
		for _, r := range p.query(t, "query", `livechat_up == 1 and on (instance) up == 1`) {
			rooms[r.Metric["instance"]] = make(map[string]float64)
		}
		for _, r := range p.query(t, "query", `livechat_department_abandoned_rooms{job="livechat",window="24h"} > 0`) {
			if of := rooms[r.Metric["instance"]]; of != nil {
				of[r.Metric["department_id"]] = r.Value.value
			}
		}
		for _, r := range p.query(t, "query", `livechat_api_requests_total{route="total-abandoned-chats",outcome="ok"} > 0`) {
			calls[r.Metric["instance"]] = true
		}
		if targets := len(p.query(t, "query", "up")); !maps.EqualFunc(rooms, want, maps.Equal) || len(calls) != len(want) || targets != len(want) {
			return fmt.Errorf("got %v and calls of %v on %d targets, want %v", rooms, calls, targets, want)
		}
		return nil
	})
}
