// Package collector is the Prometheus side of the exporter: the windows, what is
// known of a workspace between scrapes, the scrape, and the metrics.
//
// A [Workspace] lives as long as its configuration. Each scrape makes a [Scrape]
// of it, a prometheus.Collector that is used once: it asks for every window at
// the same moment, waits until all have ended or its context has, and writes
// what came. A window that fails costs its own series only; gauges tell which.
//
// The package must not know HTTP or YAML, nor how the server is asked: that is
// [livechat_exporter/internal/rocketchat]'s.
package collector
