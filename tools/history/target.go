package main

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// observer is asked for its metrics at one moment after the other, never backwards.
// A workspace is one, whoever counts its rooms: the exporter's own collector with
// these moments for its clock can take the place of the one here.
type observer interface {
	// observe returns what is scraped, whole or the departments' part of it.
	observe(s scrape) prometheus.Collector
}

// target is an observer that Prometheus scrapes, and what Prometheus itself stores of
// the scrape.
type target struct {
	job, instance string
	observer
	// seconds is how long a scrape takes.
	seconds func(at time.Time) float64
	// ofDepartments is whether it has series of departments.
	ofDepartments bool
	// alerts are those that fire.
	alerts []alert
}

// targets are all that is scraped.
func targets(now time.Time, quiet bool) []target {
	const job = "livechat"
	main, partners := mainWorkspace(now, quiet), partnersWorkspace(now)
	return []target{
		{job: job, instance: "main", observer: main, ofDepartments: true, seconds: main.seconds, alerts: alertsOf(now, quiet)},
		{job: job, instance: "partners", observer: partners, ofDepartments: true, seconds: partners.seconds, alerts: partners.alerts()},
		{
			job: "livechat_exporter", instance: "exporter:10098", observer: newProcess(now),
			seconds: func(time.Time) float64 { return 0.004 },
		},
	}
}

// gather returns what is stored of a scrape.
func (t target) gather(s scrape) ([]*dto.MetricFamily, error) {
	if !s.whole && !t.ofDepartments {
		return nil, nil
	}
	registry := prometheus.NewRegistry()
	named := prometheus.WrapRegistererWith(prometheus.Labels{"job": t.job, "instance": t.instance}, registry)
	collectors := []prometheus.Collector{t.observe(s)}
	if s.whole {
		collectors = append(collectors, scraped{seconds: t.seconds(s.at), alerts: t.alerts, at: s.at})
	}
	for _, c := range collectors {
		if err := named.Register(c); err != nil {
			return nil, fmt.Errorf("register what %s has: %w", t.instance, err)
		}
	}
	families, err := registry.Gather()
	if err != nil {
		return nil, fmt.Errorf("gather what %s has: %w", t.instance, err)
	}
	return families, nil
}

// alert is an alert that fires for a while.
type alert struct {
	name, severity, department string
	from, to                   time.Time
}

// alerts are the alerts that the rules raise over a workspace's troubles.
func (w *workspace) alerts() []alert {
	var list []alert
	for _, t := range w.troubles {
		if from := t.from.Add(15 * time.Minute); t.resource == "rooms" {
			list = append(list, alert{name: "LivechatRefreshFailing", severity: "warning", from: from, to: t.to})
		}
	}
	return list
}

// alertsOf are the alerts that the rules raise over the simulated incidents.
func alertsOf(now time.Time, quiet bool) []alert {
	const name, severity = "LivechatAbandonmentSpike", "warning"
	list := []alert{{name, severity, earlier.department, now.Add(-earlier.ago + 25*time.Minute), now.Add(-earlier.ago + 105*time.Minute)}}
	if !quiet {
		list = append(list, alert{name, severity, present.department, now.Add(-present.ago + 15*time.Minute), now})
	}
	return list
}

var (
	upDesc       = prometheus.NewDesc("up", "Whether the target could be scraped.", nil, nil)
	durationDesc = prometheus.NewDesc("scrape_duration_seconds", "How long the scrape took.", nil, nil)
	alertsDesc   = prometheus.NewDesc("ALERTS", "An alert of a rule.", []string{"alertname", "alertstate", "severity", "department_id"}, nil)
)

// scraped is what Prometheus stores beside a page.
type scraped struct {
	seconds float64
	alerts  []alert
	at      time.Time
}

// Describe implements prometheus.Collector.
func (scraped) Describe(ch chan<- *prometheus.Desc) {
	ch <- upDesc
	ch <- durationDesc
	ch <- alertsDesc
}

// Collect implements prometheus.Collector.
func (s scraped) Collect(ch chan<- prometheus.Metric) {
	ch <- gauge(upDesc, 1)
	ch <- gauge(durationDesc, s.seconds)
	for _, a := range s.alerts {
		if !s.at.Before(a.from) && !s.at.After(a.to) {
			ch <- gauge(alertsDesc, 1, a.name, "firing", a.severity, a.department)
		}
	}
}

func gauge(desc *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
}

func counter(desc *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.CounterValue, value, labels...)
}
