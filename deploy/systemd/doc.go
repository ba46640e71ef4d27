// Package systemd tests the units in this folder with systemd's tools: that they are valid
// and restrict the exporter, and that their command serves on a socket from systemd, with
// its credentials in files. What only a running service manager does, such as the change of
// the user, is not tested.
//
// It needs Linux and Debian's package systemd, so it has the build tag "systemd" and the
// target "make systemd-test".
package systemd
