// Package systemd tests the units in this folder with systemd's tools: that they are valid
// and restrict the exporter. The tests of the packages run the service's command on a socket
// from systemd, with its credentials in files.
//
// It needs Linux and Debian's package systemd, so it has the build tag "systemd" and the
// target "make systemd-test".
package systemd
