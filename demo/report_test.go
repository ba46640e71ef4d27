package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

func TestSamplesAreTheLinesOfOneWindow(t *testing.T) {
	t.Parallel()
	const page = `# HELP livechat_department_abandoned_rooms Rooms with window="24h".
# TYPE livechat_department_abandoned_rooms gauge
livechat_department_abandoned_rooms{department_id="a",window="6h"} 1
livechat_department_abandoned_rooms{department_id="a",window="24h"} 2
livechat_department_abandoned_rooms{department_id="none",window="24h"} 3
livechat_department_abandoned_rooms{department_id="unknown",window="24h"} 4
livechat_department_abandoned_rooms_other{department_id="a",window="24h"} 5
livechat_up 1
`
	want := []string{
		`livechat_department_abandoned_rooms{department_id="a",window="24h"} 2` + "\tAccounts",
		`livechat_department_abandoned_rooms{department_id="none",window="24h"} 3` + "\t(no department)",
		`livechat_department_abandoned_rooms{department_id="unknown",window="24h"} 4` + "\t",
	}
	if got := samples(page, "24h", []rocketchattest.Department{{ID: "a", Name: "Accounts"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("samples =\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	report{
		workspace: "127.0.0.1:3000", exporter: "127.0.0.1:10098", departments: 9, seed: 7,
		samples: []string{"short 1\tSales", "much longer 2\tBilling"},
		now:     time.Date(2026, time.March, 4, 12, 0, 0, 5, time.FixedZone("", 3600)),
	}.write(&got)
	for _, want := range []string{
		"\nRocket.Chat, simulated   http://127.0.0.1:3000   (9 departments, 35 days of chats, seed 7)\n",
		"\nlivechat_exporter on it  http://127.0.0.1:10098\n",
		"\n  short 1         Sales\n  much longer 2   Billing\n",
		"\n    curl http://127.0.0.1:10098/metrics\n",
		`"http://127.0.0.1:3000/api/v1/livechat/analytics/departments/total-abandoned-chats?end=2026-03-04T11%3A00%3A00Z&start=2026-03-03T11%3A00%3A00Z"`,
		`{targets: ["127.0.0.1:10098"]}`,
		"\n    export ROCKETCHAT_URL=http://127.0.0.1:3000 ROCKETCHAT_USER_ID=",
	} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, &got)
		}
	}
}

func TestWaitReadyWaitsForTheAnswer200(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	e := &process{ended: make(chan struct{})}
	if err := e.waitReady(t.Context(), server.URL); err != nil || asked.Load() != 3 {
		t.Errorf("waitReady = %v after %d requests, want none after 3", err, asked.Load())
	}
}
