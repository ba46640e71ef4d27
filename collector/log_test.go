package collector_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/common/model"

	"livechat_exporter/collector"
	"livechat_exporter/internal/budget"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// wantLines checks that a log has exactly these lines, each by a part of it.
func wantLines(t *testing.T, logged *bytes.Buffer, want ...string) {
	t.Helper()
	got := slices.Collect(strings.Lines(logged.String()))
	if !slices.EqualFunc(got, want, strings.Contains) {
		t.Fatalf("logged %q, want lines with %q", got, want)
	}
}

func TestChangesAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, noLimit)
		check := func(want ...string) {
			t.Helper()
			e.log.Reset()
			for range 3 {
				e.scrape(t)
			}
			wantLines(t, e.log, want...)
			if strings.Contains(e.log.String(), rocketchattest.AuthToken) {
				t.Errorf("the log has the token: %s", e.log)
			}
		}
		const all = "resources=abandoned_rooms/6h,abandoned_rooms/24h,abandoned_rooms/today"
		check()
		remove := e.server.Inject(nil, rocketchattest.BadGateway())
		check(`level=warn ` + all + ` msg="Refresh failed" reason=server_error`)
		remove()
		e.server.Configure(func(s *rocketchattest.Settings) { s.AuthToken = "another" })
		check(`level=error ` + all + ` msg="Refresh failed" reason=unauthorized err="total-abandoned-chats: HTTP 401: user id or auth token is wrong`)
		e.server.Configure(func(s *rocketchattest.Settings) { s.AuthToken = rocketchattest.AuthToken })
		time.Sleep(time.Minute) // Until then the token is not sent again.
		e.scrape(t)
		e.scrape(t)
		remove = e.server.Inject(onlyWindow(24*time.Hour), rocketchattest.HTML())
		check(`level=error resources=abandoned_rooms/24h msg="Refresh failed" reason=unlicensed`)
		remove()
		check(`level=info resources=abandoned_rooms/24h msg="Refresh recovered"`)
	})
}

// A wrong token is one line, whatever the budget leaves for later, and is sent once a
// minute.
func TestAWrongToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, everything)
		e.server.Configure(func(s *rocketchattest.Settings) { s.AuthToken = "another" })
		e.scrape(t)
		first := len(e.server.Requests())
		for range 40 { // 10 minutes.
			time.Sleep(15 * time.Second)
			e.scrape(t).want(t, map[string]string{success6h: "0", up: "0"})
		}
		wantLines(t, e.log, "level=error resources=abandoned_rooms/6h,")
		if n := len(e.server.Requests()) - first; n < 9 || n > 10 {
			t.Errorf("%d calls in 10 minutes, want one a minute", n)
		}
		e.server.Configure(func(s *rocketchattest.Settings) { s.AuthToken = rocketchattest.AuthToken })
		e.log.Reset()
		for range 8 {
			time.Sleep(15 * time.Second)
			e.scrape(t)
		}
		if n := strings.Count(e.log.String(), "Refresh recovered"); n == 0 || strings.Contains(e.log.String(), "failed") {
			t.Errorf("logged %s, want that it recovered", e.log)
		}
	})
}

// broken is an API of which each query fails.
type broken struct {
	collector.API

	budget *budget.Server
	err    error
}

func (b *broken) AbandonedRooms(context.Context, rocketchat.Query, time.Time, time.Time) (rocketchat.Counts, error) {
	return rocketchat.Counts{}, b.err
}

func (b *broken) Reserve(route *rocketchat.Route, w budget.Waiter, _ ...string) (shares []*budget.Reservation, calls int) {
	return b.budget.Route(route.Name).Reserve(w, func(budget.Limit) []int { return []int{1} })
}

// A failure is logged again if its reason changed, unless only the server's text did.
func TestChangesOfTheReasonAreLogged(t *testing.T) {
	failure := func(outcome rocketchat.Outcome, what string) error {
		return &rocketchat.Error{Route: "total-abandoned-chats", Outcome: outcome, What: what, Hint: "hint"}
	}
	type test struct {
		first, then error
		lines       []string
	}
	runCases(t, map[string]test{
		"no credentials": {
			failure(rocketchat.NoCredentials, "no such file"), failure(rocketchat.NoCredentials, "the file is empty"),
			[]string{`level=error resources=abandoned_rooms/24h msg="Refresh failed" reason=no_credentials err="total-abandoned-chats: no such file: hint"`, "the file is empty"},
		},
		"network": {
			failure(rocketchat.Network, "connection refused"), failure(rocketchat.Network, "certificate expired"),
			[]string{`level=warn resources=abandoned_rooms/24h msg="Refresh failed" reason=network`, "certificate expired"},
		},
		"server's text":   {failure(rocketchat.ServerError, "error 1"), failure(rocketchat.ServerError, "error 2"), []string{"error 1"}},
		"other errors":    {errors.New("surprise"), errors.New("surprise"), []string{"reason=unknown err=surprise"}},
		"canceled":        {failure(rocketchat.Canceled, "x"), failure(rocketchat.Canceled, "y"), nil},
		"budget is spent": {rocketchat.ErrBudgetSpent, rocketchat.ErrBudgetSpent, nil},
	}, func(t *testing.T, tt test) {
		api := &broken{budget: budget.New(time.Now).Server("", budget.Limit{Calls: 1, Per: model.Duration(time.Hour)})} // Calls that are not sent do not count.
		var debug bytes.Buffer
		e := start(t, windows(rolling("24h", 24*time.Hour)), func(s *setup) {
			info := s.Logger
			s.Logger = log.LoggerFunc(func(line ...any) error {
				return errors.Join(info.Log(line...), log.NewLogfmtLogger(&debug).Log(line...))
			})
		})
		e.options.API = api
		e.workspace = collector.NewWorkspace(e.options)
		for _, api.err = range []error{tt.first, tt.first, tt.then, tt.then} {
			e.scrape(t)
		}
		wantLines(t, e.log, tt.lines...)
		if got := strings.Count(debug.String(), `level=debug msg="Refresh attempted" resource=abandoned_rooms window=24h`); got != 4 {
			t.Errorf("%d of 4 attempts are logged at level debug: %s", got, &debug)
		}
	})
}
