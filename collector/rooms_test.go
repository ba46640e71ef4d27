package collector_test

import (
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// opened is a room that is open.
func opened(departmentID string, ago time.Duration, answered bool) rocketchattest.Room {
	return rocketchattest.Room{DepartmentID: departmentID, OpenedAt: time.Now().Add(-ago), Answered: answered}
}

func TestRoomsAreTheAnsweredAndTheWaitingOnEveryProfile(t *testing.T) {
	for _, profile := range []rocketchattest.Profile{rocketchattest.Old, rocketchattest.Mid, rocketchattest.Latest} {
		t.Run(profile.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := startUnlimited(t, profile)
				e.server.AddRooms(
					opened("sales", time.Hour, true), opened("sales", 2*time.Hour, true), opened("sales", 5*time.Hour, false),
					opened("sales", 8*time.Hour, false), opened("support", time.Hour, false), opened("", 9*time.Hour, true))
				p := e.scrape(t)
				p.wantNumbers(t, roomsMetric, "6h", map[string]float64{"sales": 3, "support": 1, "none": 0})
				p.wantNumbers(t, roomsMetric, "24h", map[string]float64{"sales": 4, "support": 1, "none": 1})
				now := time.Now()
				for id, want := range e.server.Rooms(now.Add(-6*time.Hour), now) {
					if got := p.numbers(roomsMetric, "6h")[id]; got != float64(want) {
						t.Errorf("%s has %v, the server counts %d", id, got, want)
					}
				}
			})
		})
	}
}

func TestRoomsAreIncompleteIfOneOfTheirAnswersIs(t *testing.T) {
	for _, answered := range []bool{true, false} {
		t.Run(fmt.Sprintf("answered=%v", answered), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := startUnlimited(t, rocketchattest.Old)
				e.server.AddDepartments(rocketchattest.Department{ID: "quiet", Name: "Quiet"})
				for i := range 51 {
					e.server.AddRooms(opened(strconv.Itoa(i), time.Hour, answered))
				}
				e.server.AddRooms(opened("other", time.Hour, !answered))
				p := e.scrape(t)
				if got := p.value(t, `livechat_refresh_complete{resource="rooms",window="6h"}`); got != "0" {
					t.Errorf("complete is %s, want 0", got)
				}
				numbers := p.numbers(roomsMetric, "6h")
				if len(numbers) != 51 || numbers["other"] != 1 {
					t.Errorf("got %d departments and %v of other, want 50 and other's 1", len(numbers), numbers["other"])
				}
			})
		})
	}
}

func TestRoomsAreAskedForOnePeriodAndFailTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startUnlimited(t, rocketchattest.Latest)
		e.server.AddRooms(opened("sales", time.Hour, true))
		e.scrape(t)
		periods := make(map[string]map[string]bool)
		for _, r := range e.server.Requests() {
			if !onRoute(rocketchat.AmountOfChats)(r.Path) {
				continue
			}
			period := r.Query.Get("start") + " " + r.Query.Get("end")
			if periods[period] == nil {
				periods[period] = make(map[string]bool)
			}
			periods[period][r.Query.Get("answered")] = true
		}
		for period, answered := range periods {
			if !answered["true"] || !answered["false"] {
				t.Errorf("%s was asked with %v, want both", period, answered)
			}
		}
		if len(periods) != len(windowNames) {
			t.Errorf("%d periods were asked, want %d", len(periods), len(windowNames))
		}
	})
}
