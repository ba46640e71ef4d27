package e2e

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

var profiles = []rocketchattest.Profile{rocketchattest.Old, rocketchattest.Mid, rocketchattest.Latest}

// What Prometheus holds is, series by series and scrape by scrape, what the rooms
// say, while chats are closed and leave the windows.
func TestPrometheusHoldsWhatTheRoomsSay(t *testing.T) {
	t.Parallel()
	for _, profile := range profiles {
		t.Run(profile.String(), func(t *testing.T) {
			t.Parallel()
			ids := departments(12)
			w := startWorkspace(t, profile)
			w.AddRooms(history(1, time.Now(), ids)...)
			w.AddRooms(leaving(time.Now(), 6*time.Hour)...)
			names := slices.Sorted(maps.Keys(windows))
			e := startExporter(t, config(t, w, names...))
			p := startPrometheus(t, scrape("livechat", e.address))
			first := p.answeredSince(t, time.Time{}, names)

			// What happens is in the future when it is entered, so what the rooms say
			// for a past period never changes.
			const within = 3 * time.Second
			began := time.Now().Add(time.Second)
			w.AddRooms(closing(began, within, ids[0])...)
			p.answeredSince(t, began.Add(within), names)

			pages := p.pages(t, "livechat")
			pages = slices.DeleteFunc(pages, func(page scraped) bool { return page.at.Before(first.at) })
			seen := make(map[string]map[float64]bool)
			everExpected := make(values)
			for _, page := range pages {
				checkPage(t, w, page, names)
				for s, value := range page.values.named("livechat_department_abandoned_rooms") {
					if seen[s] == nil {
						seen[s] = make(map[float64]bool)
					}
					seen[s][value] = true
				}
				maps.Copy(everExpected, expected(t, w, page.values, names))
			}

			// The test is worth something only if the numbers moved.
			for _, department := range []string{ids[0], "none"} {
				s := series("livechat_department_abandoned_rooms", "department_id", department, "window", "6h")
				if len(seen[s]) < 3 {
					t.Errorf("%s had the values %v in %d pages, want three or more", s, seen[s], len(pages))
				}
			}
			got := p.ever(t, `livechat_department_abandoned_rooms`)
			if want := slices.Sorted(maps.Keys(everExpected)); !slices.Equal(got, want) {
				t.Errorf("series in Prometheus: got\n%v\nwant\n%v", got, want)
			}
		})
	}
}

// When a department is removed the server has its rooms without one, and so does
// Prometheus; the series of the department ends.
func TestRemovedDepartmentLeaves(t *testing.T) {
	t.Parallel()
	ids := departments(3)
	w := startWorkspace(t, rocketchattest.Latest)
	w.AddRooms(history(2, time.Now(), ids)...)
	e := startExporter(t, config(t, w, "24h", "7d"))
	p := startPrometheus(t, scrape("livechat", e.address))
	p.answeredSince(t, time.Time{}, []string{"24h", "7d"})
	removed := series("livechat_department_abandoned_rooms", "department_id", ids[1], "window", "7d")
	p.now(t, "livechat_department_abandoned_rooms").get(t, removed)

	w.RemoveDepartment(ids[1])
	page := p.answeredSince(t, time.Now(), []string{"24h", "7d"})
	checkPage(t, w, page, []string{"24h", "7d"})
	if n, ok := p.now(t, "livechat_department_abandoned_rooms")[removed]; ok {
		t.Errorf("%s is still %v", removed, n)
	}
}

// More departments than the server hands over by itself: servers that take paging
// parameters are asked for all, of others the page says that there are more.
func TestManyDepartments(t *testing.T) {
	t.Parallel()
	for _, profile := range profiles {
		t.Run(profile.String(), func(t *testing.T) {
			t.Parallel()
			w := startWorkspace(t, profile)
			w.AddRooms(history(4, time.Now(), departments(130))...)
			e := startExporter(t, config(t, w, "7d"))
			p := startPrometheus(t, scrape("livechat", e.address))

			page := p.answeredSince(t, time.Time{}, []string{"7d"})
			got := page.values.named("livechat_department_abandoned_rooms")
			want := expected(t, w, page.values, []string{"7d"})
			wantComplete := 1.0
			if profile == rocketchattest.Old {
				// The server chooses the departments, but not their numbers.
				wantComplete = 0
				maps.DeleteFunc(want, func(s string, _ float64) bool {
					_, ok := got[s]
					return !ok
				})
				if len(want) != 50 {
					t.Errorf("got %d departments that the workspace has, want the 50 that it hands over", len(want))
				}
			}
			if d := difference(got, want); d != "" {
				t.Error(d)
			}
			complete := series("livechat_refresh_complete", "resource", "abandoned_rooms", "window", "7d")
			if v := page.values.get(t, complete); v != wantComplete {
				t.Errorf("%s: got %v, want %v", complete, v, wantComplete)
			}
		})
	}
}

// checkPage compares a page of the exporter, as Prometheus stored it, with what the
// workspace's rooms say.
func checkPage(t *testing.T, w *workspace, page scraped, names []string) {
	t.Helper()
	for _, s := range []string{"up", "livechat_up"} {
		if value := page.values.get(t, s); value != 1 {
			t.Errorf("%s of %v: got %v, want 1", s, page.at, value)
		}
	}
	checkPeriods(t, w, page, names)
	want := expected(t, w, page.values, names)
	if d := difference(page.values.named("livechat_department_abandoned_rooms"), want); d != "" {
		t.Errorf("page of %v:\n%s", page.at, d)
	}
}

// scrapedSince waits for a scrape of the job that began after a time, and returns it.
func (p *prometheus) scrapedSince(t *testing.T, job string, after time.Time) scraped {
	t.Helper()
	var page scraped
	eventually(t, "a scrape of "+job, func() error {
		pages := p.pages(t, job)
		if len(pages) == 0 || !pages[len(pages)-1].at.After(after) {
			return fmt.Errorf("%d scrapes, none after %v", len(pages), after)
		}
		page = pages[len(pages)-1]
		return nil
	})
	return page
}

// answeredSince waits for a page on which the answers for all windows were asked for
// after a time, and returns it. On a busy machine a call can outlive the scrape that
// began it; then that page has the last good answer, or none yet.
func (p *prometheus) answeredSince(t *testing.T, after time.Time, windows []string) scraped {
	t.Helper()
	var page scraped
	eventually(t, "answers to a scrape", func() error {
		pages := p.pages(t, "livechat")
		if len(pages) == 0 {
			return errors.New("no scrape yet")
		}
		page = pages[len(pages)-1]
		for _, window := range windows {
			s := series("livechat_refresh_timestamp_seconds", "resource", "abandoned_rooms", "window", window)
			if asked := page.values[s]; asked == 0 || asked <= float64(after.UnixMilli())/1e3 {
				return fmt.Errorf("%s is %v on the page of %v, not after %v", s, asked, page.at, after)
			}
		}
		return nil
	})
	return page
}
