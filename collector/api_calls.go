package collector

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/internal/rocketchat"
)

// APICalls counts the calls to one workspace. It is safe for concurrent use.
type APICalls struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

var _ prometheus.Collector = (*APICalls)(nil)

// NewAPICalls returns counters of every route and outcome, all at 0: a counter
// that appears with its first failure has no increase that an alert could see.
func NewAPICalls() *APICalls {
	c := &APICalls{
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
	}
	for _, route := range rocketchat.Routes() {
		c.duration.WithLabelValues(route)
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
}

// Describe implements prometheus.Collector.
func (c *APICalls) Describe(ch chan<- *prometheus.Desc) {
	c.requests.Describe(ch)
	c.duration.Describe(ch)
}

// Collect implements prometheus.Collector.
func (c *APICalls) Collect(ch chan<- prometheus.Metric) {
	c.requests.Collect(ch)
	c.duration.Collect(ch)
}
