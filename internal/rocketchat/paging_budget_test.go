package rocketchat_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

func TestALimitOfOneCallIsEnoughForAllDepartmentsFromTheSecondAnswerOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws, truth := withDepartments(rocketchattest.Latest, 120)
		client, _ := connect(t, ws, func(o *rocketchat.Options) {
			limit := rocketchat.Limit{Calls: 1, Per: time.Minute}
			o.Budget = rocketchat.NewBudgets(time.Now).Server("http://chat.example.com:80", limit)
		})
		paging := new(rocketchat.Question)
		for _, complete := range []bool{false, true, true} {
			if _, ok := client.Reserve(rocketchat.TotalAbandonedChats, rocketchat.Place{Holder: paging}, paging); !ok {
				t.Fatal("want a call")
			}
			answer, err := lastDay(t.Context(), client, paging)
			client.Release(paging)
			if err != nil || answer.Complete != complete || complete && !maps.Equal(byID(t, answer), truth) {
				t.Errorf("got %d departments, complete %v, error %v; want complete %v", len(answer.Departments), answer.Complete, err, complete)
			}
			time.Sleep(time.Minute + time.Millisecond)
		}
	})
}

// roundTrip answers requests without a server.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Rows that move from page to page make an answer incomplete, and must not cost calls
// beyond its end.
func TestPagesEndWhereTheTotalEnds(t *testing.T) {
	var sent []string
	client, _ := connect(t, rocketchattest.New(rocketchattest.Latest), func(o *rocketchat.Options) {
		o.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			query := r.URL.Query()
			offset, _ := strconv.Atoi(query.Get("offset"))
			sent = append(sent, query.Get("count")+"/"+query.Get("offset"))
			rows := make([]string, max(10, min(100, 250-offset)))
			for i := range rows { // Each page begins anew.
				rows[i] = fmt.Sprintf(`{"_id":"%d","abandonedRooms":1}`, i)
			}
			return &http.Response{
				StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
				Body: io.NopCloser(strings.NewReader(`{"departments":[` + strings.Join(rows, ",") + `],"total":250,"success":true}`)),
			}, nil
		})
	})
	paging := new(rocketchat.Question)
	client.Reserve(rocketchat.TotalAbandonedChats, rocketchat.Place{Holder: paging}, paging)
	answer, err := lastDay(t.Context(), client, paging)
	client.Release(paging)
	if err != nil || answer.Complete {
		t.Errorf("got complete %v, error %v; want incomplete", answer.Complete, err)
	}
	if want := []string{"/", "0/", "100/", "100/100", "100/200"}; !slices.Equal(sent, want) {
		t.Errorf("sent %q, want %q", sent[:min(len(sent), 10)], want)
	}
}
