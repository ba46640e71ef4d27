package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// probe asks for a workspace's page. The scrape may take so long.
func (e *exporter) probe(t *testing.T, name string, timeout time.Duration) (status int, body string, err error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+e.address+"/probe?target="+name, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", fmt.Sprint(timeout.Seconds()))
	return send(http.DefaultClient, req)
}

// A hundred workspaces that hang, each asked more often than it may be, neither delay
// nor refuse the pages of another; their own come at their deadline.
func TestHangingWorkspacesCostOthersNothing(t *testing.T) {
	t.Parallel()
	const workspaces, most = 100, 2
	const timeout = 15 * time.Second
	hanging := startWorkspace(t, rocketchattest.Latest)
	hanging.Inject(nil, rocketchattest.Hang())
	all := map[string]*workspace{"good": startWorkspaceOf(t, "sales", 3)}
	for i := range workspaces {
		all[fmt.Sprint("hanging", i)] = hanging
	}
	e := startExporter(t, configOfAll(t, all), fmt.Sprint("--web.max-requests=", most))

	var mu sync.Mutex
	statuses := make(map[int]int)
	var pages sync.WaitGroup
	for i := range workspaces {
		for range most + 1 {
			pages.Go(func() {
				status, body, err := e.probe(t, fmt.Sprint("hanging", i), timeout)
				if err != nil || status == http.StatusOK && !strings.Contains(body, "\nlivechat_up 0\n") {
					t.Errorf("a workspace that hangs: got status %d, error %v and\n%s", status, err, body)
				}
				mu.Lock()
				statuses[status]++
				mu.Unlock()
			})
		}
	}
	eventually(t, "every workspace that hangs is asked, and refused", func() error {
		mu.Lock()
		defer mu.Unlock()
		if calls, refused := len(hanging.Requests()), statuses[http.StatusServiceUnavailable]; calls < workspaces || refused < workspaces {
			return fmt.Errorf("%d calls, %d refused", calls, refused)
		}
		return nil
	})
	begin := time.Now()
	const scrapes = 20
	for range scrapes {
		status, body, err := e.probe(t, "good", timeout)
		if err != nil || status != http.StatusOK || !strings.Contains(body, `livechat_department_abandoned_rooms{department_id="sales",window="24h"} 3`) {
			t.Fatalf("another workspace: got status %d, error %v and\n%s", status, err, body)
		}
	}
	if took := time.Since(begin); took > timeout/2 {
		t.Errorf("%d pages of another workspace took %v", scrapes, took)
	}
	pages.Wait()
	if statuses[http.StatusOK] != workspaces*most || statuses[http.StatusServiceUnavailable] != workspaces {
		t.Errorf("got the statuses %v, want %d pages and %d refused", statuses, workspaces*most, workspaces)
	}
	if lines := e.lines("level=error"); len(lines) > 0 {
		t.Errorf("it said %q", lines)
	}
}
