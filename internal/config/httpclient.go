package config

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

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

// newTransport returns a transport that follows no redirects. The files of tls_config are
// read here; those of a client certificate at each handshake too.
func (c HTTPClient) newTransport() (http.RoundTripper, error) {
	tlsConfig, err := promconfig.NewTLSConfig(&c.TLSConfig)
	if err != nil {
		return nil, err
	}
	if read := tlsConfig.GetClientCertificate; read != nil {
		bounded := oneAtATime(func(context.Context) (*tls.Certificate, error) { return read(nil) })
		tlsConfig.GetClientCertificate = func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) { return bounded(info.Context()) }
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(c.EnableHTTP2)
	return &http.Transport{
		Proxy:                  c.proxy().Proxy(),
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    10 * time.Second,
		Protocols:              protocols,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: time.Minute}, // Finds dead connections.
		MaxIdleConnsPerHost:    20,                                              // More than the calls of a scrape.
		IdleConnTimeout:        5 * time.Minute,
		MaxResponseHeaderBytes: 64 << 10, // Some hundred bytes are usual.
	}, nil
}

func (c *HTTPClient) proxy() *promconfig.ProxyConfig {
	return &promconfig.ProxyConfig{ProxyURL: c.ProxyURL, NoProxy: c.NoProxy, ProxyFromEnvironment: c.ProxyFromEnvironment}
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
	if err := c.proxy().Validate(); err != nil {
		d.fail(key, "%v", err)
	}
	var err error
	if w.transport, err = c.newTransport(); err != nil {
		d.fail(tlsKey, "%v: configure readable certificates and keys in PEM that belong together", err)
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
