//go:build simulate && linux

package backfill_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"livechat_exporter/internal/backfill"
	"livechat_exporter/internal/config"
)

func TestSimulateCallsOfOtherCompanies(t *testing.T) {
	countCalls(t, map[string]callsCase{
		"small office":     {habits{perDay: 3}, 1500},
		"small, some late": {habits{perDay: 1, late: 0.15, closing: true}, 1500},
		"late at any time": {lateOffice, 0},
		"around the clock": {habits{perDay: 8, clock: true}, 0},
		"clock, some late": {habits{perDay: 8, late: 0.15, clock: true}, 0},
	})
}

// large is a server with 10,000 departments, in each of which a chat is abandoned every
// few hours: it was opened 90 minutes before.
type large struct{ ids []string }

func (l large) RoundTrip(r *http.Request) (*http.Response, error) {
	query := r.URL.Query()
	ids := l.ids
	if query.Get("count") == "" {
		ids = ids[:50]
	}
	var body bytes.Buffer
	body.WriteString(`{"departments":[`)
	rows := 0
	start, _ := time.Parse(time.RFC3339, query.Get("start"))
	end, _ := time.Parse(time.RFC3339, query.Get("end"))
	for i, id := range ids {
		if rows > 0 {
			body.WriteByte(',')
		}
		if start.IsZero() {
			fmt.Fprintf(&body, `{"_id":%q,"name":%q,"enabled":true}`, id, "Name of "+id)
			rows++
			continue
		}
		every, since := int64(3600+i), int64(i%3600)
		count := (end.Unix()-5400-since)/every - (start.Unix()-since+every-1)/every + 1
		fmt.Fprintf(&body, `{"_id":%q,"abandonedRooms":%d,"rooms":%[2]d}`, id, max(0, count))
		rows++
	}
	fmt.Fprintf(&body, `],"count":%d,"offset":0,"total":%d,"success":true}`, rows, len(l.ids))
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(&body), Request: r}, nil
}

// peak is the most memory that the process has had since it was last asked, in MB.
func peak(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	kilobytes, err := strconv.Atoi(string(found[1]))
	if err == nil {
		err = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes / 1000
}

func TestSimulateTenThousandDepartmentsIn300MB(t *testing.T) {
	server := large{}
	for n := range 10_000 {
		server.ids = append(server.ids, fmt.Sprintf("department%07d", n))
	}
	for name, windows := range map[string]bool{"counter": false, "windows": true} {
		t.Run(name, func(t *testing.T) {
			span := 30 // It takes no more memory for more days.
			if windows {
				span = 10
			}
			folder := t.TempDir()
			s := scenario{settings: noLimit + "windows: [6h, 24h]\n", timezone: zone}
			s.options = backfill.Options{
				From: fmt.Sprintf("%dd", span), Step: 30 * time.Minute, Windows: windows, Folder: folder, Job: "livechat",
				Transport: func(config.Workspace) http.RoundTripper { return server },
				Now:       time.Now, Retrying: func(string, error) {},
				Progress: func(backfill.Progress) { // The files of so many days do not fit on every disk.
					files, _ := filepath.Glob(filepath.Join(folder, "*.om"))
					for _, file := range files {
						_ = os.Remove(file)
					}
				},
			}
			peak(t)
			result := s.mustRun(t)
			used := peak(t)
			t.Logf("%d days, %d calls: %d MB", len(result.Files), result.Calls, used)
			if used > 300 {
				t.Errorf("took %d MB, want at most 300", used)
			}
		})
	}
}
