package collector_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

func TestZeroFill(t *testing.T) {
	type test struct {
		change  func(*setup)
		before  func(e *exporter) // Before the first page.
		between func(e *exporter) // Five minutes before the second one, if there is one.
		want    string
	}
	runCases(t, map[string]test{
		"no rooms": {want: "billing=Billing 0 0, none=(no department) 0 0, sales=Sales 1 1"},
		"no list, not in the window": {
			change: noList, before: func(e *exporter) { e.abandon("support", 1, 8*time.Hour) },
			want: "none=(no department) 0 0, sales=sales 1 1, support=support 0 1",
		},
		"unknown to the list": {
			before: func(e *exporter) { e.abandon("support", 1, 3*time.Hour) },
			want:   "billing=Billing 0 0, none=(no department) 0 0, sales=Sales 1 1, support=support 1 1",
		},
		"archived": {
			before: func(e *exporter) { e.server.ArchiveDepartment("sales"); e.server.ArchiveDepartment("billing") },
			want:   "none=(no department) 0 0, sales=Sales 1 1",
		},
		"renamed": {
			between: func(e *exporter) { e.server.AddDepartments(department("sales", "Field Sales")) },
			want:    "billing=Billing 0 0, none=(no department) 0 0, sales=Field Sales 1 1",
		},
		"removed": { // The server moves its rooms to none.
			between: func(e *exporter) { e.server.RemoveDepartment("sales") },
			want:    "billing=Billing 0 0, none=(no department) 1 1",
		},
		"no permission for the list": {
			before: func(e *exporter) {
				e.server.Configure(func(s *rocketchattest.Settings) { s.Permissions = []string{rocketchattest.ViewLivechatManager} })
			},
			want: "none=(no department) 0 0, sales=sales 1 1",
		},
		"no answer but the list": {
			before: func(e *exporter) {
				e.server.Inject(func(r *http.Request) bool { return !of(rocketchat.Departments)(r) }, rocketchattest.BadGateway())
			},
			want: "billing=Billing - -, none=(no department) - -, sales=Sales - -",
		},
		"no answer": {before: func(e *exporter) { e.server.Inject(nil, rocketchattest.BadGateway()) }, want: "none=(no department) - -"},
	}, func(t *testing.T, tt test) {
		e := start(t, everything, noLimit, func(s *setup) {
			if tt.change != nil {
				tt.change(s)
			}
		})
		e.server.AddDepartments(department("sales", "Sales"), department("billing", "Billing"))
		e.abandon("sales", 1, 3*time.Hour)
		if tt.before != nil {
			tt.before(e)
		}
		p := e.scrape(t)
		if tt.between != nil {
			tt.between(e)
			time.Sleep(5*time.Minute - time.Millisecond)
			const asked = `livechat_refresh_timestamp_seconds{resource="departments",window=""}`
			e.scrape(t).want(t, map[string]string{asked: p.value(asked)}) // At most every 5 minutes.
			time.Sleep(time.Millisecond)
			p = e.scrape(t)
		}
		p.wantSummary(t, tt.want)
	})
}

// A department is exported while the list or an answer names it. Without a list, those of
// the last month stay at 0 over the turn of the month: a counter that appears with 1 hides
// its first room.
func TestDepartmentDisappears(t *testing.T) {
	type test struct {
		list  bool
		pages []string // Now, the next day, in February, in March.
	}
	const none = "none=(no department) 0 0"
	runCases(t, map[string]test{
		"archived": {true, []string{none + ", sales=Sales 1 1", none + ", sales=Sales 0 1", none, none}},
		"no list":  {false, []string{none + ", sales=sales 1 1", none + ", sales=sales 0 1", none + ", sales=sales 0 0", none}},
	}, func(t *testing.T, tt test) {
		e := start(t, everything, noLimit, func(s *setup) { s.Departments = tt.list })
		e.server.AddDepartments(rocketchattest.Department{ID: "sales", Name: "Sales", Archived: true})
		e.abandon("sales", 1, 3*time.Hour)
		for i, at := range []string{"2000-01-01T10:20:00Z", "2000-01-02T11:20:00Z", "2000-02-01T10:20:00Z", "2000-03-01T10:20:00Z"} {
			until(at)
			e.scrape(t).wantSummary(t, tt.pages[i])
		}
	})
}

// A number of rooms is the sum of two answers. It is unknown where the incomplete one of
// them does not name the department. The rooms awaiting a reply are one of the answers.
func TestIncompleteHalf(t *testing.T) {
	type test struct {
		answered, waiting int // How many departments the server has.
		want, awaiting    rooms
		complete          string
	}
	runCases(t, map[string]test{
		"neither":  {2, 2, rooms{"both": 5, "one": 2, "other": 8, "none": 0}, rooms{"both": 4, "one": 0, "other": 8, "none": 0}, "1"},
		"answered": {3, 2, rooms{"both": 5, "one": 2}, rooms{"both": 4, "one": 0, "other": 8, "none": 0}, "0"},
		"waiting":  {2, 3, rooms{"both": 5, "other": 8}, rooms{"both": 4, "other": 8}, "0"},
		"both":     {3, 3, rooms{"both": 5}, rooms{"both": 4, "other": 8}, "0"},
	}, func(t *testing.T, tt test) {
		e := start(t, everything, noLimit, noList)
		respond := func(answered, body string, total int) {
			e.server.Inject(func(r *http.Request) bool { return r.URL.Query().Get("answered") == answered },
				rocketchattest.RespondJSON(200, fmt.Sprintf(`{"departments":[%s],"total":%d,"success":true}`, body, total)))
		}
		respond("true", `{"_id":"both","rooms":1},{"_id":"one","rooms":2}`, tt.answered)
		respond("false", `{"_id":"both","rooms":4},{"_id":"other","rooms":8}`, tt.waiting)
		p := e.scrape(t)
		p.wantNumbers(t, allRooms, "6h", tt.want)
		p.wantNumbers(t, awaitingReply, "6h", tt.awaiting)
		for id := range tt.awaiting {
			p.want(t, map[string]string{fmt.Sprintf(`livechat_department_info{department=%q,department_id=%q}`, map[bool]string{true: "(no department)", false: id}[id == "none"], id): "1"})
		}
		p.want(t, map[string]string{`livechat_refresh_complete{resource="rooms",window="6h"}`: tt.complete})
	})
}

// What is wrong with an optional field costs that field only.
func TestDepartmentList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, everything, noLimit)
		e.server.Inject(of(rocketchat.Departments), rocketchattest.RespondJSON(200, `{"departments":[`+
			`{"_id":"open","name":"Open","enabled":true,"numAgents":7},`+
			`{"_id":"closed","name":"","enabled":false,"numAgents":0},`+
			`{"_id":"named","name":"Named","enabled":true,"archived":true,"numAgents":2},`+
			`{"_id":"archived","name":"Archived","enabled":true,"archived":true,"numAgents":3},`+
			`{"_id":"odd","name":"Odd","enabled":"yes","numAgents":-1},`+
			`{"_id":"bare","name":5,"numAgents":1.5}],"total":6,"success":true}`))
		e.abandon("named", 1, 3*time.Hour)
		p := e.scrape(t)
		p.wantNumbers(t, enabled, "", rooms{"open": 1, "closed": 0, "named": 0})
		p.wantNumbers(t, "livechat_department_agents", "", rooms{"open": 7, "closed": 0, "named": 2})
		p.wantSummary(t, "bare=bare 0 0, closed=closed 0 0, named=Named 1 1, none=(no department) 0 0, odd=Odd 0 0, open=Open 0 0")
	})
}

// An expired list is as none. Only a complete one removes the departments that the counter
// had in the last month.
func TestListIsExpiredOrIncomplete(t *testing.T) {
	type test struct {
		total   int
		age     time.Duration
		enabled rooms
		want    string
	}
	const fresh, gone = "billing=Billing 0 0, none=(no department) 0 0", "gone=gone 0 0, none=(no department) 0 0"
	runCases(t, map[string]test{
		"complete":        {1, 0, rooms{"billing": 1}, fresh},
		"incomplete":      {2, 0, rooms{"billing": 1}, "billing=Billing 0 0, " + gone},
		"about to expire": {1, 10*time.Minute - time.Millisecond, rooms{"billing": 1}, fresh},
		"expired":         {1, 10 * time.Minute, nil, gone},
	}, func(t *testing.T, tt test) {
		e := start(t, everything, noLimit, at("2000-02-20T10:20:00Z"))
		e.abandon("gone", 1, 30*24*time.Hour)
		list := of(rocketchat.Departments)
		remove := e.server.Inject(list, rocketchattest.RespondJSON(200,
			fmt.Sprintf(`{"departments":[{"_id":"billing","name":"Billing","enabled":true}],"total":%d,"success":true}`, tt.total)))
		e.scrape(t)
		remove()
		e.server.Inject(list, rocketchattest.BadGateway())
		time.Sleep(tt.age)
		p := e.scrape(t)
		p.wantSummary(t, tt.want)
		p.wantNumbers(t, enabled, "", tt.enabled)
	})
}
