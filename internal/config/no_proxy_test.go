package config

import (
	"strings"
	"testing"
)

func TestNoProxyElements(t *testing.T) {
	t.Parallel()
	for _, element := range []string{
		"*", "localhost", "localhost:3000", "chat.example.com", "CHAT.example.com:65535", ".example.com", "*.example.com", "*.example.com:443",
		"chät.example.com", "xn--cht-qla.example.com", "_chat.internal", "10.example.com", "example.x1",
		"10.1.2.3", "10.1.2.3:3000", "10.0.0.0/8", "::1", "2001:db8::1", "[2001:db8::1]:3000", "2001:db8::/32",
	} {
		if err := checkNoProxy(element); err != nil {
			t.Errorf("%q: got %v", element, err)
		}
	}
}

func TestNoProxyElementsThatMatchNothing(t *testing.T) {
	t.Parallel()
	const (
		hosts = "write a host, a domain, an address or a network, such as " +
			"chat.example.com, .example.com, 10.1.2.3 or 10.0.0.0/8, and a comma between two of them"
		empty   = "is empty: write a host there, or remove its comma"
		port    = "has a wrong port or is a URL: " + hosts + "; a port is from 1 to 65535"
		nothing = "matches no host: " + hosts
	)
	for element, want := range map[string]string{
		"":                            empty,
		":":                           port,
		":3000":                       nothing,
		"localhost:":                  port,
		"localhost:0":                 port,
		"localhost:65536":             port,
		"localhost:http":              port,
		"http://chat.example.com":     port,
		"http://chat.example.com:80":  nothing,
		"http://a:hunter2@proxy:3128": nothing,
		"https:hunter2":               port,
		"localhost 10.1.2.3":          nothing,
		"localhost;10.1.2.3":          nothing,
		"localhost\tchat":             nothing,
		"chat.example.com/chat":       nothing,
		"10.0.0.0/33":                 nothing,
		"10.0.0":                      nothing,
		"10.0.0.":                     nothing,
		"10.0.0.256":                  nothing,
		"10.*":                        nothing,
		"10":                          nothing,
		"*example.com":                nothing,
		"**":                          nothing,
		"*.":                          nothing,
		".":                           nothing,
		"..example.com":               nothing,
		"chat..example.com":           nothing,
		"example.com.":                nothing,
		"[::1]":                       nothing,
		"::1/129":                     nothing,
		"[::1]:":                      port,
		"%":                           nothing,
	} {
		err := checkNoProxy(element)
		if err == nil {
			t.Errorf("%q: there is no error", element)
			continue
		}
		if err.Error() != want {
			t.Errorf("%q: got %q, want %q", element, err, want)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %q shows a part of it", element, err)
		}
	}
}
