package config

import (
	"net"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
)

// Address returns the server that w is asked at, as scheme://host:port. Two workspaces
// have the same if they differ in nothing but the path, however they are written: the
// case of the host and the port that the scheme implies make no difference. Nothing is
// looked up, so two names of one machine are two addresses.
func (w Workspace) Address() string {
	host := strings.ToLower(w.URL.Hostname())
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.String()
	}
	port := w.URL.Port()
	if number, err := strconv.ParseUint(port, 10, 16); err == nil {
		port = strconv.FormatUint(number, 10)
	}
	switch {
	case port != "":
	case w.URL.Scheme == "http":
		port = "80"
	default:
		port = "443"
	}
	return w.URL.Scheme + "://" + net.JoinHostPort(host, port)
}

// Equal reports whether w and other are configured alike, credentials included. Where
// those or the certificates are in files, the names of the files count, and not what they
// hold: it is read anew when it is needed.
func (w Workspace) Equal(other Workspace) bool {
	if w.Location.String() != other.Location.String() {
		return false
	}
	// A location remembers which of its offsets was used last.
	w.Location, other.Location = nil, nil
	w.fromEnvironment, other.fromEnvironment = nil, nil // Which says how it is shown.
	return reflect.DeepEqual(w, other)
}

// SameAccount reports whether w and other ask the same workspace as the same user: at the
// same URL with the same credentials, as far as the configuration tells. What one of them
// was answered, the other would have been.
func (w Workspace) SameAccount(other Workspace) bool {
	return w.Address() == other.Address() && w.URL.EscapedPath() == other.URL.EscapedPath() &&
		w.UserID.equal(other.UserID) && w.AuthToken.equal(other.AuthToken) &&
		w.Username.equal(other.Username) && w.Password.equal(other.Password)
}

// equal reports whether s and other are the same credential, or are read from the same
// file.
func (s Secret) equal(other Secret) bool {
	if s.source == nil || other.source == nil {
		return s.source == other.source
	}
	return *s.source == *other.source
}
