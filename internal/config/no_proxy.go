package config

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
)

// noProxy reads the hosts that are reached without the proxy. The value is not shown: a
// proxy's address with credentials may have been written here.
func (r *reader) noProxy(v value) string {
	t, ok := r.text(v)
	if !ok {
		return ""
	}
	elements := strings.Split(t.content, ",")
	for i, element := range elements {
		if err := checkNoProxy(strings.TrimSpace(element)); err != nil {
			r.failText(t, "element %d of %d %v", i+1, len(elements), err)
		}
	}
	return t.content
}

// domain matches the name of a host, or of a domain as .example.com or *.example.com.
// Labels hold what the names of hosts are made of in practice; letters may be of any
// script.
var domain = regexp.MustCompile(`^(\*?\.)?([\pL\pM\pN_-]+\.)*[\pL\pM\pN_-]+$`)

// numeric matches what is an address or nothing: no domain ends in a number.
var numeric = regexp.MustCompile(`(^|\.)\d+$`)

// checkNoProxy says why element can match no host. What can is a matter of
// golang.org/x/net/http/httpproxy, which passes over the rest without a word.
func checkNoProxy(element string) error {
	const hosts = "write a host, a domain, an address or a network, such as " +
		"chat.example.com, .example.com, 10.1.2.3 or 10.0.0.0/8, and a comma between two of them"
	if element == "" {
		return errors.New("is empty: write a host there, or remove its comma")
	}
	if _, _, err := net.ParseCIDR(element); element == "*" || err == nil || net.ParseIP(element) != nil {
		return nil
	}
	host, port, err := net.SplitHostPort(element)
	switch {
	case err != nil:
		host = element
	case !validPort(port):
		return fmt.Errorf("has a wrong port or is a URL: %s; a port is from 1 to 65535", hosts)
	}
	if net.ParseIP(host) != nil || domain.MatchString(host) && !numeric.MatchString(host) {
		return nil
	}
	return errors.New("matches no host: " + hosts)
}
