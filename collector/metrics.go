package collector

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/internal/rocketchat"
)

const namespace = "livechat"

// Labels.
const (
	labelDepartmentID = "department_id"
	labelWindow       = "window"
	labelResource     = "resource"
	labelRoute        = "route"
	labelOutcome      = "outcome"
)

// What a workspace's page holds besides the metrics of [APICalls].
var (
	abandonedRoomsDesc = prometheus.NewDesc(
		prometheus.BuildFQName(namespace, "department", "abandoned_rooms"),
		"Chats (rooms) opened and closed inside the window that the visitor abandoned: abandonedRooms of total-abandoned-chats. "+
			"Not those who gave up in the queue.",
		[]string{labelDepartmentID, labelWindow}, nil)
	upDesc = prometheus.NewDesc(
		prometheus.BuildFQName(namespace, "", "up"),
		"1 if an attempt to get abandoned rooms that ended in the last 2 minutes brought a valid answer; "+
			"if none ended in that time, whether the latest one did; 0 before the first.",
		nil, nil)
	refreshSuccessDesc = prometheus.NewDesc(
		prometheus.BuildFQName(namespace, "refresh", "success"),
		"1 if the latest ended attempt to get the resource brought a valid answer, 0 if it did not.",
		[]string{labelResource, labelWindow}, nil)
	refreshTimestampDesc = prometheus.NewDesc(
		prometheus.BuildFQName(namespace, "refresh", "timestamp_seconds"),
		"When the last good answer of the resource was asked for.",
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

// gauge returns a gauge whose labels are ours: they are valid, or the code is
// wrong.
func gauge(desc *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
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

// abandonedRooms returns the answer's departments as gauges. The ids come from
// the server; an id that no label can hold is an error.
func abandonedRooms(answer rocketchat.Answer, window string) ([]prometheus.Metric, error) {
	metrics := make([]prometheus.Metric, 0, len(answer.Departments))
	for _, d := range answer.Departments {
		m, err := prometheus.NewConstMetric(abandonedRoomsDesc, prometheus.GaugeValue, float64(d.Rooms), d.ID, window)
		if err != nil {
			return nil, fmt.Errorf("department %q: %w", d.ID, err)
		}
		metrics = append(metrics, m)
	}
	return metrics, nil
}
