package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	promconfig "github.com/prometheus/common/config"
)

// HTTPClient is how connections to a workspace are made: the keys of Prometheus' HTTP
// client that carry no credentials. Those would go wherever the client connects.
type HTTPClient struct {
	TLSConfig            promconfig.TLSConfig `yaml:"tls_config,omitempty"`
	ProxyURL             promconfig.URL       `yaml:"proxy_url,omitempty"`
	NoProxy              string               `yaml:"no_proxy,omitempty"`
	ProxyFromEnvironment bool                 `yaml:"proxy_from_environment"`
	EnableHTTP2          bool                 `yaml:"enable_http2"`
}

// MarshalYAML hides inline certificates too, because a key can be in the same text.
func (c HTTPClient) MarshalYAML() (any, error) {
	type plain HTTPClient
	c.TLSConfig.CA, c.TLSConfig.Cert = Secret(c.TLSConfig.CA).String(), Secret(c.TLSConfig.Cert).String()
	return plain(c), nil
}

// String returns <secret>, because tls_config can hold a key.
func (HTTPClient) String() string { return hidden }

// GoString returns <secret>.
func (HTTPClient) GoString() string { return hidden }

func (c HTTPClient) library() promconfig.HTTPClientConfig {
	proxy := promconfig.ProxyConfig{ProxyURL: c.ProxyURL, NoProxy: c.NoProxy, ProxyFromEnvironment: c.ProxyFromEnvironment}
	return promconfig.HTTPClientConfig{TLSConfig: c.TLSConfig, ProxyConfig: proxy, EnableHTTP2: c.EnableHTTP2}
}

// maxResponseHeaderBytes is less than Go's limit of 10 MiB; some hundred bytes are usual.
const maxResponseHeaderBytes = 64 << 10

// Transport returns a new transport to the workspace. It follows no redirects, and reads
// the files of tls_config again when they change.
func (w Workspace) Transport() (http.RoundTripper, error) {
	transport, err := promconfig.NewRoundTripperFromConfig(w.HTTPClient.library(), "livechat_exporter")
	if err != nil {
		return nil, fmt.Errorf("%s.http_client.tls_config: %w", w.key(), err)
	}
	if t, ok := transport.(*http.Transport); ok { // With files in tls_config it is a wrapper.
		t.MaxResponseHeaderBytes = maxResponseHeaderBytes
		// The library's dialer keeps an event log of each connection in memory, too much
		// for hundreds of workspaces.
		t.DialContext = new(net.Dialer).DialContext
	}
	return transport, nil
}

const keyURL = "url"

func (d *document) checkHTTPClient(key string, w *Workspace) {
	c := &w.HTTPClient
	tlsKey := key + ".tls_config"
	d.checkFile(tlsKey+".ca_file", &c.TLSConfig.CAFile)
	d.checkFile(tlsKey+".cert_file", &c.TLSConfig.CertFile)
	d.checkFile(tlsKey+".key_file", &c.TLSConfig.KeyFile)
	if u := c.ProxyURL.URL; u != nil && (!isProxy(*u) || u.User != nil) {
		d.fail(key+".proxy_url", "must be the URL of a proxy without user and password, such as http://proxy.example.com:3128: "+
			"for a proxy with credentials use proxy_from_environment and HTTPS_PROXY")
	}
	if strings.Contains(c.NoProxy, "@") {
		d.fail(key+".no_proxy", "must be hosts, domains and networks, such as localhost,.example.com,10.0.0.0/8, without user and password")
	}
	if c.ProxyFromEnvironment {
		d.checkProxyEnvironment(key + ".proxy_from_environment")
	}
	library := c.library()
	if err := library.Validate(); err != nil {
		d.fail(key, "%v", err)
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
	*name = promconfig.JoinDir(filepath.Dir(d.file), *name)
}

// checkURL returns what is wrong with an address. The error contains nothing of it: a
// password can be in any part.
func checkURL(u url.URL, schemes ...string) error {
	_, portErr := strconv.ParseUint(cmp.Or(u.Port(), "0"), 10, 16)
	switch {
	case u.User != nil:
		return errors.New("must not contain a user or password: remove what is between :// and @")
	case !slices.Contains(schemes, u.Scheme) || u.Hostname() == "":
		return fmt.Errorf("must begin with %s:// and a host", strings.Join(schemes, ":// or "))
	case portErr != nil:
		return errors.New("has a wrong port: write one up to 65535")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("must not have a query or a fragment: remove the ? or # and what follows")
	case u.Path != "" && path.Clean(u.Path) != u.Path, strings.ContainsAny(u.Path, " \t\n"):
		return errors.New("has white space, an empty segment, . or .. in its path: remove it")
	}
	return nil
}

// isProxy reports whether a URL can be that of a proxy, which can have a user.
func isProxy(u url.URL) bool {
	u.User = nil
	return strings.Trim(u.Path, "/") == "" && checkURL(u, "http", "https", "socks5", "socks5h") == nil
}

// checkProxyEnvironment checks the variables that proxy_from_environment uses. The library
// ignores what it does not understand, and would connect without the proxy.
func (d *document) checkProxyEnvironment(key string) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"} {
		value, _ := d.lookupEnv(name)
		if value != "" && !strings.Contains(value, "://") {
			value = "http://" + value
		}
		if u, err := url.Parse(value); value != "" && (err != nil || !isProxy(*u)) {
			d.note(key, "the environment variable %s is not the URL of a proxy: set it to one, such as http://proxy.example.com:3128", name)
		}
	}
}
