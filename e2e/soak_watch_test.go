package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	// soakInterval is how often each workspace is scraped.
	soakInterval = 5 * time.Second
	// recovery is how old the newest answer of a workspace may become that nothing stands
	// before: far older than it does, because a busy machine is no error.
	recovery = 2 * patience
)

// watcher scrapes a fleet through an exporter, each workspace at its own time, and holds
// every page to what its workspace has.
type watcher struct {
	exporter *exporter
	fleet    *fleet
	client   *http.Client

	pages, refused, failures atomic.Int64
}

func newWatcher(e *exporter, f *fleet) *watcher {
	return &watcher{exporter: e, fleet: f, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: len(f.members)}}}
}

// watch scrapes until the returned function is called, which waits for the last page
// and leaves no connection.
func (w *watcher) watch(t *testing.T) (end func()) {
	t.Helper()
	over := make(chan struct{})
	var scrapes sync.WaitGroup
	for i, m := range w.fleet.members {
		scrapes.Go(func() {
			offset := time.NewTimer(soakInterval * time.Duration(i) / time.Duration(len(w.fleet.members)))
			defer offset.Stop()
			next := offset.C
			tick := time.NewTicker(soakInterval)
			defer tick.Stop()
			for {
				select {
				case <-over:
					return
				case <-next:
				}
				if err := w.look(t.Context(), m); err != nil && w.failures.Add(1) < 10 { // The first ones tell enough.
					t.Errorf("%s: %v", m.name, err)
				}
				next = tick.C
			}
		})
	}
	return func() {
		close(over)
		scrapes.Wait()
		w.client.CloseIdleConnections()
	}
}

// look scrapes a workspace once and checks the page.
func (w *watcher) look(ctx context.Context, m *member) error {
	goneBefore, fairSince := m.state()
	began := time.Now()
	status, body, err := w.scrape(ctx, m.name)
	gone, _ := m.state()
	switch {
	case err != nil:
		return err
	case status == http.StatusBadRequest && (gone || goneBefore):
		w.refused.Add(1)
		return nil
	case status != http.StatusOK:
		return fmt.Errorf("got status %d and %s", status, body)
	}
	w.pages.Add(1)
	page, err := readPage(withoutCalls(body))
	if err != nil {
		return err
	}
	if err := m.owns(page); err != nil {
		return err
	}
	if !fairSince.IsZero() && began.Sub(fairSince) > recovery {
		return m.whole(page, began.Add(-recovery))
	}
	return nil
}

// scrape asks for the page of a workspace as Prometheus does.
func (w *watcher) scrape(ctx context.Context, name string) (status int, body string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.exporter.address+"/probe?target="+name, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", fmt.Sprint(soakInterval.Seconds()))
	return send(w.client, req)
}

// calls are the lines of a page about calls, which are most of it.
var calls = regexp.MustCompile(`(?m)^(# (HELP|TYPE) )?livechat_api_.*\n`)

// withoutCalls is a page without them: to read them takes longer than all else here.
func withoutCalls(page string) string { return calls.ReplaceAllString(page, "") }

// owns reports what on a page is not the workspace's.
func (m *member) owns(page values) error {
	since := m.abandoned
	if start, ok := page["livechat_abandonments_period_start_timestamp_seconds"]; ok && m.closedAt.Before(time.UnixMilli(int64(start*1000))) {
		since = values{m.name: 0, shared: 0, "none": 0} // They were closed in the month before.
	}
	var wrong []error
	for metric, want := range map[string]values{
		"livechat_department_abandoned_rooms": m.abandoned, "livechat_department_rooms": m.rooms, "livechat_department_abandonments_total": since,
	} {
		for s, got := range page.named(metric) {
			if number, known := want[departmentOf.FindStringSubmatch(s)[1]]; !known || got != number {
				wrong = append(wrong, fmt.Errorf("%s is %v, want %v, of a department of its own: %t", s, got, number, known))
			}
		}
	}
	names := map[string]string{m.name: "Own of " + m.name, shared: "Sales of " + m.name, "none": "(no department)"}
	for s := range page.named("livechat_department_info") {
		id := departmentOf.FindStringSubmatch(s)[1]
		if name := names[id]; s != series("livechat_department_info", "department_id", id, "department", name) &&
			s != series("livechat_department_info", "department_id", id, "department", id) { // Without the list the id stands for the name.
			wrong = append(wrong, fmt.Errorf("%s, want the name %q", s, name))
		}
	}
	return errors.Join(wrong...)
}

// whole reports what is missing on the page of a workspace that is well, or was asked
// for before a time.
func (m *member) whole(page values, asked time.Time) error {
	want := values{"livechat_up": 1}
	for department := range m.abandoned {
		for _, window := range []string{"24h", "7d"} {
			want[series("livechat_department_abandoned_rooms", "department_id", department, "window", window)] = m.abandoned[department]
			want[series("livechat_department_rooms", "department_id", department, "window", window)] = m.rooms[department]
		}
	}
	want[series("livechat_department_info", "department_id", shared, "department", "Sales of "+m.name)] = 1
	var wrong []error
	for s, number := range want {
		if got, ok := page[s]; !ok || got != number {
			wrong = append(wrong, fmt.Errorf("%s: got %v, there: %t, want %v", s, got, ok, number))
		}
	}
	if counters := len(page.named("livechat_department_abandonments_total")); counters != len(m.abandoned) {
		wrong = append(wrong, fmt.Errorf("got %d counters, want %d", counters, len(m.abandoned)))
	}
	for s, at := range page.named("livechat_refresh_timestamp_seconds") {
		if at := time.UnixMilli(int64(at * 1000)); at.Before(asked) && !strings.Contains(s, `resource="departments"`) {
			wrong = append(wrong, fmt.Errorf("%s is %v, want %v or later", s, at, asked))
		}
	}
	return errors.Join(wrong...)
}

// discovered are the workspaces that /sd tells of, in order.
func discovered(t *testing.T, e *exporter) ([]string, error) {
	t.Helper()
	status, body, err := get(t.Context(), http.DefaultClient, "http://"+e.address+"/sd")
	if err != nil || status != http.StatusOK {
		return nil, fmt.Errorf("status %d: %w", status, err)
	}
	var groups []struct{ Labels map[string]string }
	if err := json.Unmarshal([]byte(body), &groups); err != nil {
		return nil, fmt.Errorf("%s: %w", body, err)
	}
	names := make(map[string]bool, len(groups))
	for _, g := range groups {
		names[g.Labels["__param_target"]] = true
	}
	return slices.Sorted(maps.Keys(names)), nil
}
