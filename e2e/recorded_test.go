package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"testing"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// The answer that Rocket.Chat's own documentation shows comes out of the page number
// by number.
func TestRecordedAnswer(t *testing.T) {
	t.Parallel()
	recorded, err := os.ReadFile("testdata/abandoned-chats.json")
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Departments []struct {
			ID    string `json:"_id"`
			Rooms int    `json:"abandonedRooms"`
		}
	}
	if err := json.Unmarshal(recorded, &answer); err != nil {
		t.Fatal(err)
	}
	want := make(values)
	for _, d := range answer.Departments {
		want[series("livechat_department_abandoned_rooms", "department_id", d.ID, "window", "24h")] = float64(d.Rooms)
	}

	w := startWorkspace(t, rocketchattest.Latest)
	w.Inject(nil, rocketchattest.RespondJSON(http.StatusOK, string(recorded)))
	e := startExporter(t, config(t, w, "24h"))
	got := parsePage(t, e.page(t)).named("livechat_department_abandoned_rooms")
	want[series("livechat_department_abandoned_rooms", "department_id", "none", "window", "24h")] = 0
	if d := difference(got, want); d != "" || len(answer.Departments) != 7 {
		t.Errorf("%d departments recorded, want 7; differences:\n%s", len(answer.Departments), d)
	}
	s := series("livechat_department_abandoned_rooms", "department_id", "GgYvrkAF63aeQmsh4", "window", "24h")
	if n := got.get(t, s); n != 77 {
		t.Errorf("%s: got %v, want 77", s, n)
	}
}
