package config

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"

	promconfig "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v4"
)

// HTTPClient is how connections to a workspace are made: the keys of Prometheus' HTTP
// client that carry no credentials. Those would go wherever the client connects. It shows
// neither the key nor inline certificates, because a key can be in the same text.
type HTTPClient struct {
	TLSConfig            promconfig.TLSConfig `yaml:"tls_config,omitempty"`
	ProxyURL             promconfig.URL       `yaml:"proxy_url,omitempty"`
	NoProxy              string               `yaml:"no_proxy,omitempty"`
	ProxyFromEnvironment bool                 `yaml:"proxy_from_environment"`
	EnableHTTP2          bool                 `yaml:"enable_http2"`
}

// MarshalYAML writes the keys, with <secret> for what is hidden.
func (c HTTPClient) MarshalYAML() (any, error) {
	type plain HTTPClient
	c.TLSConfig.CA, c.TLSConfig.Cert = Secret(c.TLSConfig.CA).String(), Secret(c.TLSConfig.Cert).String()
	return plain(c), nil
}

// String returns the YAML text.
func (c HTTPClient) String() string {
	text, _ := yaml.Dump(c)
	return string(text)
}

// GoString returns the YAML text.
func (c HTTPClient) GoString() string { return c.String() }

// library returns the configuration as the library's type.
func (c HTTPClient) library() promconfig.HTTPClientConfig {
	proxy := promconfig.ProxyConfig{ProxyURL: c.ProxyURL, NoProxy: c.NoProxy, ProxyFromEnvironment: c.ProxyFromEnvironment}
	return promconfig.HTTPClientConfig{TLSConfig: c.TLSConfig, ProxyConfig: proxy, EnableHTTP2: c.EnableHTTP2}
}

// maxResponseHeaderBytes bounds the header of an answer. Rocket.Chat and a few proxies
// send some hundred bytes; Go's own limit is 10 MiB.
const maxResponseHeaderBytes = 64 << 10

// Transport returns a new transport to the workspace. It follows no redirects, and reads
// the files of tls_config again when they change.
func (w Workspace) Transport() (http.RoundTripper, error) {
	transport, err := promconfig.NewRoundTripperFromConfig(w.HTTPClient.library(), "livechat_exporter")
	if err != nil {
		return nil, fmt.Errorf("%s.http_client.tls_config: %w", w.key(), err)
	}
	// With files in tls_config it is a wrapper that makes transports itself, which cannot
	// be changed.
	if t, ok := transport.(*http.Transport); ok {
		t.MaxResponseHeaderBytes = maxResponseHeaderBytes
		// The library's dialer keeps an event log of each connection in memory, too much
		// for hundreds of workspaces.
		t.DialContext = new(net.Dialer).DialContext
	}
	return transport, nil
}

const (
	keyURL      = "url"
	keyProxyURL = "proxy_url"
)

// checkHTTPClient checks http_client.
func (d *document) checkHTTPClient(key string, w *Workspace) {
	c := &w.HTTPClient
	tlsKey := key + ".tls_config"
	d.checkFile(tlsKey+".ca_file", &c.TLSConfig.CAFile)
	d.checkFile(tlsKey+".cert_file", &c.TLSConfig.CertFile)
	d.checkFile(tlsKey+".key_file", &c.TLSConfig.KeyFile)
	if c.ProxyURL.URL != nil {
		if err := checkProxy(*c.ProxyURL.URL); err != nil || c.ProxyURL.User != nil {
			d.fail(key+"."+keyProxyURL, "must be the URL of a proxy without user and password, such as http://proxy.example.com:3128: "+
				"for a proxy with credentials use proxy_from_environment and HTTPS_PROXY")
		}
	}
	if err := checkNoProxy(c.NoProxy); err != nil {
		d.fail(key+".no_proxy", "%v", err)
	}
	if c.ProxyFromEnvironment {
		d.checkProxyEnvironment(key + ".proxy_from_environment")
	}
	tlsToProxy := c.ProxyFromEnvironment || c.ProxyURL.URL != nil && c.ProxyURL.Scheme == "https"
	if c.TLSConfig != (promconfig.TLSConfig{}) && w.URL.URL != nil && w.URL.Scheme == "http" && !tlsToProxy {
		d.fail(tlsKey, "has no effect with an http:// url: use https:// in url, or remove tls_config")
	}
	library := c.library()
	if err := library.Validate(); err != nil {
		d.fail(key, "%v", err)
	}
	if err := library.TLSConfig.Validate(); err != nil {
		d.fail(tlsKey, "%v", err)
	}
	if d.failed(tlsKey) {
		return
	}
	if _, err := w.Transport(); err != nil {
		d.fail(tlsKey, "%v: configure readable certificates and keys in PEM that belong together", errors.Unwrap(err))
	}
}

// checkFile checks the file name of a key, and gives it the directory of the configuration
// file. A name with a line break is a certificate or key, which errors would show.
func (d *document) checkFile(key string, name *string) {
	if strings.Contains(*name, "\n") {
		d.fail(key, "is not the name of a file: use the key without _file for the text itself")
	}
	*name = promconfig.JoinDir(d.directory, *name)
}

// checkURL returns what is wrong with an address. The error contains nothing of it,
// because a password can be in any part of a URL that is written wrongly.
func checkURL(u url.URL, schemes ...string) error {
	unprintable := func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }
	switch {
	case u.User != nil:
		return errors.New("must not contain a user or password: remove what is between :// and @")
	case !slices.Contains(schemes, u.Scheme) || u.Hostname() == "":
		return fmt.Errorf("must begin with %s:// and a host", strings.Join(schemes, ":// or "))
	case strings.HasSuffix(u.Host, ":") || u.Port() != "" && portNumber(u) == 0:
		return errors.New("has a wrong port: write one from 1 to 65535")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("must not have a query or a fragment: remove the ? or # and what follows")
	case strings.ContainsFunc(u.Path, unprintable), u.Path != "" && path.Clean(u.Path) != u.Path:
		return errors.New("has white space, an unprintable character, an empty segment, . or .. in its path: remove it")
	}
	return nil
}

// checkProxy returns what is wrong with the address of a proxy, which can have a user.
func checkProxy(u url.URL) error {
	u.User = nil
	if u.Path = strings.TrimSuffix(u.Path, "/"); u.Path != "" {
		return errors.New("must not have a path")
	}
	return checkURL(u, "http", "https", "socks5", "socks5h")
}

// checkProxyEnvironment checks the variables that proxy_from_environment uses. The library
// ignores what it does not understand, and would connect without the proxy.
func (d *document) checkProxyEnvironment(key string) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"} {
		value, _ := d.lookupEnv(name)
		if value != "" && !strings.Contains(value, "://") {
			value = "http://" + value
		}
		if u, err := url.Parse(value); value != "" && (err != nil || checkProxy(*u) != nil) {
			d.note(key, "the environment variable %s is not the URL of a proxy: set it to one, such as http://proxy.example.com:3128", name)
		}
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		value, _ := d.lookupEnv(name)
		if err := checkNoProxy(value); err != nil {
			d.note(key, "the environment variable %s %v", name, err)
		}
	}
}

// checkNoProxy returns what is wrong with a list of hosts. The error does not contain it:
// the address of a proxy with a password can be in the wrong variable.
func checkNoProxy(list string) error {
	for element := range strings.SplitSeq(list, ",") {
		element = strings.TrimSpace(element)
		if _, _, err := net.ParseCIDR(element); err != nil && strings.ContainsAny(element, "/@ ") {
			return errors.New("has an element that matches no host: write hosts, domains, addresses and networks, " +
				"such as chat.example.com, .example.com, 10.1.2.3 or 10.0.0.0/8, separated by commas")
		}
	}
	return nil
}
