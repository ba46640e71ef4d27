// Package systemd tests the units in this folder with systemd's own tools: that they
// say nothing that systemd would pass over, that they give the exporter no right that
// it does not need, and that it serves when it is started as they say, on a socket that
// it is handed and with its credentials in files.
//
// It needs Linux and Debian's package systemd, so it has the build tag "systemd" and a
// target of its own: make systemd-test. systemd need not run the machine: what the
// service manager itself would do, as to change the user, is not tried.
package systemd
