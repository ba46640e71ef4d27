// Package config reads the exporter's configuration file: strictly, with every
// mistake reported at once, each with the file, the line, the key and the cure.
//
// What comes out is plain values with nothing left to decide: defaults are filled in,
// a workspace's own keys have replaced the common ones, variables are replaced, time
// zones are loaded. The package knows YAML, the environment that it is handed, and the
// files that hold credentials and certificates. Of the API it knows which calls the keys
// cost, and nothing else; it must not know metrics or HTTP servers, and imports no other
// package of this module.
//
// Two rules hold for every message: it never shows a value that came from the
// environment (what is shown is the text of the file, such as ${NAME}, and what follows
// from numbers and durations), and it never shows a credential.
package config

import (
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	promconfig "github.com/prometheus/common/config"
)

// Config is a configuration without mistakes.
type Config struct {
	// Workspaces holds the configured workspaces, at least one, ordered by name.
	Workspaces []Workspace
}

// Workspace is one Rocket.Chat workspace and how it is asked. Printing it in any form,
// whole or as part of something, shows no credential.
type Workspace struct {
	// Name is the key of the entry under workspaces.
	Name string
	// URL is the address of the workspace: http or https, a host, and the path
	// prefix if there is one, without a trailing slash.
	URL *url.URL
	// UserID and AuthToken are the account's credentials, or Username and Password are,
	// and the other two are unset. They may change while the process runs: read them for
	// each attempt.
	UserID, AuthToken  Secret
	Username, Password Secret
	// HTTPClient is how connections are made. It carries no credentials but the key
	// of a client certificate, and never follows redirects. File names in it are
	// relative to the working directory, no longer to the configuration file.
	HTTPClient promconfig.HTTPClientConfig
	// Windows holds at least one window, in the order of the file. Their names
	// differ, and so do their periods. Workspaces without a list of their own share one:
	// it must not be changed.
	Windows []Window
	// Location is the time zone that calendar windows are cut in.
	Location *time.Location
	// InactivityTimeout is the server's Livechat_visitor_inactivity_timeout as the
	// operator states it; 0 or more. Every window with a Duration is longer.
	InactivityTimeout time.Duration
	// Counter says whether the abandoned chats of the month are counted too, Rooms
	// whether all chats of each window are, and Departments whether the list of
	// departments is asked for.
	Counter, Rooms, Departments bool
	// RateLimit is how often the server may be called. Workspaces of one Address have
	// the same, because they share it.
	RateLimit RateLimit
	// Timeout bounds one call of the API; more than 0.
	Timeout time.Duration
	// MaxAge is how far beyond its refresh interval an answer may age and still be
	// exported; more than 0 and at most a day.
	MaxAge time.Duration

	// fromEnvironment holds the keys of free text in HTTPClient that are not shown.
	fromEnvironment map[string]bool
}

// Window is a period to count chats in. Exactly one of Duration and Calendar is set.
type Window struct {
	// Name is the value of the window label, as configured: printable, 1 to 64 bytes.
	Name string
	// Duration is the length of a window that ends now, more than 0.
	Duration time.Duration
	// Calendar is one of today, yesterday, this_week, last_week, this_month and
	// last_month.
	Calendar string
	// Refresh is the least time between a good answer and the next question; 0, which
	// asks at each scrape, to a day.
	Refresh time.Duration
}

// Format implements [fmt.Formatter]. It hides the key of the client certificate, which
// the type that holds it shows in %#v.
func (w Workspace) Format(state fmt.State, verb rune) {
	type plain Workspace
	if w.HTTPClient.TLSConfig.Key != "" {
		w.HTTPClient.TLSConfig.Key = hidden
	}
	_, _ = fmt.Fprintf(state, fmt.FormatString(state, verb), plain(w))
}

// Load reads the configuration file. ${NAME} in its values is replaced by what lookupEnv
// returns for NAME; [os.LookupEnv] is what the exporter hands in.
//
// The error joins one [*Error] per mistake, ordered by line; its text has one mistake per
// line. The files that tls_config names are read and checked, and left to the HTTP client
// to read again. Files with credentials are not read here, but by [Secret.Read].
func Load(file string, lookupEnv func(string) (string, bool)) (*Config, error) {
	data, err := readFile(file)
	if err != nil {
		return nil, err
	}
	return parse(file, data, lookupEnv)
}

// parse turns the content of a configuration file into a Config.
func parse(file string, data []byte, lookupEnv func(string) (string, bool)) (*Config, error) {
	r := &reader{
		file: file, dir: filepath.Dir(file), lookupEnv: lookupEnv,
		credentials: knownCredentials{}, checked: map[windowsWithin]bool{},
	}
	var workspaces []Workspace
	if root, ok := r.document(data); ok {
		r.findCredentials(root.node)
		workspaces = r.configuration(root)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return &Config{Workspaces: workspaces}, nil
}
