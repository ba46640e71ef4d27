package e2e

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

var soakFor = flag.Duration("soak", 30*time.Second, "how long TestSoak lets workspaces fail at random")

// Two hundred workspaces that fail at random, under scrapes all the time and a reload
// every minute: every page has the numbers of its own workspace and no other's, those
// that are well are never lost, and at the end, when all are well and no connection is
// open, the exporter has no more memory and goroutines than early on.
func TestSoak(t *testing.T) {
	t.Parallel()
	var strayed int
	another := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed++ }))
	defer another.Close()
	f := startFleet(t, 200, 5)
	e := startExporter(t, "workspaces: {main: {url: http://127.0.0.1, user_id: x, auth_token: x}}", "--web.enable-lifecycle", "--web.enable-pprof")
	w, sky := newWatcher(e, f), newWeather(f, another.URL)
	generation := 0
	f.reload(t, e, generation)

	// The first half brings the memory to the size that the work takes.
	early := soakThrough(t, w, sky, &generation, *soakFor/2)
	late := soakThrough(t, w, sky, &generation, *soakFor/2)
	t.Logf("%d pages of %d workspaces, %d reloads, %d scrapes of workspaces that had left", w.pages.Load(), len(f.members), generation, w.refused.Load())
	late.checkSameAs(t, early)
	if strayed > 0 {
		t.Errorf("%d requests reached another host", strayed)
	}
	if n := w.failures.Load(); n > 0 {
		t.Errorf("%d pages were wrong", n)
	}
}

// soakThrough scrapes through bad weather and reloads for some time, then lets it clear
// up, sees every workspace well, and returns what the exporter uses.
func soakThrough(t *testing.T, w *watcher, sky *weather, generation *int, lasts time.Duration) usage {
	t.Helper()
	reloads := time.NewTicker(min(time.Minute, lasts/4))
	defer reloads.Stop()
	turns := time.NewTicker(min(soakInterval, lasts/10))
	defer turns.Stop()
	samples := time.NewTicker(time.Minute)
	defer samples.Stop()
	over := time.NewTimer(lasts)
	defer over.Stop()

	end := w.watch(t)
	for bad := true; bad; {
		select {
		case <-turns.C:
			sky.turn(t)
		case <-reloads.C:
			*generation++
			w.fleet.reload(t, w.exporter, *generation)
		case <-samples.C:
			t.Logf("%d pages: %s", w.pages.Load(), w.exporter.usage(t))
		case <-over.C:
			bad = false
		}
	}
	*generation += 2 - *generation%2 // All are there.
	sky.clear(t)
	w.fleet.reload(t, w.exporter, *generation)
	end()

	cleared := time.Now()
	for _, m := range w.fleet.members {
		eventually(t, "the page of "+m.name, func() error {
			status, body, err := w.scrape(t.Context(), m.name)
			if err != nil || status != http.StatusOK {
				return fmt.Errorf("status %d, error %w", status, err)
			}
			page := parsePage(t, withoutCalls(body))
			if err := m.owns(page); err != nil {
				t.Fatal(err)
			}
			return m.whole(page, cleared)
		})
	}
	w.client.CloseIdleConnections()
	sky.clear(t)
	return w.exporter.usageAtRest(t)
}
