// Package e2e holds the end-to-end tests: the exporter's built binary between a
// simulated workspace, the double of package rocketchattest on a socket, and a real
// Prometheus server. They look at what users see, which is the command line, the
// HTTP answers, the log, and what Prometheus stores, and import no part of the
// exporter.
//
// A test starts what it needs on free ports of 127.0.0.1 with its data in a
// temporary folder, waits for conditions that it can observe and never for time to
// pass, and stops all of it at its end. What the processes printed is shown if the
// test fails.
package e2e
