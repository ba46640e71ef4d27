// Command demo shows the exporter at work with nothing to configure: it simulates
// a busy Rocket.Chat workspace, builds the exporter of the module that it stands
// in, and runs it on that workspace with the configuration as shipped.
//
//	go run ./demo
//
// With --stack, which "make demo" sets, it runs Prometheus and Alertmanager behind the
// exporter with the rules and routes as shipped, has a department lose visitors, and
// prints Alertmanager's notifications.
//
// It knows the exporter by its command line, its environment and its pages alone,
// as a user does, and the other programs in the same way.
package main
