package main

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	buildDesc      = prometheus.NewDesc("livechat_exporter_build_info", "As the exporter has it.", []string{"version", "revision", "branch", "goversion", "goos", "goarch", "tags"}, nil)
	reloadDesc     = desc("livechat_exporter_config_last_reload_successful")
	reloadTimeDesc = desc("livechat_exporter_config_last_reload_success_timestamp_seconds")
	memoryDesc     = desc("process_resident_memory_bytes")
	heapDesc       = desc("go_memstats_heap_inuse_bytes")
	goroutinesDesc = desc("go_goroutines")
	cpuDesc        = desc("process_cpu_seconds_total")
	startedDesc    = desc("process_start_time_seconds")
)

// process is the exporter's own page.
type process struct {
	started, at time.Time
}

func newProcess(now time.Time) *process {
	return &process{started: now.Add(-9 * day)}
}

// observe implements observer.
func (p *process) observe(s scrape) prometheus.Collector {
	return &process{started: p.started, at: s.at}
}

// Describe implements prometheus.Collector.
func (*process) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{buildDesc, reloadDesc, reloadTimeDesc, memoryDesc, heapDesc, goroutinesDesc, cpuDesc, startedDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (p *process) Collect(ch chan<- prometheus.Metric) {
	age := p.at.Sub(p.started).Seconds()
	wave := math.Sin(age / 1800)
	ch <- gauge(buildDesc, 1, "1.0.0", "d313eec", "main", "go1.26.8", "linux", "amd64", "netgo")
	ch <- gauge(reloadDesc, 1)
	ch <- gauge(reloadTimeDesc, seconds(p.started))
	ch <- gauge(memoryDesc, 31e6+2e6*wave)
	ch <- gauge(heapDesc, 6e6+math.Mod(age, 240)*1e4)
	ch <- gauge(goroutinesDesc, math.Round(14+2*wave))
	ch <- counter(cpuDesc, 0.004*age)
	ch <- gauge(startedDesc, seconds(p.started))
}
