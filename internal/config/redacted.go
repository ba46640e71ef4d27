package config

import (
	"net/url"
	"path/filepath"
	"strings"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v4"
)

// Redacted returns the configuration that is in effect as a YAML file: every workspace
// with all its keys, defaults and common ones included. Once the values are put back that
// it hides, it can be loaded, and configures the same.
//
// It shows <secret> for every part of a credential; for the names of files with
// credentials, because a token may have been written there; for certificates that are
// written out, because a key may stand beside them; for free text that came from the
// environment; and for any text that holds a user id, a token or a password of the
// configuration.
func (c *Config) Redacted() []byte {
	p := redactor{credentials: knownCredentials{}}
	for _, w := range c.Workspaces {
		for _, secret := range []Secret{w.UserID, w.AuthToken, w.Password} {
			if secret.source != nil && secret.source.value != "" {
				p.credentials.add(secret.source.value)
			}
		}
	}
	file := redactedFile{Workspaces: make(map[string]redactedWorkspace, len(c.Workspaces))}
	for _, w := range c.Workspaces {
		file.Workspaces[w.Name] = p.workspace(w)
	}
	const unlimited = -1
	text, err := yaml.Dump(file, yaml.WithLineWidth(unlimited), yaml.WithCompactSeqIndent(false))
	if err != nil {
		return []byte("# The configuration cannot be written as YAML.\n")
	}
	return text
}

// The types below have the keys of the file, in the order in which config.yml has them.

type redactedFile struct {
	Workspaces map[string]redactedWorkspace `yaml:"workspaces"`
}

type redactedWorkspace struct {
	URL               string             `yaml:"url"`
	UserID            string             `yaml:"user_id,omitempty"`
	UserIDFile        string             `yaml:"user_id_file,omitempty"`
	AuthToken         string             `yaml:"auth_token,omitempty"`
	AuthTokenFile     string             `yaml:"auth_token_file,omitempty"`
	Username          string             `yaml:"username,omitempty"`
	Password          string             `yaml:"password,omitempty"`
	PasswordFile      string             `yaml:"password_file,omitempty"`
	HTTPClient        redactedHTTPClient `yaml:"http_client"`
	Windows           []any              `yaml:"windows"` // Strings, and redactedWindow.
	Timezone          string             `yaml:"timezone"`
	InactivityTimeout string             `yaml:"inactivity_timeout"`
	Counter           bool               `yaml:"counter"`
	Rooms             bool               `yaml:"rooms"`
	Departments       bool               `yaml:"departments"`
	RateLimit         redactedRateLimit  `yaml:"rate_limit,flow"`
	Timeout           string             `yaml:"timeout"`
	MaxAge            string             `yaml:"max_age"`
}

type redactedHTTPClient struct {
	TLSConfig            *redactedTLSConfig `yaml:"tls_config,omitempty"`
	ProxyURL             string             `yaml:"proxy_url,omitempty"`
	NoProxy              string             `yaml:"no_proxy,omitempty"`
	ProxyFromEnvironment bool               `yaml:"proxy_from_environment"`
	EnableHTTP2          bool               `yaml:"enable_http2"`
}

type redactedTLSConfig struct {
	CA                 string `yaml:"ca,omitempty"`
	CAFile             string `yaml:"ca_file,omitempty"`
	Cert               string `yaml:"cert,omitempty"`
	CertFile           string `yaml:"cert_file,omitempty"`
	Key                string `yaml:"key,omitempty"`
	KeyFile            string `yaml:"key_file,omitempty"`
	ServerName         string `yaml:"server_name,omitempty"`
	InsecureSkipVerify bool   `yaml:"insecure_skip_verify"`
	MinVersion         string `yaml:"min_version,omitempty"`
	MaxVersion         string `yaml:"max_version,omitempty"`
}

type redactedWindow struct {
	Name     string `yaml:"name"`
	Duration string `yaml:"duration,omitempty"`
	Calendar string `yaml:"calendar,omitempty"`
	Refresh  string `yaml:"refresh,omitempty"`
}

type redactedRateLimit struct {
	Calls int    `yaml:"calls"`
	Per   string `yaml:"per"`
}

// redactor writes the parts of a configuration in which some credentials stand.
type redactor struct {
	credentials knownCredentials
}

func (p redactor) workspace(w Workspace) redactedWorkspace {
	out := redactedWorkspace{
		URL:               p.address(w.URL),
		HTTPClient:        p.httpClient(w),
		Timezone:          w.Location.String(),
		InactivityTimeout: writtenDuration(w.InactivityTimeout),
		Counter:           w.Counter,
		Rooms:             w.Rooms,
		Departments:       w.Departments,
		RateLimit:         redactedRateLimit{Calls: w.RateLimit.Calls, Per: writtenDuration(w.RateLimit.Per)},
		Timeout:           writtenDuration(w.Timeout),
		MaxAge:            writtenDuration(w.MaxAge),
	}
	out.UserID, out.UserIDFile = hiddenSecret(w.UserID)
	out.AuthToken, out.AuthTokenFile = hiddenSecret(w.AuthToken)
	out.Username, _ = hiddenSecret(w.Username)
	out.Password, out.PasswordFile = hiddenSecret(w.Password)
	for _, window := range w.Windows {
		out.Windows = append(out.Windows, p.window(window))
	}
	return out
}

// hiddenSecret returns what stands for s under its own key, and under the one that names a
// file.
func hiddenSecret(s Secret) (inline, file string) {
	switch {
	case s.source == nil:
		return "", ""
	case s.source.value != "":
		return hidden, ""
	}
	return "", hidden
}

// window writes a window as its period alone, if that says all.
func (p redactor) window(w Window) any {
	if period, err := parsePeriod(text{content: w.Name}); err == nil {
		period.Name = w.Name
		if period == w {
			return w.Name
		}
	}
	out := redactedWindow{Name: p.shown(w.Name), Calendar: w.Calendar}
	if w.Calendar == "" {
		out.Duration = writtenDuration(w.Duration)
	}
	if w.Refresh > 0 {
		out.Refresh = writtenDuration(w.Refresh)
	}
	return out
}

func (p redactor) httpClient(w Workspace) redactedHTTPClient {
	c := w.HTTPClient
	out := redactedHTTPClient{
		NoProxy:              p.freeText(w, keyNoProxy, c.NoProxy),
		ProxyFromEnvironment: c.ProxyFromEnvironment,
		EnableHTTP2:          c.EnableHTTP2,
	}
	if c.ProxyURL.URL != nil {
		out.ProxyURL = p.address(c.ProxyURL.URL)
	}
	if t := c.TLSConfig; t != (promconfig.TLSConfig{}) {
		out.TLSConfig = &redactedTLSConfig{
			CA:                 hiddenIfSet(t.CA),
			CAFile:             p.file(w, keyCA+fileSuffix, t.CAFile),
			Cert:               hiddenIfSet(t.Cert),
			CertFile:           p.file(w, keyCert+fileSuffix, t.CertFile),
			Key:                hiddenIfSet(string(t.Key)),
			KeyFile:            p.file(w, keyKey+fileSuffix, t.KeyFile),
			ServerName:         p.freeText(w, keyServerName, t.ServerName),
			InsecureSkipVerify: t.InsecureSkipVerify,
			MinVersion:         t.MinVersion.String(),
			MaxVersion:         t.MaxVersion.String(),
		}
	}
	return out
}

// hiddenIfSet returns what stands for a value that is not shown.
func hiddenIfSet(content string) string {
	if content == "" {
		return ""
	}
	return hidden
}

// file writes the name of a file that http_client holds, from the root, so that it means
// the same wherever the text is put.
func (p redactor) file(w Workspace, key, name string) string {
	if name == "" {
		return ""
	}
	if absolute, err := filepath.Abs(name); err == nil {
		name = absolute
	}
	return p.freeText(w, key, name)
}

// freeText writes a value of http_client that could be anything, also a credential that
// stands in the wrong variable.
func (p redactor) freeText(w Workspace, key, content string) string {
	if w.fromEnvironment[key] {
		return hidden
	}
	return p.shown(content)
}

// address writes a URL. A credential may be encoded in it.
func (p redactor) address(u *url.URL) string {
	if p.credentials.in(u.Host) || p.credentials.in(u.Path) {
		return hidden
	}
	return p.shown(u.String())
}

// shown writes a text that may be shown, unless it holds a credential.
func (p redactor) shown(content string) string {
	if p.credentials.in(content) {
		return hidden
	}
	return strings.ReplaceAll(content, "${", "$${")
}

// writtenDuration writes a length of time as the file has it.
func writtenDuration(d time.Duration) string {
	return model.Duration(d).String()
}

// fromEnvironment returns which keys of http_client, or below it, hold free text that came
// from the environment.
func (r *reader) fromEnvironment(node *yaml.Node) map[string]bool {
	var keys map[string]bool
	note := func(key string) {
		if keys == nil {
			keys = map[string]bool{}
		}
		keys[key] = true
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		switch key, content := node.Content[i].Value, node.Content[i+1]; key {
		case keyTLSConfig:
			for below := range r.fromEnvironment(content) {
				note(below)
			}
		case keyNoProxy, keyServerName, keyCA + fileSuffix, keyCert + fileSuffix, keyKey + fileSuffix:
			if _, variables, _ := expand(content.Value, r.lookupEnv); len(variables) > 0 {
				note(key)
			}
		}
	}
	return keys
}
