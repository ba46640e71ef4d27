package collector

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"livechat_exporter/internal/rocketchat"
)

// APICalls counts the calls to one workspace. It is safe for concurrent use.
type APICalls struct {
	requests  *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	deferred  *prometheus.CounterVec
	remaining *prometheus.GaugeVec
	registry  *prometheus.Registry // Of the four.

	mu   sync.Mutex
	last map[string]rocketchat.Call // By route, what the server said last of its limiter.
}

var _ prometheus.Collector = (*APICalls)(nil)

// NewAPICalls returns counters of every route and outcome, all at 0: a counter
// that appears with its first failure has no increase that an alert could see.
func NewAPICalls() *APICalls {
	c := &APICalls{
		last: make(map[string]rocketchat.Call),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: "api", Name: "requests_total",
			Help: "Calls sent to the Rocket.Chat API, by the last part of the path and by how they ended.",
		}, []string{labelRoute, labelOutcome}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Subsystem: "api", Name: "request_duration_seconds",
			Help:    "Time from sending a call to the Rocket.Chat API to the end of its answer, by the last part of the path.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30},

			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{labelRoute}),
		deferred: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: "api", Name: "calls_deferred_total",
			Help: "Calls that a scrape left for a later one, because the call budget was spent or the server said to wait, by the last part of the path. " +
				"Grows in normal operation.",
		}, []string{labelRoute}),
		remaining: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Subsystem: "api", Name: "rate_limit_remaining",
			Help: "The last X-RateLimit-Remaining of the Rocket.Chat API, by the last part of the path.",
		}, []string{labelRoute}),
	}
	c.registry = prometheus.NewRegistry()
	c.registry.MustRegister(c.parts()...)
	for _, route := range rocketchat.Routes() {
		c.duration.WithLabelValues(route)
		c.deferred.WithLabelValues(route)
		for _, outcome := range rocketchat.Outcomes() {
			c.requests.WithLabelValues(route, string(outcome))
		}
	}
	return c
}

// Observe counts a call.
func (c *APICalls) Observe(call rocketchat.Call) {
	c.requests.WithLabelValues(call.Route, string(call.Outcome)).Inc()
	c.duration.WithLabelValues(call.Route).Observe(call.Duration.Seconds())
	c.observeLimiter(call)
}

// outOfOrder is more than the time between two answers of which the first is read last.
const outOfOrder = 10 * time.Minute

// observeLimiter keeps what the server said last. Answers can arrive in another order
// than the server gave them: of one window the least is the latest.
func (c *APICalls) observeLimiter(call rocketchat.Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, known := c.last[call.Route]
	behind := last.Reset - call.Reset // The server's clock may also be set back.
	if call.Remaining < 0 || known && (0 < behind && behind < outOfOrder.Milliseconds() || behind == 0 && call.Remaining > last.Remaining) {
		return
	}
	c.last[call.Route] = call
	c.remaining.WithLabelValues(call.Route).Set(float64(call.Remaining))
}

// deferCalls counts calls that a scrape would have needed and did not get.
func (c *APICalls) deferCalls(route string, calls int) {
	c.deferred.WithLabelValues(route).Add(float64(calls))
}

// gather returns all that is counted.
func (c *APICalls) gather() ([]*dto.MetricFamily, error) {
	return c.registry.Gather() //nolint:wrapcheck // It names the metric.
}

// parts are the collectors of all that is counted.
func (c *APICalls) parts() []prometheus.Collector {
	return []prometheus.Collector{c.requests, c.duration, c.deferred, c.remaining}
}

// Describe implements prometheus.Collector.
func (c *APICalls) Describe(ch chan<- *prometheus.Desc) {
	for _, part := range c.parts() {
		part.Describe(ch)
	}
}

// Collect implements prometheus.Collector.
func (c *APICalls) Collect(ch chan<- prometheus.Metric) {
	for _, part := range c.parts() {
		part.Collect(ch)
	}
}
