// Package collector is the Prometheus side of the exporter: the windows, what is
// known of a workspace between scrapes, the scrape, and the metrics.
//
// A [Workspace] lives as long as its configuration. It has a resource for each thing
// that it asks for: the abandoned rooms of a window, the rooms opened in it, the counter
// and the list of departments. Each scrape makes a [Scrape] of it, which is used once: it
// starts an attempt of every resource that is due and gets its calls from the budget,
// waits until the attempts on their way have ended or its context has, and writes the
// last good answer of each resource that is young enough. An attempt outlives its scrape.
// A resource that fails costs its own freshness only; gauges tell which.
//
// Nothing runs between scrapes but the calls that are on their way. The package must not
// know HTTP or YAML, nor how the server is asked: that is
// [livechat_exporter/internal/rocketchat]'s.
package collector
