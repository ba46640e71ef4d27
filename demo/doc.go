// Command demo shows the exporter at work with nothing to configure: it simulates
// a busy Rocket.Chat workspace, builds the exporter of the module that it stands
// in, and runs it on that workspace with the configuration as shipped.
//
//	go run ./demo
//
// It knows the exporter by its command line, its environment and its pages alone,
// as a user does.
package main
