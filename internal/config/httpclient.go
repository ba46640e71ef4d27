package config

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	promconfig "github.com/prometheus/common/config"
)

// The keys of http_client and its tls_config, as Prometheus names them.
const (
	keyTLSConfig            = "tls_config"
	keyProxyURL             = "proxy_url"
	keyNoProxy              = "no_proxy"
	keyProxyFromEnvironment = "proxy_from_environment"
	keyEnableHTTP2          = "enable_http2"

	keyCA                 = "ca"
	keyCert               = "cert"
	keyKey                = "key"
	keyServerName         = "server_name"
	keyInsecureSkipVerify = "insecure_skip_verify"
	keyMinVersion         = "min_version"
	keyMaxVersion         = "max_version"
)

// proxyCredentials says how a proxy gets its credentials.
const proxyCredentials = keyProxyFromEnvironment + ": true, and put them into HTTP_PROXY and HTTPS_PROXY"

// httpClientSchema returns the keys of http_client. Prometheus' HTTP client knows more;
// those that carry credentials are refused, because they would go to wherever the client
// connects, past the care that is taken of user_id and auth_token.
func httpClientSchema() schema {
	const (
		credentials = "is not supported, because it carries credentials: the account is given by user_id and auth_token, or by username and password, alone"
		headers     = "is not supported, because headers can carry credentials: the account is given by user_id and auth_token, or by username and password, alone"
		proxy       = "is not supported, because headers can carry credentials: for a proxy that asks for some use " + proxyCredentials
		redirects   = "is not supported, because redirects are never followed, so that the token goes to no other address: " +
			"set url to the final address"
	)
	return schema{
		keys: []string{keyTLSConfig, keyProxyURL, keyNoProxy, keyProxyFromEnvironment, keyEnableHTTP2},
		refused: map[string]string{
			"basic_auth":           credentials,
			"authorization":        credentials,
			"oauth2":               credentials,
			"bearer_token":         credentials,
			"bearer_token_file":    credentials,
			"http_headers":         headers,
			"proxy_connect_header": proxy,
			"follow_redirects":     redirects,
		},
	}
}

func tlsSchema() schema {
	return schema{keys: []string{
		keyCA, keyCA + fileSuffix, keyCert, keyCert + fileSuffix, keyKey, keyKey + fileSuffix,
		keyServerName, keyInsecureSkipVerify, keyMinVersion, keyMaxVersion,
	}}
}

// defaultHTTPClient returns the HTTP client of a workspace without http_client.
func defaultHTTPClient() promconfig.HTTPClientConfig {
	c := promconfig.DefaultHTTPClientConfig
	c.FollowRedirects = false
	return c
}

// httpClient reads http_client for a workspace at address, which is nil if it is wrong.
func (r *reader) httpClient(v value, address *url.URL) promconfig.HTTPClientConfig {
	c := defaultHTTPClient()
	before := len(r.mistakes)
	fields, _ := r.fields(v, httpClientSchema())
	if tlsConfig, ok := fields[keyTLSConfig]; ok {
		c.TLSConfig = r.tlsConfig(tlsConfig)
	}
	if enableHTTP2, ok := fields[keyEnableHTTP2]; ok {
		c.EnableHTTP2 = r.boolean(enableHTTP2)
	}
	c.ProxyConfig = r.proxy(fields)
	if tlsConfig, ok := fields[keyTLSConfig]; ok && address != nil && address.Scheme == "http" && !mayBeHTTPS(c.ProxyConfig, fields) {
		r.fail(tlsConfig, "has no effect with an http:// url: use https:// in url, or remove tls_config")
	}
	if len(r.mistakes) > before {
		return c
	}
	// The library may come to know mistakes that are not looked for here.
	if err := c.Validate(); err != nil {
		r.fail(v, "%v", err)
	}
	return c
}

// proxy reads the keys of http_client that say which proxy to use.
func (r *reader) proxy(fields map[string]value) promconfig.ProxyConfig {
	var c promconfig.ProxyConfig
	proxyURL, hasURL := fields[keyProxyURL]
	noProxy, hasNoProxy := fields[keyNoProxy]
	if v, ok := fields[keyProxyFromEnvironment]; ok {
		c.ProxyFromEnvironment = r.boolean(v)
	}
	if hasURL {
		c.ProxyURL = r.proxyURL(proxyURL)
	}
	if hasNoProxy {
		c.NoProxy = r.noProxy(noProxy)
	}
	switch {
	case c.ProxyFromEnvironment && hasURL:
		r.fail(proxyURL, "%s is true too: remove one of them", keyProxyFromEnvironment)
	case c.ProxyFromEnvironment && hasNoProxy:
		r.fail(noProxy, "%s is true, which reads NO_PROXY: remove one of them", keyProxyFromEnvironment)
	case hasNoProxy && !hasURL:
		r.fail(noProxy, "has no effect without %s: add that, or remove this", keyProxyURL)
	}
	return c
}

// mayBeHTTPS reports whether the connection to the proxy may use TLS, for which the
// client takes tls_config too.
func mayBeHTTPS(c promconfig.ProxyConfig, fields map[string]value) bool {
	if c.ProxyURL.URL != nil {
		return c.ProxyURL.Scheme == "https"
	}
	_, isWrong := fields[keyProxyURL]
	return isWrong || c.ProxyFromEnvironment
}

// proxyURL reads the address of a proxy.
func (r *reader) proxyURL(v value) promconfig.URL {
	t, ok := r.text(v)
	if !ok {
		return promconfig.URL{}
	}
	u, err := parseAddress(t.content, "http", "https", "socks5", "socks5h")
	if err != nil {
		if errors.Is(err, errUserInfo) {
			err = fmt.Errorf("%w; for a proxy that asks for credentials use %s", err, proxyCredentials)
		}
		r.failText(t, "%v", err)
		return promconfig.URL{}
	}
	if u.Path != "" && u.Path != "/" {
		r.failText(t, "must not have a path, which has no effect: remove what follows the host and the port")
		return promconfig.URL{}
	}
	return promconfig.URL{URL: u}
}

// tlsConfig reads tls_config.
func (r *reader) tlsConfig(v value) promconfig.TLSConfig {
	var c promconfig.TLSConfig
	fields, ok := r.fields(v, tlsSchema())
	if !ok {
		return c
	}
	if v, ok := fields[keyServerName]; ok {
		t, _ := r.text(v)
		c.ServerName = t.content
	}
	if v, ok := fields[keyInsecureSkipVerify]; ok {
		c.InsecureSkipVerify = r.boolean(v)
	}
	r.tlsVersions(&c, fields)
	r.certificates(&c, fields)
	return c
}

// tlsVersions reads the bounds of the protocol's version.
func (r *reader) tlsVersions(c *promconfig.TLSConfig, fields map[string]value) {
	if v, ok := fields[keyMinVersion]; ok {
		c.MinVersion = r.tlsVersion(v)
	}
	if v, ok := fields[keyMaxVersion]; ok {
		c.MaxVersion = r.tlsVersion(v)
		if c.MaxVersion != 0 && c.MaxVersion < c.MinVersion {
			r.fail(v, "is lower than %s: raise it, or lower that", keyMinVersion)
		}
	}
}

func (r *reader) tlsVersion(v value) promconfig.TLSVersion {
	t, ok := r.text(v)
	if !ok {
		return 0
	}
	version, ok := promconfig.TLSVersions[t.content]
	if !ok {
		r.failText(t, "%s is not a version of TLS: write one of %s", t.shown(),
			strings.Join(slices.Sorted(maps.Keys(promconfig.TLSVersions)), ", "))
	}
	return version
}
