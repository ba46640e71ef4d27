// Package packages tests the packages for Linux. It builds two versions with GoReleaser,
// and installs, upgrades and removes the deb with dpkg and the rpm with rpm, in a root of
// its own below a temporary folder. There it runs the command of the unit, with the files
// of the package, and scrapes a simulated workspace.
//
// In place of systemd, which is not the first process of a container, the root has a
// systemctl that writes down what the packages' scripts want of it.
//
// It needs Linux, root, GoReleaser in .bin, and Debian's packages dpkg, rpm, systemd, man-db
// and zsh, so it has the build tag "packages" and the target "make package-test".
package packages
