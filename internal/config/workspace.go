package config

import (
	"net"
	"net/http"
	"reflect"
	"strings"

	"livechat_exporter/internal/rocketchat"
)

// Address returns the server as scheme://host:port, in lower case. Names are not resolved:
// two names of one machine are two addresses.
func (w Workspace) Address() string {
	port := w.URL.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[w.URL.Scheme]
	}
	return w.URL.Scheme + "://" + strings.ToLower(net.JoinHostPort(w.URL.Hostname(), port))
}

// Equal reports whether the workspaces are configured alike. For files their names count,
// not what they contain.
func (w Workspace) Equal(other Workspace) bool {
	// A loaded time zone depends on when it was loaded.
	sameZone := w.Timezone.String() == other.Timezone.String()
	w.Timezone, other.Timezone = Location{}, Location{}
	w.transport, other.transport = nil, nil
	return sameZone && reflect.DeepEqual(w, other)
}

// SameAccount reports whether the workspaces are used at the same URL with the same
// credentials, so that the answers and the session of one are good for the other.
func (w Workspace) SameAccount(other Workspace) bool {
	account := func(w Workspace) [7]Secret {
		return [...]Secret{w.UserID, w.UserIDFile, w.AuthToken, w.AuthTokenFile, w.Username, w.Password, w.PasswordFile}
	}
	return w.Address() == other.Address() && w.URL.EscapedPath() == other.URL.EscapedPath() && account(w) == account(other)
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
	if w.Live {
		routes = append(routes, rocketchat.Inquiries, rocketchat.AgentsStatus)
	}
	if w.UsesLogin() {
		routes = append(routes, rocketchat.Login)
	}
	return routes
}

// Transport returns the transport to the workspace. It is safe for concurrent use.
func (w Workspace) Transport() http.RoundTripper { return w.transport }

// key is the key path of the workspace.
func (w Workspace) key() string { return keyWorkspaces + "." + w.Name }
