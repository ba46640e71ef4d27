package collector

import (
	"cmp"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
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
	abandonedRoomsMetric = defineGauge("department_abandoned_rooms",
		"Chats (rooms) opened and closed inside the window that the visitor abandoned: abandonedRooms of total-abandoned-chats. "+
			"Visitors who gave up in the queue are not counted. "+mayBeOld, labelDepartmentID, labelWindow)
	abandonmentsMetric = defineCounter("department_abandonments_total",
		"Chats (rooms) that the visitor abandoned, closed since the current calendar month began: the difference of two abandonedRooms of total-abandoned-chats. "+
			"Begins anew with each month. "+mayBeOld, labelDepartmentID)
	periodStartMetric = defineGauge("abandonments_period_start_timestamp_seconds",
		"Beginning of the calendar month that livechat_department_abandonments_total counts from.")
	roomsMetric = defineGauge("department_rooms",
		"Chats (rooms) opened inside the window, answered or not: rooms of amount-of-chats. "+mayBeOld, labelDepartmentID, labelWindow)
	departmentInfoMetric = defineGauge("department_info",
		"Name of the department (name of the department list), the id where the list does not have it; always 1.", labelDepartment, labelDepartmentID)
	departmentEnabledMetric = defineGauge("department_enabled",
		"1 if the department takes new chats (enabled of the department list), 0 if it does not or is archived.", labelDepartmentID)
	departmentAgentsMetric = defineGauge("department_agents",
		"Agents assigned to the department: numAgents of the department list.", labelDepartmentID)
	upMetric = defineGauge("up",
		"1 if an attempt to get abandoned rooms or abandonments that ended in the last 2 minutes brought a valid answer; "+
			"if none ended in that time, whether the latest one did; 0 before the first.")
	refreshSuccessMetric = defineGauge("refresh_success",
		"1 if the latest ended attempt to get the resource brought a valid answer, 0 if it did not.", labelResource, labelWindow)
	refreshTimestampMetric = defineGauge("refresh_timestamp_seconds",
		"When the last good answer of the resource was asked for, by its first call.", labelResource, labelWindow)
	refreshCompleteMetric = defineGauge("refresh_complete",
		"0 if the server has more departments (total) than it handed over (departments), 1 if the exported answer has them all.", labelResource, labelWindow)
	windowStartMetric = defineGauge("window_start_timestamp_seconds",
		"First moment of the period that the exported answer covers.", labelResource, labelWindow)
	windowEndMetric = defineGauge("window_end_timestamp_seconds",
		"Last moment of the period that the exported answer covers.", labelResource, labelWindow)
	inactivityTimeoutMetric = defineGauge("visitor_inactivity_timeout_seconds",
		"inactivity_timeout as configured. It should be the server's Livechat_visitor_inactivity_timeout: "+
			"a visitor silent for less has not abandoned a chat.")
)

// metrics are these, in the order of their names.
var metrics = sortedByName(
	abandonedRoomsMetric, abandonmentsMetric, periodStartMetric, roomsMetric,
	departmentInfoMetric, departmentEnabledMetric, departmentAgentsMetric,
	upMetric, refreshSuccessMetric, refreshTimestampMetric, refreshCompleteMetric,
	windowStartMetric, windowEndMetric, inactivityTimeoutMetric,
)

// metric is what all series of a metric have in common.
type metric struct {
	desc       *prometheus.Desc
	name, help string
	kind       dto.MetricType
	labels     []string
}

// defineGauge describes a gauge. The labels stand in the order of the alphabet, as they
// do on the page.
func defineGauge(name, help string, labels ...string) *metric {
	return define(dto.MetricType_GAUGE, name, help, labels)
}

// defineCounter describes a counter, as defineGauge does a gauge.
func defineCounter(name, help string, labels ...string) *metric {
	return define(dto.MetricType_COUNTER, name, help, labels)
}

func define(kind dto.MetricType, name, help string, labels []string) *metric {
	name = prometheus.BuildFQName(namespace, "", name)
	return &metric{desc: prometheus.NewDesc(name, help, labels, nil), name: name, help: help, kind: kind, labels: labels}
}

func sortedByName(metrics ...*metric) []*metric {
	slices.SortFunc(metrics, func(a, b *metric) int { return cmp.Compare(a.name, b.name) })
	return metrics
}
