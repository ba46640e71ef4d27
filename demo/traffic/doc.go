// Package traffic is a simulated company: its departments, what their days and weeks
// are like, and the chats of its visitors. Nothing in it is configured or measured
// elsewhere, and equal seeds give equal chats, so that the demo and what is tested on
// weeks of history show the same company.
//
// It knows the double of a workspace, which it fills, and nothing of the exporter.
package traffic
