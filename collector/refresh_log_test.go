package collector_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/collector"
	"livechat_exporter/internal/rocketchat"
)

// failing is a workspace that gives no answer.
type failing struct{ err error }

func (f *failing) AbandonedRooms(context.Context, time.Time, time.Time, *rocketchat.Question) (rocketchat.Answer, error) {
	return rocketchat.Answer{}, f.err
}

func (f *failing) Rooms(context.Context, time.Time, time.Time, bool, *rocketchat.Question) (rocketchat.Answer, error) {
	return rocketchat.Answer{}, f.err
}

func (f *failing) DepartmentList(context.Context, *rocketchat.Question) (rocketchat.DepartmentList, error) {
	return rocketchat.DepartmentList{}, f.err
}

func (*failing) Reserve(string, rocketchat.Place, ...*rocketchat.Question) (int, bool) {
	return 1, true
}

func (*failing) Release(...*rocketchat.Question) {}

func (*failing) CallsLeft(string) (int, time.Time) { return -1, time.Time{} }

func TestAnotherCauseOfTheSameReasonIsLoggedUnlessItIsTheServersWord(t *testing.T) {
	noCredentials := func(text string) error { return fmt.Errorf("%w: %s", rocketchat.ErrNoCredentials, text) }
	call := func(outcome rocketchat.Outcome, text string) error {
		return &rocketchat.Error{Route: "total-abandoned-chats", Outcome: outcome, Message: text}
	}
	network := func(cause string) error {
		return &rocketchat.Error{Route: "total-abandoned-chats", Outcome: rocketchat.Network, Message: cause, Cause: cause}
	}
	tests := map[string]struct {
		first, then error
		lines       []string
	}{
		"no credentials": {
			noCredentials("no such file"), noCredentials("the file is empty"),
			[]string{`level=error resource=abandoned_rooms windows=24h msg="Refresh fails" reason=no_credentials err="no credentials: no such file"`, "the file is empty"},
		},
		"the network": {
			network("connection refused"), network("certificate expired"),
			[]string{`level=warn resource=abandoned_rooms windows=24h msg="Refresh fails" reason=network err="total-abandoned-chats: connection refused"`, "certificate expired"},
		},
		"the server's own words": {
			call(rocketchat.ServerError, "error 1"), call(rocketchat.ServerError, "error 2"),
			[]string{"error 1"},
		},
		"the same again":         {call(rocketchat.Timeout, "slow"), call(rocketchat.Timeout, "slow"), []string{"slow"}},
		"no error of the client": {errors.New("surprise"), errors.New("surprise"), []string{"reason=unusable_answer err=surprise"}},
		"given up":               {call(rocketchat.Canceled, "x"), call(rocketchat.Canceled, "x"), nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var logged bytes.Buffer
			api := new(failing)
			workspace := collector.NewWorkspace(collector.Options{
				API: api, Calls: collector.NewAPICalls(), Windows: []collector.Window{collector.RollingWindow("24h", 24*time.Hour)},
				Now: time.Now, Logger: level.NewFilter(log.NewLogfmtLogger(&logged), level.AllowInfo()),
			})
			defer workspace.Close()
			for _, api.err = range []error{tt.first, tt.first, tt.then, tt.then} {
				registry := prometheus.NewPedanticRegistry()
				registry.MustRegister(workspace.Scrape(t.Context()))
				if _, err := registry.Gather(); err != nil {
					t.Fatal(err)
				}
			}
			got := strings.Split(strings.TrimSuffix(logged.String(), "\n"), "\n")
			if logged.Len() == 0 {
				got = nil
			}
			if len(got) != len(tt.lines) {
				t.Fatalf("got %q, want %d lines", got, len(tt.lines))
			}
			for i, want := range tt.lines {
				if !strings.Contains(got[i], want) {
					t.Errorf("got %s, want %s", got[i], want)
				}
			}
		})
	}
}

func TestEveryAttemptIsLoggedAtLevelDebug(t *testing.T) {
	var logged bytes.Buffer
	workspace := collector.NewWorkspace(collector.Options{
		API: &failing{err: errors.New("surprise")}, Calls: collector.NewAPICalls(),
		Windows: []collector.Window{collector.RollingWindow("6h", 6*time.Hour), collector.RollingWindow("24h", 24*time.Hour)},
		Now:     time.Now, Logger: log.NewLogfmtLogger(log.NewSyncWriter(&logged)),
	})
	defer workspace.Close()
	for range 3 {
		registry := prometheus.NewPedanticRegistry()
		registry.MustRegister(workspace.Scrape(t.Context()))
		if _, err := registry.Gather(); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Count(logged.String(), "level=debug"); got != 6 {
		t.Errorf("got %d lines, want one for each of 2 windows in 3 scrapes: %s", got, &logged)
	}
}
