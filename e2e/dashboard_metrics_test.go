package e2e

import "testing"

// The types of metrics.
const (
	gaugeKind     = "gauge"
	counterKind   = "counter"
	histogramKind = "histogram"
)

// metric is what a query has to know of a metric.
type metric struct {
	kind string
	// labels are those of its series, the target's included.
	labels []string
}

// queryableMetrics are what dashboards may ask for: the exporter's as they are
// documented, and those that Prometheus and the libraries add.
func queryableMetrics(t *testing.T) map[string]metric {
	t.Helper()
	known := make(map[string]metric)
	add := func(name, kind string, labels ...string) {
		known[name] = metric{kind, append([]string{"job", "instance"}, labels...)}
	}
	for name, documented := range documentedMetrics(t) {
		add(name, documented.kind, documented.labels...)
		if documented.kind == histogramKind {
			add(name+"_sum", counterKind, documented.labels...)
			add(name+"_count", counterKind, documented.labels...)
			add(name+"_bucket", counterKind, append([]string{"le"}, documented.labels...)...)
		}
	}
	for _, name := range []string{
		"go_goroutines", "go_memstats_heap_inuse_bytes", "process_resident_memory_bytes", "process_start_time_seconds",
		"up", "scrape_duration_seconds", "scrape_timeout_seconds",
	} {
		add(name, gaugeKind)
	}
	add("process_cpu_seconds_total", counterKind)
	add("ALERTS", gaugeKind, "alertname", "alertstate", "severity", "department_id")
	return known
}
