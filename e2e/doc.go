// Package e2e holds the end-to-end tests: the exporter's built binary between a
// simulated workspace, the double of package rocketchattest on a socket, and a real
// Prometheus server; the shipped rules in Prometheus, and the shipped configuration in
// a real Alertmanager. They look at what users see, which is the command line, the
// HTTP answers, the log, what Prometheus stores and what Alertmanager tells, and
// import no part of the exporter.
//
// Stories are the exception: hours of simulated time, in which the exporter's collector
// is scraped in this process, and what it exported is imported into Prometheus.
//
// A test starts what it needs on free ports of 127.0.0.1 with its data in a
// temporary folder, waits for conditions that it can observe and never for time to
// pass, and stops all of it at its end. What the processes printed is shown if the
// test fails.
package e2e
