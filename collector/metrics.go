package collector

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"livechat_exporter/internal/rocketchat"
)

const namespace = "livechat"

// Labels.
const (
	labelDepartmentID = "department_id"
	labelDepartment   = "department"
	labelWindow       = "window"
	labelResource     = "resource"
	labelRoute        = "route"
	labelOutcome      = "outcome"
	labelStatus       = "status"
)

// ageHelp belongs to every number of rooms and agents.
const ageHelp = "May be up to its refresh interval plus max_age old."

// The metrics of a workspace's page, besides [APIMetrics].
var (
	abandonedRoomsMetric = newGauge("department_abandoned_rooms",
		"Chats (rooms) opened and closed inside the window that the visitor abandoned: abandonedRooms of total-abandoned-chats. "+
			"Visitors who gave up in the queue are not counted. "+ageHelp, labelDepartmentID, labelWindow)
	abandonmentsMetric = &metric{
		namespace + "_department_abandonments_total",
		"Chats (rooms) that the visitor abandoned, closed since the current calendar month began: the difference of two abandonedRooms of total-abandoned-chats. " +
			"Starts at 0 with each month. " + ageHelp, dto.MetricType_COUNTER,
		[]string{labelDepartmentID},
	}
	periodStartMetric = newGauge("abandonments_period_start_timestamp_seconds",
		"Beginning of the calendar month that livechat_department_abandonments_total counts from.")
	roomsMetric = newGauge("department_rooms",
		"Chats (rooms) opened inside the window, answered or not: rooms of amount-of-chats. "+ageHelp, labelDepartmentID, labelWindow)
	awaitingReplyMetric = newGauge("department_rooms_awaiting_reply",
		"Chats (rooms) opened inside the window, open or closed, in which the visitor has the last word now: rooms of amount-of-chats with answered=false. "+
			"Neither the chats waiting in the queue nor those that nobody answered. "+ageHelp, labelDepartmentID, labelWindow)
	chatsWaitingMetric = newGauge("chats_waiting",
		"Chats in the queue, of all departments: total of inquiries.list. "+ageHelp)
	agentsMetric = newGauge("agents",
		"Agents by status: the fields of agents-status. Available agents are online and accept chats, even if they have as many as they may have. "+ageHelp, labelStatus)
	departmentInfoMetric = newGauge("department_info",
		"Name of the department (name of the department list), or its id where the list does not have it; always 1.", labelDepartment, labelDepartmentID)
	departmentEnabledMetric = newGauge("department_enabled",
		"1 if the department takes new chats (enabled of the department list), 0 if it does not or is archived.", labelDepartmentID)
	departmentAgentsMetric = newGauge("department_agents",
		"Agents assigned to the department: numAgents of the department list.", labelDepartmentID)
	upMetric = newGauge("up",
		"1 if an attempt to get abandoned rooms or abandonments that ended in the last 2 minutes gave a valid answer; "+
			"if none ended in that time, whether the latest one did; 0 before the first.")
	refreshSuccessMetric = newGauge("refresh_success",
		"1 if the latest ended attempt to get the resource gave a valid answer, 0 if it did not.", labelResource, labelWindow)
	refreshTimestampMetric = newGauge("refresh_timestamp_seconds",
		"When the last good answer of the resource was asked for (its first call).", labelResource, labelWindow)
	refreshCompleteMetric = newGauge("refresh_complete",
		"0 if the server has more departments (total) than it handed over (departments), 1 if the exported answer has all of them.", labelResource, labelWindow)
	windowStartMetric = newGauge("window_start_timestamp_seconds",
		"First moment of the period that the exported answer covers.", labelResource, labelWindow)
	windowEndMetric = newGauge("window_end_timestamp_seconds",
		"Last moment of the period that the exported answer covers.", labelResource, labelWindow)
	inactivityTimeoutMetric = newGauge("visitor_inactivity_timeout_seconds",
		"inactivity_timeout as configured. It should equal the server's Livechat_visitor_inactivity_timeout: "+
			"a visitor silent for less has not abandoned a chat.")
)

// metric is a name with its help, type and labels.
type metric struct {
	name, help string
	kind       dto.MetricType
	labels     []string // In order.
}

func newGauge(name, help string, labels ...string) *metric {
	return &metric{namespace + "_" + name, help, dto.MetricType_GAUGE, labels}
}

// family returns a family of series.
func (m *metric) family(series ...*dto.Metric) *dto.MetricFamily {
	return &dto.MetricFamily{Name: &m.name, Help: &m.help, Type: &m.kind, Metric: series}
}

// gauge returns a series with the values of its labels.
func (m *metric) gauge(value float64, labels ...string) *dto.Metric {
	series := &dto.Metric{Gauge: &dto.Gauge{Value: &value}}
	for i := range labels {
		series.Label = append(series.Label, &dto.LabelPair{Name: &m.labels[i], Value: &labels[i]})
	}
	return series
}

// APIMetrics are the metrics of the calls to one workspace. They survive reloads. It is
// safe for concurrent use.
type APIMetrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	deferred  *prometheus.CounterVec
	remaining *prometheus.GaugeVec
}

// NewAPIMetrics returns the metrics, with every series of the routes at 0: a counter that
// appears with its first failure has no increase that an alert could see.
func NewAPIMetrics(routes []*rocketchat.Route) *APIMetrics {
	m := &APIMetrics{
		registry: prometheus.NewRegistry(),
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
			Help: "Calls that a scrape left for a later one, because the call budget was spent or the server refused calls, by the last part of the path. " +
				"Grows in normal operation.",
		}, []string{labelRoute}),
		remaining: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Subsystem: "api", Name: "rate_limit_remaining",
			Help: "The last X-RateLimit-Remaining of the Rocket.Chat API, by the last part of the path.",
		}, []string{labelRoute}),
	}
	m.registry.MustRegister(m.requests, m.duration, m.deferred, m.remaining)
	for _, route := range routes {
		m.duration.WithLabelValues(route.Name)
		m.deferred.WithLabelValues(route.Name)
		for _, outcome := range rocketchat.Outcomes() {
			m.requests.WithLabelValues(route.Name, string(outcome))
		}
	}
	return m
}

// Observe counts a call. The logout at the end of a workspace is on no page.
func (m *APIMetrics) Observe(call rocketchat.Call) {
	if slices.Contains([]*rocketchat.Route{rocketchat.Logout, rocketchat.ServerInfo}, call.Route) {
		return
	}
	m.requests.WithLabelValues(call.Route.Name, string(call.Outcome)).Inc()
	m.duration.WithLabelValues(call.Route.Name).Observe(call.Duration.Seconds())
	if call.Remaining >= 0 {
		m.remaining.WithLabelValues(call.Route.Name).Set(float64(call.Remaining))
	}
}

// deferCalls counts calls that a scrape needed and did not get.
func (m *APIMetrics) deferCalls(route *rocketchat.Route, calls int) {
	m.deferred.WithLabelValues(route.Name).Add(float64(calls))
}
