package main

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"livechat_exporter/demo/traffic"
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
	// dead is when it stopped answering, if it did.
	dead time.Time
}

// targets are all that is scraped.
func targets(now time.Time, w weather) ([]target, error) {
	const job = "livechat"
	of := func(name string, ws *workspace) target {
		return target{job: job, instance: name, observer: ws, ofDepartments: true, seconds: ws.seconds}
	}
	own, err := newProcess(now)
	if err != nil {
		return nil, err
	}
	list := []target{
		of("main", mainWorkspace(now, w)),
		{
			job: "livechat_exporter", instance: "exporter:10098", observer: own,
			seconds: func(time.Time) float64 { return 0.004 },
		},
	}
	if !w.alone {
		list = append(list, of("partners", partnersWorkspace(now, w)))
	}
	if w.third {
		list = append(list, of("agency", newWorkspace(now, w, traffic.Calm(traffic.Departments()[:6]), 3, nil)))
	}
	if w.dead > 0 {
		for i := range list {
			list[i].dead = now.Add(-w.dead)
		}
	}
	return list, nil
}

// gather returns what is stored of a scrape.
func (t target) gather(s scrape) ([]*dto.MetricFamily, error) {
	if !s.whole && !t.ofDepartments {
		return nil, nil
	}
	registry := prometheus.NewRegistry()
	named := prometheus.WrapRegistererWith(prometheus.Labels{"job": t.job, "instance": t.instance}, registry)
	var collectors []prometheus.Collector
	answers := t.dead.IsZero() || s.at.Before(t.dead)
	if answers {
		collectors = append(collectors, t.observe(s))
	}
	if s.whole {
		collectors = append(collectors, scraped{answers: answers, seconds: t.seconds(s.at)})
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

var (
	upDesc       = prometheus.NewDesc("up", "Whether the target could be scraped.", nil, nil)
	durationDesc = prometheus.NewDesc("scrape_duration_seconds", "How long the scrape took.", nil, nil)
)

// scraped is what Prometheus stores beside a page.
type scraped struct {
	answers bool
	seconds float64
}

// Describe implements prometheus.Collector.
func (scraped) Describe(ch chan<- *prometheus.Desc) {
	ch <- upDesc
	ch <- durationDesc
}

// Collect implements prometheus.Collector.
func (s scraped) Collect(ch chan<- prometheus.Metric) {
	ch <- gauge(upDesc, number(s.answers))
	ch <- gauge(durationDesc, s.seconds)
}

func gauge(desc *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
}

func counter(desc *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.CounterValue, value, labels...)
}
