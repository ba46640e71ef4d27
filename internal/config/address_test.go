package config

import (
	"strings"
	"testing"
)

func TestWorkspaceAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://chat.example.com":           "https://chat.example.com",
		"https://chat.example.com/":          "https://chat.example.com",
		"http://chat.example.com///":         "http://chat.example.com",
		"HTTPS://chat.example.com":           "https://chat.example.com",
		"https://chat.example.com:65535":     "https://chat.example.com:65535",
		"https://chat.example.com/chat/":     "https://chat.example.com/chat",
		"https://chat.example.com/a/b%2Fc/":  "https://chat.example.com/a/b%2Fc",
		"https://chat.example.com/a%2F%2Fb":  "https://chat.example.com/a%2F%2Fb",
		"https://chat.example.com/...":       "https://chat.example.com/...",
		"https://chat.example.com/.a/b.":     "https://chat.example.com/.a/b.",
		"https://chat.example.com/ch%C3%A4t": "https://chat.example.com/ch%C3%A4t",
		"https://chat.example.com/a%2F":      "https://chat.example.com/a%2F",
		"https://chat.example.com/apis":      "https://chat.example.com/apis",
		"https://chat.example.com/api/v2":    "https://chat.example.com/api/v2",
		"https://chat.example.com/api/chat":  "https://chat.example.com/api/chat",
		"https://api":                        "https://api",
		"http://127.0.0.1:3000":              "http://127.0.0.1:3000",
		"http://[2001:db8::1]":               "http://[2001:db8::1]",
		"http://[2001:db8::1]:3000/":         "http://[2001:db8::1]:3000",
	} {
		u, err := workspaceAddress(address)
		if err != nil || u.String() != want {
			t.Errorf("%s: got %v, %v, want %s", address, u, err, want)
		}
	}
}

func TestWorkspaceAddressErrors(t *testing.T) {
	t.Parallel()
	const (
		notAURL  = "is not a URL: write https:// or http:// and a host; it has no user info, no spaces and no line breaks"
		scheme   = "has the wrong scheme or none: write https:// or http:// and a host"
		host     = "has no host: write https:// or http:// and a host"
		userInfo = "must not hold user info: remove what stands between :// and @, and the @"
		port     = "has a wrong port: write one from 1 to 65535, or remove the colon"
		query    = "must not have a query: remove the ? and what follows it"
		fragment = "must not have a fragment: remove the # and what follows it"
		api      = "must be written without /api/v1: remove it and what follows it"
		space    = "has white space in its path: remove it"
		control  = "has a character in its path that cannot be printed: remove it"
		empty    = "has an empty segment (//) in its path: write one slash"
		dots     = "has a segment . or .. in its path: write the path that it leads to"
	)
	for address, want := range map[string]string{
		"chat.example.com":                 scheme,
		"chat.example.com/chat":            scheme,
		"//chat.example.com":               scheme,
		"/chat":                            scheme,
		"/":                                scheme,
		"ftp://chat.example.com":           scheme,
		"https:chat.example.com":           scheme,
		"hunter2:hunter2@chat.example.com": scheme,
		"https:":                           host,
		"https://":                         host,
		"https:///":                        host,
		"https:///chat":                    host,
		"https://:443":                     host,
		"https://:":                        host,
		"https://chat.example.com:":        port,
		"https://chat.example.com:/chat":   port,
		"https://chat.example.com:0":       port,
		"https://chat.example.com:65536":   port,
		"https://chat.example.com:99999999999999999": port,
		"https://[::1]:":                             port,
		"https://chat.example.com:http":              notAURL,
		"https://chat.example.com:-1":                notAURL,
		"https://chat example.com":                   notAURL,
		"https://chat.example.com\n":                 notAURL,
		" https://chat.example.com":                  notAURL,
		"https://chat.example.com/%zz":               notAURL,
		"https://[::1":                               notAURL,
		"https://hunter2@chat.example.com":           userInfo,
		"https://hunter2:hunter2@chat.example.com":   userInfo,
		"https://@chat.example.com":                  userInfo,
		"https://a:hunter2/hunter2@chat.example.com": notAURL,
		"https://a:hunter2%zz@chat.example.com":      notAURL,
		"https://a:hunter2?hunter2@chat.example.com": notAURL,
		"https://chat.example.com?":                  query,
		"https://chat.example.com/?":                 query,
		"https://chat.example.com/?hunter2":          query,
		"https://chat.example.com#":                  fragment,
		"https://chat.example.com/#hunter2":          fragment,
		"https://chat.example.com/api":               api,
		"https://chat.example.com/api/v1":            api,
		"https://chat.example.com/chat/api/v1///":    api,
		"https://chat.example.com/api/v1/livechat/analytics/departments/total-abandoned-chats": api,
		"https://chat.example.com/ ":             space,
		"https://chat.example.com/chat ":         space,
		"https://chat.example.com/my chat":       space,
		"https://chat.example.com/my%20chat":     space,
		"https://chat.example.com/chat%09":       space,
		"https://chat.example.com/chat%0A/":      space,
		"https://chat.example.com/chat\u00a0":    space,
		"https://chat.example.com/chat%E2%80%83": space,
		"https://chat.example.com/api/v1 ":       space,
		"https://chat.example.com/%00":           control,
		"https://chat.example.com/hunter2%1Fx":   control,
		"https://chat.example.com/%7F":           control,
		"https://chat.example.com/chat%C2%80":    control,
		"https://chat.example.com/chat\u200b":    control,
		"https://chat.example.com/chat\x00":      notAURL,
		"https://chat.example.com//chat":         empty,
		"https://chat.example.com/a//b":          empty,
		"https://chat.example.com/.":             dots,
		"https://chat.example.com/..":            dots,
		"https://chat.example.com/../chat":       dots,
		"https://chat.example.com/a/./b/":        dots,
		"https://chat.example.com/a/%2e%2E/b":    dots,
		"https://chat.example.com/a/%2e":         dots,
		"https://chat.example.com/a%2F..%2Fb":    dots,
	} {
		u, err := workspaceAddress(address)
		if err == nil {
			t.Errorf("%q: got %v, want an error", address, u)
			continue
		}
		if err.Error() != want {
			t.Errorf("%q: got %q, want %q", address, err, want)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %q shows a part of it", address, err)
		}
	}
}
