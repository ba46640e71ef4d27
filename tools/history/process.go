package main

import (
	_ "embed"
	"fmt"
	"math"
	"strings"
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

// measured has a line for each minute of a real run: resident memory and heap in use in
// bytes, goroutines, and processor seconds. The exporter asked the demo's workspace.
//
//go:embed process.txt
var measured string

// process is the exporter's own page, with the measured run again and again.
type process struct {
	started, at time.Time
	run         []sample
}

// sample is a line of measured.
type sample struct{ memory, heap, goroutines, cpu float64 }

func newProcess(now time.Time) (*process, error) {
	p := &process{started: now.Add(-9 * day)}
	for line := range strings.Lines(measured) {
		var s sample
		if _, err := fmt.Sscan(line, &s.memory, &s.heap, &s.goroutines, &s.cpu); err != nil {
			return nil, fmt.Errorf("the measured run: %q: %w", line, err)
		}
		p.run = append(p.run, s)
	}
	return p, nil
}

// observe implements observer.
func (p *process) observe(s scrape) prometheus.Collector {
	return &process{started: p.started, run: p.run, at: s.at}
}

// Describe implements prometheus.Collector.
func (*process) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{buildDesc, reloadDesc, reloadTimeDesc, memoryDesc, heapDesc, goroutinesDesc, cpuDesc, startedDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (p *process) Collect(ch chan<- prometheus.Metric) {
	minutes := int(max(0, p.at.Sub(p.started)) / time.Minute)
	first, last, now := p.run[0], p.run[len(p.run)-1], p.run[minutes%len(p.run)]
	cpu := float64(minutes/len(p.run))*(last.cpu-first.cpu) + now.cpu
	cpu = math.Round(1000*cpu) / 1000 // So that it never falls.
	ch <- gauge(buildDesc, 1, "1.0.0", "d313eec", "main", "go1.26.8", "linux", "amd64", "netgo")
	ch <- gauge(reloadDesc, 1)
	ch <- gauge(reloadTimeDesc, seconds(p.started))
	ch <- gauge(memoryDesc, now.memory)
	ch <- gauge(heapDesc, now.heap)
	ch <- gauge(goroutinesDesc, now.goroutines)
	ch <- counter(cpuDesc, cpu)
	ch <- gauge(startedDesc, seconds(p.started))
}
