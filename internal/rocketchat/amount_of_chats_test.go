package rocketchat_test

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

func TestAnsweredAndWaitingRoomsTogetherAreAllOnEveryRelease(t *testing.T) {
	for name, profile := range profiles {
		t.Run(name, func(t *testing.T) {
			ws := rocketchattest.New(profile)
			now := time.Now()
			waiting := rocketchattest.Room{DepartmentID: "support", OpenedAt: now.Add(-2 * time.Hour)}
			early := rocketchattest.Room{DepartmentID: "sales", OpenedAt: now.Add(-25 * time.Hour), Answered: true}
			ws.AddRooms(abandoned("sales"), abandoned("sales"), abandoned("support"), abandoned(""), waiting, waiting, early)
			client, observed := connect(t, ws)

			all := make(map[string]int)
			for answered, want := range map[bool]map[string]int{
				true:  {"sales": 2, "support": 1, rocketchat.NoDepartment: 1},
				false: {"support": 2},
			} {
				answer, err := client.Rooms(t.Context(), now.Add(-24*time.Hour), now, answered, new(rocketchat.Question))
				if err != nil {
					t.Fatal(err)
				}
				got := byID(t, answer)
				if !maps.Equal(got, want) || !answer.Complete {
					t.Errorf("answered %v: got %v, complete %v; want %v, complete", answered, got, answer.Complete, want)
				}
				for id, n := range got {
					all[id] += n
				}
			}
			want := ws.Rooms(now.Add(-24*time.Hour), now)
			want[rocketchat.NoDepartment] = want[""]
			delete(want, "")
			if !maps.Equal(all, want) {
				t.Errorf("got %v together, want %v", all, want)
			}
			if got := observed.outcomes(); !slices.Equal(got, []rocketchat.Outcome{rocketchat.OK, rocketchat.OK}) {
				t.Errorf("calls ended %v, want two ok", got)
			}
		})
	}
}

func TestTheQuestionForRoomsSaysWhichOnesAreMeant(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Latest)
	client, observed := connect(t, ws)
	start := time.Date(2026, 3, 1, 1, 2, 3, 456_789_000, time.UTC)
	for _, answered := range []bool{true, false} {
		if _, err := client.Rooms(t.Context(), start, start.Add(time.Hour), answered, new(rocketchat.Question)); err != nil {
			t.Fatal(err)
		}
		got := ws.Requests()[len(ws.Requests())-1]
		want := url.Values{
			"start": {"2026-03-01T01:02:03.456Z"}, "end": {"2026-03-01T02:02:03.456Z"}, "answered": {strconv.FormatBool(answered)},
		}
		if got.Path != "/api/v1/livechat/analytics/departments/amount-of-chats" || got.Query.Encode() != want.Encode() {
			t.Errorf("asked %s for %v, want %v", got.Path, got.Query, want)
		}
	}
	if got := observed.list[0].Route; got != "amount-of-chats" {
		t.Errorf("observed the route %q", got)
	}
}

func TestRoomsOfManyDepartmentsArriveWhole(t *testing.T) {
	for name, tt := range map[string]struct {
		profile  rocketchattest.Profile
		calls    []string
		complete bool
	}{
		"old": {rocketchattest.Old, []string{"answered=true", "answered=true&count=0"}, false},
		"mid": {rocketchattest.Mid, []string{"answered=true", "answered=true&count=0"}, true},
		"new": {rocketchattest.Latest, []string{"answered=true", "answered=true&count=0"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			ws, truth := withDepartments(tt.profile, 120)
			client, _ := connect(t, ws)
			now := time.Now()
			answer, err := client.Rooms(t.Context(), now.Add(-24*time.Hour), now, true, new(rocketchat.Question))
			if err != nil {
				t.Fatal(err)
			}
			got := byID(t, answer)
			if answer.Complete != tt.complete || tt.complete && !maps.Equal(got, truth) {
				t.Errorf("got %d departments, complete %v; want %d, complete %v", len(got), answer.Complete, len(truth), tt.complete)
			}
			if sent := queries(ws, 0); !slices.Equal(sent, tt.calls) {
				t.Errorf("sent %q, want %q", sent, tt.calls)
			}
		})
	}
}

func TestFailuresOfRoomsSayWhatToDo(t *testing.T) {
	now := time.Now()
	failures(t, "amount-of-chats", func(t *testing.T, client *rocketchat.Client, question *rocketchat.Question) error {
		t.Helper()
		_, err := client.Rooms(t.Context(), now.Add(-24*time.Hour), now, true, question)
		return err
	}, map[string]failure{
		"no permission": {
			arrange: func(s *rocketchattest.Settings) { s.Permissions = []string{rocketchattest.ViewLRoom} },
			outcome: rocketchat.Forbidden, message: "lacks the permission view-livechat-manager: give it a role that has it (livechat-manager or livechat-monitor)",
		},
		"no licence": {
			arrange: func(s *rocketchattest.Settings) { s.Licensed = false },
			outcome: rocketchat.Unlicensed, message: "premium licence",
		},
		"another token": {
			arrange: func(s *rocketchattest.Settings) { s.AuthToken = "another" },
			outcome: rocketchat.Unauthorized, message: "make a new personal access token",
		},
		"the wrong field": {
			fault:   rocketchattest.RespondJSON(200, `{"departments":[{"_id":"a","abandonedRooms":1}],"total":1,"success":true}`),
			outcome: rocketchat.BadResponse, message: "not an object with an _id and a number",
		},
	})
}
