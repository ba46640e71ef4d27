package config

import (
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"livechat_exporter/internal/rocketchat"
)

// Address returns the server as scheme://host:port. The case of the host and an implied
// port make no difference. Names are not resolved: two names of one machine are two
// addresses.
func (w Workspace) Address() string {
	host := strings.ToLower(w.URL.Hostname())
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.String()
	}
	port := portNumber(*w.URL.URL)
	switch {
	case port != 0:
	case w.URL.Scheme == "http":
		port = 80
	default:
		port = 443
	}
	return w.URL.Scheme + "://" + net.JoinHostPort(host, strconv.Itoa(port))
}

// portNumber returns the port of a URL, 0 if there is none or it is no port.
func portNumber(u url.URL) int {
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil {
		return 0
	}
	return int(port)
}

// Equal reports whether the workspaces are configured alike. For files their names count,
// not what they contain.
func (w Workspace) Equal(other Workspace) bool {
	// A loaded time zone depends on when it was loaded.
	sameZone := w.Timezone.String() == other.Timezone.String()
	w.Timezone, other.Timezone = Location{}, Location{}
	return sameZone && reflect.DeepEqual(w, other)
}

// SameAccount reports whether the workspaces are used at the same URL with the same
// credentials, so that the answers and the session of one are good for the other.
func (w Workspace) SameAccount(other Workspace) bool {
	return w.Address() == other.Address() && w.URL.EscapedPath() == other.URL.EscapedPath() && w.account() == other.account()
}

func (w Workspace) account() [7]Secret {
	return [...]Secret{w.UserID, w.UserIDFile, w.AuthToken, w.AuthTokenFile, w.Username, w.Password, w.PasswordFile}
}

// UsesLogin reports whether the account logs in with a username and a password.
func (w Workspace) UsesLogin() bool { return w.Username != "" }

// Credentials returns the account. Files are read anew for each attempt.
func (w Workspace) Credentials() rocketchat.Credentials {
	if w.UsesLogin() {
		return rocketchat.LoginWith(source(w.Username, ""), source(w.Password, w.PasswordFile))
	}
	return rocketchat.AccessToken(source(w.UserID, w.UserIDFile), source(w.AuthToken, w.AuthTokenFile))
}

// Routes returns the routes that a scrape can make calls on.
func (w Workspace) Routes() []*rocketchat.Route {
	routes := []*rocketchat.Route{rocketchat.TotalAbandonedChats}
	if w.Rooms {
		routes = append(routes, rocketchat.AmountOfChats)
	}
	if w.Departments {
		routes = append(routes, rocketchat.Departments)
	}
	if w.UsesLogin() {
		routes = append(routes, rocketchat.Login)
	}
	return routes
}

// key is the key path of the workspace.
func (w Workspace) key() string { return keyWorkspaces + "." + w.Name }
