package collector

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
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
)

// mayBeOld is what is to be known of every number of rooms.
const mayBeOld = "May be up to its refresh interval and max_age old."

// What a workspace's page holds besides the metrics of [APICalls].
var (
	abandonedRoomsDesc = prometheus.NewDesc(
		prometheus.BuildFQName(namespace, "department", "abandoned_rooms"),
		"Chats (rooms) opened and closed inside the window that the visitor abandoned: abandonedRooms of total-abandoned-chats. "+
			"Not those who gave up in the queue. "+mayBeOld,
		[]string{labelDepartmentID, labelWindow}, nil)
	abandonmentsDesc = prometheus.NewDesc(
		prometheus.BuildFQName(namespace, "department", "abandonments_total"),
		"Chats (rooms) that the visitor abandoned, closed since the current calendar month began: abandonedRooms of total-abandoned-chats. "+mayBeOld,
		[]string{labelDepartmentID}, nil)
	periodStartDesc = prometheus.NewDesc(
		prometheus.BuildFQName(namespace, "abandonments", "period_start_timestamp_seconds"),
		"Beginning of the calendar month that livechat_department_abandonments_total counts from.",
		nil, nil)
	roomsDesc = prometheus.NewDesc(
		prometheus.BuildFQName(namespace, "department", "rooms"),
		"Chats (rooms) opened inside the window, answered or not: rooms of amount-of-chats. "+mayBeOld,
		[]string{labelDepartmentID, labelWindow}, nil)
	departmentInfoDesc = prometheus.NewDesc(
		prometheus.BuildFQName(namespace, "department", "info"),
		"Name of the department (name of the department list), the id where the list does not have it; always 1.",
		[]string{labelDepartmentID, labelDepartment}, nil)
	departmentEnabledDesc = prometheus.NewDesc(
		prometheus.BuildFQName(namespace, "department", "enabled"),
		"1 if the department takes new chats (enabled of the department list), 0 if it does not or is archived.",
		[]string{labelDepartmentID}, nil)
	departmentAgentsDesc = prometheus.NewDesc(
		prometheus.BuildFQName(namespace, "department", "agents"),
		"Agents assigned to the department: numAgents of the department list.",
		[]string{labelDepartmentID}, nil)
	upDesc = prometheus.NewDesc(
		prometheus.BuildFQName(namespace, "", "up"),
		"1 if an attempt to get abandoned rooms or abandonments that ended in the last 2 minutes brought a valid answer; "+
			"if none ended in that time, whether the latest one did; 0 before the first.",
		nil, nil)
	refreshSuccessDesc = prometheus.NewDesc(
		prometheus.BuildFQName(namespace, "refresh", "success"),
		"1 if the latest ended attempt to get the resource brought a valid answer, 0 if it did not.",
		[]string{labelResource, labelWindow}, nil)
	refreshTimestampDesc = prometheus.NewDesc(
		prometheus.BuildFQName(namespace, "refresh", "timestamp_seconds"),
		"When the last good answer of the resource was asked for, by its first call.",
		[]string{labelResource, labelWindow}, nil)
	refreshCompleteDesc = prometheus.NewDesc(
		prometheus.BuildFQName(namespace, "refresh", "complete"),
		"0 if the server has more departments (total) than it handed over (departments), 1 if the exported answer has them all.",
		[]string{labelResource, labelWindow}, nil)
	windowStartDesc = prometheus.NewDesc(
		prometheus.BuildFQName(namespace, "window", "start_timestamp_seconds"),
		"First moment of the period that the exported answer covers.",
		[]string{labelResource, labelWindow}, nil)
	windowEndDesc = prometheus.NewDesc(
		prometheus.BuildFQName(namespace, "window", "end_timestamp_seconds"),
		"Last moment of the period that the exported answer covers.",
		[]string{labelResource, labelWindow}, nil)
	inactivityTimeoutDesc = prometheus.NewDesc(
		prometheus.BuildFQName(namespace, "visitor", "inactivity_timeout_seconds"),
		"inactivity_timeout as configured. It should be the server's Livechat_visitor_inactivity_timeout: "+
			"a visitor silent for less has not abandoned a chat.",
		nil, nil)
)

// gauge returns a gauge. Its labels are valid, or the code is wrong: those that came
// from the server were checked with its answer.
func gauge(desc *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
}

// counter returns a counter that began to count at a time.
func counter(desc *prometheus.Desc, value float64, created time.Time, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetricWithCreatedTimestamp(desc, prometheus.CounterValue, value, created, labels...)
}

// boolGauge returns a gauge of 1 or 0.
func boolGauge(desc *prometheus.Desc, value bool, labels ...string) prometheus.Metric {
	if value {
		return gauge(desc, 1, labels...)
	}
	return gauge(desc, 0, labels...)
}

// timeGauge returns a gauge of Unix seconds. A double holds the milliseconds of
// any present date exactly enough to read them back.
func timeGauge(desc *prometheus.Desc, at time.Time, labels ...string) prometheus.Metric {
	return gauge(desc, float64(at.UnixMilli())/1e3, labels...)
}
