// Package bench holds the benchmarks of the exporter's built binary, each beside the
// floor: a minimal program that fetches the same answers in parallel, decodes them with
// encoding/json, and writes the same lines.
//
// Exporter and floor run as processes of their own, so that their CPU time is theirs
// alone: the simulated workspace and the scraper are in the benchmark's process. They
// are scraped in turn, so that what else the machine does meets both. What a process
// used is read from its own page of metrics, process_cpu_seconds_total and
// go_memstats_*, before and after.
//
// docs/performance.md has the figures and what they mean.
package bench
