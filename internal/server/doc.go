// Package server is the exporter's HTTP side: the pages of metrics, the deadline
// of a scrape, health and the landing page.
//
// It knows a workspace only as something that makes a collector for one scrape.
// It must not know Rocket.Chat, windows or configuration files. TLS, basic
// authentication and listening are exporter-toolkit's, wired by main.
package server
