// Package config reads the configuration file: strictly, and with all mistakes at once,
// each with the file, the line, the key and what to do.
//
// The result is plain values: defaults and environment variables are filled in, and a
// workspace's own keys have replaced the common ones. No message contains a credential.
package config

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v4"

	"livechat_exporter/internal/budget"
	"livechat_exporter/internal/window"
)

// Config is a configuration without mistakes.
type Config struct {
	// Workspaces holds at least one workspace, ordered by name.
	Workspaces []Workspace
}

// Workspace is one Rocket.Chat workspace and how the exporter uses it. The settings from
// Windows on can also be at the top of the file, for all workspaces.
type Workspace struct {
	// Name is the key under workspaces.
	Name string `yaml:"-"`
	// URL is http or https, with a host, and a path prefix without a trailing slash.
	URL promconfig.URL `yaml:"url"`

	// The account: a user id and a token, or a username and a password. Names of files are
	// hidden too, because users write the token itself into the wrong key.
	UserID        Secret `yaml:"user_id,omitempty"`
	UserIDFile    Secret `yaml:"user_id_file,omitempty"`
	AuthToken     Secret `yaml:"auth_token,omitempty"`
	AuthTokenFile Secret `yaml:"auth_token_file,omitempty"`
	Username      Secret `yaml:"username,omitempty"`
	Password      Secret `yaml:"password,omitempty"`
	PasswordFile  Secret `yaml:"password_file,omitempty"`

	HTTPClient HTTPClient `yaml:"http_client"`

	// Windows holds at least one window, in the order of the file. Names and periods
	// differ. Workspaces can share the slice: it must not be changed.
	Windows []window.Window `yaml:"windows"`
	// Timezone is where the calendar windows and the counter's month begin and end.
	Timezone Location `yaml:"timezone"`
	// InactivityTimeout is the server's Livechat_visitor_inactivity_timeout.
	InactivityTimeout model.Duration `yaml:"inactivity_timeout"`
	// Counter, Rooms, Live and Departments are what to request beside the abandoned chats
	// of each window: those of the month, all chats, the chats waiting and the agents'
	// statuses now, and the list of departments.
	Counter     bool `yaml:"counter"`
	Rooms       bool `yaml:"rooms"`
	Live        bool `yaml:"live"`
	Departments bool `yaml:"departments"`
	// RateLimit is the same for all workspaces of one Address.
	RateLimit budget.Limit `yaml:"rate_limit,flow"`
	// Timeout bounds one call of the API.
	Timeout model.Duration `yaml:"timeout"`
	// MaxAge is how far beyond its refresh interval an exported answer may age.
	MaxAge model.Duration `yaml:"max_age"`

	transport http.RoundTripper
}

// Location is a time zone by its IANA name.
type Location struct{ *time.Location }

// UnmarshalYAML refuses Local, which depends on the machine.
func (l *Location) UnmarshalYAML(unmarshal func(any) error) error {
	var name string
	if err := unmarshal(&name); err != nil {
		return err
	}
	location, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return fmt.Errorf("%q is not a time zone: write an IANA name, such as Europe/Berlin or UTC", name)
	}
	l.Location = location
	return nil
}

// MarshalYAML writes the name.
func (l Location) MarshalYAML() (any, error) { return l.String(), nil }

// defaultLimit is Rocket.Chat's own default.
func defaultLimit() budget.Limit { return budget.Limit{Calls: 10, Per: model.Minute} }

func defaults() Workspace {
	return Workspace{
		HTTPClient: HTTPClient{EnableHTTP2: true},
		Windows: []window.Window{
			{Name: "6h", Duration: 6 * time.Hour},
			{Name: "24h", Duration: 24 * time.Hour},
			{Name: "7d", Duration: 7 * 24 * time.Hour},
			{Name: "today", Calendar: window.Today},
		},
		Timezone:          Location{time.UTC},
		InactivityTimeout: model.Hour,
		Counter:           true,
		Rooms:             true,
		Live:              true,
		Departments:       true,
		RateLimit:         defaultLimit(),
		Timeout:           30 * model.Second,
		MaxAge:            5 * model.Minute,
	}
}

// Load reads the configuration file. lookupEnv, such as [os.LookupEnv], returns the values
// of the variables in it. The error joins one [*Error] per mistake, ordered by line. If
// reading files takes longer than 30 seconds, or ctx ends, the error is that alone.
//
// Certificates are read and checked. Files with credentials are not: they are read when
// they are needed, so that a credential can be replaced without a restart.
func Load(ctx context.Context, file string, lookupEnv func(string) (string, bool)) (*Config, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return oneAtATime(func(context.Context) (*Config, error) { return parseFile(file, lookupEnv) })(ctx) //nolint:contextcheck // A TLS handshake has its own.
}

func parseFile(file string, lookupEnv func(string) (string, bool)) (*Config, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, &Error{File: file, Message: fmt.Sprintf("%v: check --config.file and the permissions", withoutPath(err))}
	}
	return parse(file, data, lookupEnv)
}

// withoutPath returns why a file cannot be read, without its name.
func withoutPath(err error) error {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err
	}
	return err
}

// parse reads the content of a configuration file.
func parse(file string, data []byte, lookupEnv func(string) (string, bool)) (*Config, error) {
	d := &document{
		file: file, lookupEnv: lookupEnv,
		keys: map[position]string{}, values: map[position]string{}, lines: map[string]int{"": 1},
	}
	var workspaces []Workspace
	if root := d.parse(data); root != nil {
		workspaces = d.workspaces(root)
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	slices.SortFunc(workspaces, func(a, b Workspace) int { return cmp.Compare(a.Name, b.Name) })
	return &Config{Workspaces: workspaces}, nil
}

// Redacted returns the configuration in effect as a YAML file, with <secret> wherever the
// text of a credential occurs, and for credential files and inline certificates.
func (c *Config) Redacted() []byte {
	var file struct {
		Workspaces map[string]Workspace `yaml:"workspaces"`
	}
	file.Workspaces = map[string]Workspace{}
	var secrets redactor
	for _, w := range c.Workspaces {
		file.Workspaces[w.Name] = w
		secrets.add(string(w.UserID), string(w.AuthToken), string(w.Password))
	}
	const unlimited = -1
	text, err := yaml.Dump(file, yaml.WithLineWidth(unlimited), yaml.WithCompactSeqIndent(false))
	if err != nil {
		return []byte("# The configuration cannot be written as YAML.\n")
	}
	// A ${ is literal text by now.
	return []byte(strings.ReplaceAll(secrets.redact(string(text)), "${", "$${"))
}
