// Package server is the exporter's HTTP side: the pages of metrics and the deadline
// of a scrape, the list of workspaces for Prometheus to discover, health, reload,
// the running configuration and the landing page.
//
// It knows a workspace only as something that makes a collector for one scrape and
// says how its resources stand. It must not know Rocket.Chat, windows or
// configuration files: what it serves is handed to it, whole, as a [Running]. TLS,
// basic authentication and listening are exporter-toolkit's, wired by main.
package server
