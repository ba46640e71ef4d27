// Package reload puts a new configuration in the place of the running one, whoever
// asks for it: one reload at a time, and a configuration that cannot be loaded
// changes nothing.
//
// It must not know what a configuration is, nor who asks: SIGHUP and HTTP are wired
// to it by main.
package reload

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
)

var (
	successfulDesc = prometheus.NewDesc("livechat_exporter_config_last_reload_successful",
		"1 if the latest attempt to load the configuration succeeded, 0 if it failed and an older one is running.", nil, nil)
	succeededAtDesc = prometheus.NewDesc("livechat_exporter_config_last_reload_success_timestamp_seconds",
		"When the running configuration was loaded.", nil, nil)
)

// Options are what a [Reloader] needs. All are required.
type Options struct {
	// Load reads a configuration and makes of it all that can fail. It changes
	// nothing: apply, which cannot fail, puts it in the place of the running one.
	// The error names what is wrong and holds no secret.
	Load func(ctx context.Context) (apply func(), err error)
	// Now is the clock.
	Now func() time.Time
	// Logger is told of each reload in one line.
	Logger log.Logger
}

// Reloader reloads, and is the collector of the metrics of it. It is safe for
// concurrent use.
type Reloader struct {
	options Options
	turn    chan struct{} // Holds one while somebody reloads.

	mu          sync.Mutex
	failed      bool
	succeededAt time.Time
}

var _ prometheus.Collector = (*Reloader)(nil)

// New returns a reloader. It is made when the first configuration has been loaded,
// which its metrics count as a success.
func New(options Options) *Reloader {
	return &Reloader{options: options, turn: make(chan struct{}, 1), succeededAt: options.Now()}
}

// Reload loads the configuration and runs it, and returns when that is done. If it
// returns an error the old one is still running. Who calls it while another reload
// runs gets one of their own after that, so that what was written to the file before
// the call is always read; waiting for it ends when ctx does.
func (r *Reloader) Reload(ctx context.Context) error {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return fmt.Errorf("wait for another reload to end: %w", context.Cause(ctx))
	}
	apply, err := r.options.Load(ctx)
	if err != nil {
		r.record(err)
		_ = level.Error(r.options.Logger).Log("msg", "The configuration was not reloaded, the old one is still running", "err", oneLine(err))
		return err
	}
	apply()
	r.record(nil)
	_ = level.Info(r.options.Logger).Log("msg", "Reloaded the configuration")
	return nil
}

// Close waits until the reload that is being made has ended, if there is one. None begins
// after it.
func (r *Reloader) Close() { r.turn <- struct{}{} }

// record keeps how a reload ended.
func (r *Reloader) record(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = err != nil
	if !r.failed {
		r.succeededAt = r.options.Now()
	}
}

// oneLine returns the message of an error, which joins several by new lines.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// Describe implements prometheus.Collector.
func (*Reloader) Describe(ch chan<- *prometheus.Desc) {
	ch <- successfulDesc
	ch <- succeededAtDesc
}

// Collect implements prometheus.Collector.
func (r *Reloader) Collect(ch chan<- prometheus.Metric) {
	r.mu.Lock()
	defer r.mu.Unlock()
	successful := 1.0
	if r.failed {
		successful = 0
	}
	ch <- prometheus.MustNewConstMetric(successfulDesc, prometheus.GaugeValue, successful)
	ch <- prometheus.MustNewConstMetric(succeededAtDesc, prometheus.GaugeValue, float64(r.succeededAt.UnixMilli())/1e3)
}
