package config

import (
	"strings"
	"testing"
)

// withClient is a configuration of which http_client, given line by line, begins in line 7.
func withClient(url, lines string) []byte {
	return []byte("workspaces:\n  main:\n    url: " + url + "\n    user_id: x\n    auth_token: x\n    http_client:\n      " +
		strings.ReplaceAll(lines, "\n", "\n      ") + "\n")
}

func TestHTTPClientMistakes(t *testing.T) {
	t.Parallel()
	const (
		https    = "https://chat.example.com"
		plain    = "http://chat.example.com"
		noEffect = "tls_config: has no effect with an http:// url: use https:// in url, or remove tls_config"
		path     = "proxy_url: must not have a path, which has no effect: remove what follows the host and the port"
		version  = `"TLS9" is not a version of TLS: write one of TLS10, TLS11, TLS12, TLS13`
		empty    = " is empty: write a host there, or remove its comma"
		nothing  = " matches no host: write a host, a domain, an address or a network, such as chat.example.com, .example.com, " +
			"10.1.2.3 or 10.0.0.0/8, and a comma between two of them"
	)
	for name, test := range map[string]struct {
		url, lines string
		want       []string
	}{
		"max_version that is none":                   {https, "tls_config:\n  min_version: TLS12\n  max_version: TLS9", []string{"9: tls_config.max_version: " + version}},
		"min_version that is none":                   {https, "tls_config:\n  min_version: TLS9\n  max_version: TLS10", []string{"8: tls_config.min_version: " + version}},
		"tls_config for http":                        {plain, "tls_config: {insecure_skip_verify: true}", []string{"7: " + noEffect}},
		"empty tls_config for http":                  {plain, "tls_config: {}", []string{"7: " + noEffect}},
		"tls_config for http and an http proxy":      {plain, "tls_config: {}\nproxy_url: http://proxy:3128", []string{"7: " + noEffect}},
		"tls_config for http and an https proxy":     {plain, "tls_config: {}\nproxy_url: https://proxy:3128", nil},
		"tls_config for http and any proxy":          {plain, "tls_config: {}\nproxy_from_environment: true", nil},
		"tls_config for http and no proxy after all": {plain, "tls_config: {}\nproxy_from_environment: false", []string{"7: " + noEffect}},
		"tls_config for http and a wrong proxy":      {plain, "tls_config: {}\nproxy_url: http://proxy/x", []string{"8: " + path}},
		"tls_config for https":                       {https, "tls_config: {}", nil},
		"proxy with a slash":                         {https, "proxy_url: http://proxy:3128/", nil},
		"proxy with a path":                          {https, "proxy_url: http://proxy:3128/hunter2", []string{"7: " + path}},
		"proxy with an encoded slash":                {https, "proxy_url: http://proxy:3128/%2F", []string{"7: " + path}},
		"proxy with two slashes":                     {https, "proxy_url: http://proxy:3128//", []string{"7: proxy_url: has an empty segment (//) in its path: write one slash"}},
		"proxy with a space at the end":              {https, "proxy_url: 'http://proxy:3128/ '", []string{"7: proxy_url: has white space in its path: remove it"}},
		"no_proxy with empty elements":               {https, "proxy_url: http://proxy\nno_proxy: 'localhost,, '", []string{"8: no_proxy: element 2 of 3" + empty, "8: no_proxy: element 3 of 3" + empty}},
		"no_proxy with a comma alone":                {https, "proxy_url: http://proxy\nno_proxy: ','", []string{"8: no_proxy: element 1 of 2" + empty, "8: no_proxy: element 2 of 2" + empty}},
		"no_proxy of blanks":                         {https, "proxy_url: http://proxy\nno_proxy: ' '", []string{"8: no_proxy: element 1 of 1 is empty: write a host there, or remove its comma"}},
		"no_proxy with a URL":                        {https, "proxy_url: http://proxy\nno_proxy: localhost, http://a:hunter2@proxy:3128", []string{"8: no_proxy: element 2 of 2" + nothing}},
		"no_proxy with spaces around":                {https, "proxy_url: http://proxy\nno_proxy: ' localhost , 10.0.0.0/8 '", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want []string
			for _, mistake := range test.want {
				line, message, _ := strings.Cut(mistake, ": ")
				want = append(want, "config.yml:"+line+": workspaces.main.http_client."+message)
			}
			got := ""
			if _, err := parse("config.yml", withClient(test.url, test.lines), environment(nil)); err != nil {
				got = err.Error()
			}
			if want := strings.Join(want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// Which host a proxy is not used for depends on more than the element: see the library.
func TestNoProxyIsHandedOnAsItIsWritten(t *testing.T) {
	t.Parallel()
	c, err := parse("config.yml", withClient("https://chat.example.com", "proxy_url: http://proxy/\nno_proxy: ' localhost , *.example.com'"), environment(nil))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Workspaces[0].HTTPClient.NoProxy, " localhost , *.example.com"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
