package reload_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"livechat_exporter/internal/reload"
)

// metrics compares the page of the reloader.
func metrics(t *testing.T, r *reload.Reloader, successful int, succeededAt time.Time) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(r)
	want := fmt.Sprintf(`# HELP livechat_exporter_config_last_reload_success_timestamp_seconds When the running configuration was loaded.
# TYPE livechat_exporter_config_last_reload_success_timestamp_seconds gauge
livechat_exporter_config_last_reload_success_timestamp_seconds %d
# HELP livechat_exporter_config_last_reload_successful 1 if the latest attempt to load the configuration succeeded, 0 if it failed and an older one is running.
# TYPE livechat_exporter_config_last_reload_successful gauge
livechat_exporter_config_last_reload_successful %d
`, succeededAt.Unix(), successful)
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
}

func TestOnlyAConfigurationThatLoadsIsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		var loaded error
		applied := 0
		r := reload.New(reload.Options{
			Load: func(context.Context) (func(), error) { return func() { applied++ }, loaded },
			Now:  time.Now, Logger: log.NewLogfmtLogger(&logged),
		})
		start := time.Now()
		metrics(t, r, 1, start)

		for _, step := range []struct {
			err           error
			applied, last int // last is when a reload succeeded last, in minutes after the start.
			successful    int
			line          string
		}{
			{err: nil, applied: 1, last: 1, successful: 1, line: "level=info msg=\"Reloaded the configuration\"\n"},
			{
				err: errors.Join(errors.New("config.yml:1: x"), errors.New("config.yml:2: y")), applied: 1, last: 1, successful: 0,
				line: "level=error msg=\"The configuration was not reloaded, the old one is still running\" err=\"config.yml:1: x; config.yml:2: y\"\n",
			},
			{err: errors.New("z"), applied: 1, last: 1, successful: 0, line: "level=error msg=\"The configuration was not reloaded, the old one is still running\" err=z\n"},
			{err: nil, applied: 2, last: 4, successful: 1, line: "level=info msg=\"Reloaded the configuration\"\n"},
		} {
			time.Sleep(time.Minute)
			loaded = step.err
			logged.Reset()
			if err := r.Reload(t.Context()); !errors.Is(err, step.err) {
				t.Errorf("got error %v, want %v", err, step.err)
			}
			if applied != step.applied || logged.String() != step.line {
				t.Errorf("after %v: applied %d times and logged %q, want %d and %q", step.err, applied, &logged, step.applied, step.line)
			}
			metrics(t, r, step.successful, start.Add(time.Duration(step.last)*time.Minute))
		}
	})
}

func TestReloadsRunOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, loads atomic.Int32
		alone := func() {
			if running.Add(1) != 1 {
				t.Error("two reloads run at once")
			}
			time.Sleep(time.Second)
			running.Add(-1)
		}
		r := reload.New(reload.Options{
			Load:   func(context.Context) (func(), error) { loads.Add(1); alone(); return alone, nil },
			Now:    time.Now,
			Logger: log.NewNopLogger(),
		})
		begin := time.Now()
		var askers sync.WaitGroup
		for range 5 {
			askers.Go(func() {
				if err := r.Reload(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		askers.Wait()
		if took := time.Since(begin); loads.Load() != 5 || took != 10*time.Second {
			t.Errorf("%d reloads in %v, want 5 in 10 s", loads.Load(), took)
		}
	})
}

func TestTheMetricsDoNotWaitForAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		proceed := make(chan struct{})
		r := reload.New(reload.Options{
			Load: func(context.Context) (func(), error) { <-proceed; return func() {}, nil },
			Now:  time.Now, Logger: log.NewNopLogger(),
		})
		start := time.Now()
		ended := make(chan error, 1)
		go func() { ended <- r.Reload(t.Context()) }()
		synctest.Wait()
		metrics(t, r, 1, start)

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := r.Reload(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who no longer waits for their turn got %v", err)
		}
		metrics(t, r, 1, start) // Nothing was tried, and nothing failed.
		close(proceed)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
