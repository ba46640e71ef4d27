package main

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// routes are what the resources are asked by, and outcomes how a call can end.
var (
	routes   = map[string]string{"abandoned_rooms": "total-abandoned-chats", "abandonments": "total-abandoned-chats", "rooms": "amount-of-chats", "departments": "department", "chats_waiting": "inquiries.list", "agents": "agents-status"}
	outcomes = []string{
		"ok", "unauthorized", "forbidden", "unlicensed", "invalid_params", "rate_limited", "redirected",
		"server_error", "not_found", "bad_response", "timeout", "network", "canceled",
	}
)

// calls are the counters of what was sent.
type calls struct {
	random    *rand.Rand
	requests  *prometheus.CounterVec
	waiting   *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	remaining *prometheus.GaugeVec
}

func newCalls(seed uint64) *calls {
	c := &calls{
		random:   rand.New(rand.NewPCG(seed, seed)), //nolint:gosec // G404: it must be repeatable, not secret.
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "livechat_api_requests_total", Help: "Calls sent."}, []string{"route", "outcome"}),
		waiting:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "livechat_api_calls_deferred_total", Help: "Calls deferred."}, []string{"route"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "livechat_api_request_duration_seconds", Help: "Time of a call.", Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"route"}),
		remaining: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "livechat_api_rate_limit_remaining", Help: "Calls left."}, []string{"route"}),
	}
	for _, route := range slices.Concat(slices.Collect(maps.Values(routes)), []string{"login", "logout", "info"}) {
		c.waiting.WithLabelValues(route)
		c.duration.WithLabelValues(route)
		for _, outcome := range outcomes {
			c.requests.WithLabelValues(route, outcome)
		}
	}
	return c
}

// count counts the calls that an answer of a resource needs.
func (c *calls) count(resource, outcome string) {
	route := routes[resource]
	n := 1
	if resource == "abandonments" {
		n = 2
	}
	c.requests.WithLabelValues(route, outcome).Add(float64(n))
	for range n {
		took := time.Duration(float64(110*time.Millisecond) * math.Exp(0.6*c.random.NormFloat64()))
		c.duration.WithLabelValues(route).Observe(took.Seconds())
	}
	c.remaining.WithLabelValues(route).Set(map[string]float64{"total-abandoned-chats": 4, "amount-of-chats": 6, "inquiries.list": 9, "agents-status": 9}[route] + float64(c.random.IntN(20)/19))
}

// deferred counts the calls that a resource did not get.
func (c *calls) deferred(resource string) {
	c.waiting.WithLabelValues(routes[resource]).Inc()
}

// Describe implements prometheus.Collector.
func (c *calls) Describe(ch chan<- *prometheus.Desc) {
	c.requests.Describe(ch)
	c.waiting.Describe(ch)
	c.duration.Describe(ch)
	c.remaining.Describe(ch)
}

// Collect implements prometheus.Collector.
func (c *calls) Collect(ch chan<- prometheus.Metric) {
	c.requests.Collect(ch)
	c.waiting.Collect(ch)
	c.duration.Collect(ch)
	c.remaining.Collect(ch)
}
