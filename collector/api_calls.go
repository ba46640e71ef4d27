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

	mu   sync.Mutex
	last map[string]rocketchat.Call // By route, what the server said last of its limiter.
	// written are the series of the four, in the order of their names.
	written struct{ deferred, remaining, duration, requests writtenFamily }
}

var _ prometheus.Collector = (*APICalls)(nil)

const (
	requestsHelp = "Calls sent to the Rocket.Chat API, by the last part of the path and by how they ended."
	durationHelp = "Time from sending a call to the Rocket.Chat API to the end of its answer, by the last part of the path."
	deferredHelp = "Calls that a scrape left for a later one, because the call budget was spent or the server said to wait, by the last part of the path. " +
		"Grows in normal operation."
	remainingHelp = "The last X-RateLimit-Remaining of the Rocket.Chat API, by the last part of the path."
)

// NewAPICalls returns counters of every route and outcome, all at 0: a counter
// that appears with its first failure has no increase that an alert could see.
func NewAPICalls() *APICalls {
	c := &APICalls{
		last: make(map[string]rocketchat.Call),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: "api", Name: "requests_total", Help: requestsHelp,
		}, []string{labelRoute, labelOutcome}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Subsystem: "api", Name: "request_duration_seconds", Help: durationHelp,
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30},

			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{labelRoute}),
		deferred: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: "api", Name: "calls_deferred_total", Help: deferredHelp,
		}, []string{labelRoute}),
		remaining: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Subsystem: "api", Name: "rate_limit_remaining", Help: remainingHelp,
		}, []string{labelRoute}),
	}
	c.written.requests = newWrittenFamily("api_requests_total", requestsHelp, dto.MetricType_COUNTER)
	c.written.duration = newWrittenFamily("api_request_duration_seconds", durationHelp, dto.MetricType_HISTOGRAM)
	c.written.deferred = newWrittenFamily("api_calls_deferred_total", deferredHelp, dto.MetricType_COUNTER)
	c.written.remaining = newWrittenFamily("api_rate_limit_remaining", remainingHelp, dto.MetricType_GAUGE)
	for _, route := range rocketchat.Routes() {
		c.written.duration.changed(metricOf(c.duration.WithLabelValues(route)), route)
		c.written.deferred.changed(c.deferred.WithLabelValues(route), route)
		for _, outcome := range rocketchat.Outcomes() {
			c.written.requests.changed(c.requests.WithLabelValues(route, string(outcome)), string(outcome), route)
		}
	}
	return c
}

// Observe counts a call.
func (c *APICalls) Observe(call rocketchat.Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	requests := c.requests.WithLabelValues(call.Route, string(call.Outcome))
	requests.Inc()
	c.written.requests.changed(requests, string(call.Outcome), call.Route)
	duration := c.duration.WithLabelValues(call.Route)
	duration.Observe(call.Duration.Seconds())
	c.written.duration.changed(metricOf(duration), call.Route)
	c.observeLimiter(call)
}

// outOfOrder is more than the time between two answers of which the first is read last.
const outOfOrder = 10 * time.Minute

// observeLimiter keeps what the server said last. Answers can arrive in another order
// than the server gave them: of one window the least is the latest. The caller holds c.mu.
func (c *APICalls) observeLimiter(call rocketchat.Call) {
	last, known := c.last[call.Route]
	behind := last.Reset - call.Reset // The server's clock may also be set back.
	if call.Remaining < 0 || known && (0 < behind && behind < outOfOrder.Milliseconds() || behind == 0 && call.Remaining > last.Remaining) {
		return
	}
	c.last[call.Route] = call
	remaining := c.remaining.WithLabelValues(call.Route)
	remaining.Set(float64(call.Remaining))
	c.written.remaining.changed(remaining, call.Route)
}

// deferCalls counts calls that a scrape would have needed and did not get.
func (c *APICalls) deferCalls(route string, calls int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	deferred := c.deferred.WithLabelValues(route)
	deferred.Add(float64(calls))
	c.written.deferred.changed(deferred, route)
}

// families are what is counted, as a gatherer hands it over.
func (c *APICalls) families() ([]*dto.MetricFamily, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*dto.MetricFamily
	for _, written := range []*writtenFamily{&c.written.deferred, &c.written.remaining, &c.written.duration, &c.written.requests} {
		if len(written.series) == 0 {
			continue
		}
		family, err := written.family()
		if err != nil {
			return nil, err
		}
		all = append(all, family)
	}
	return all, nil
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
