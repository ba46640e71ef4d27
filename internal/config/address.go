package config

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// The errors of parseAddress and its callers show nothing of the address: where user
// info is written wrongly, a password can be in any part of it.

var errUserInfo = errors.New("must not hold user info: remove what stands between :// and @, and the @")

// parseAddress understands an absolute URL with a host, one of schemes, a plain path or
// none, and no user info.
func parseAddress(address string, schemes ...string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("is not a URL: " + howToWriteAddress(schemes) +
			"; it has no user info, no spaces and no line breaks")
	}
	switch port := u.Port(); {
	case u.User != nil:
		return nil, errUserInfo
	case !slices.Contains(schemes, u.Scheme) || u.Opaque != "":
		return nil, errors.New("has the wrong scheme or none: " + howToWriteAddress(schemes))
	case u.Hostname() == "":
		return nil, errors.New("has no host: " + howToWriteAddress(schemes))
	case port == "" && strings.HasSuffix(u.Host, ":"), port != "" && !validPort(port):
		return nil, errors.New("has a wrong port: write one from 1 to 65535, or remove the colon")
	case u.RawQuery != "" || u.ForceQuery:
		return nil, errors.New("must not have a query: remove the ? and what follows it")
	case strings.Contains(address, "#"):
		return nil, errors.New("must not have a fragment: remove the # and what follows it")
	}
	if err := checkPath(u); err != nil {
		return nil, err
	}
	return u, nil
}

// checkPath refuses a path that servers, proxies and clients do not agree about. An
// encoded slash (%2F) is a part of a segment, as in the address that users open.
func checkPath(u *url.URL) error {
	switch {
	case strings.ContainsFunc(u.Path, unicode.IsSpace):
		return errors.New("has white space in its path: remove it")
	case strings.ContainsFunc(u.Path, func(char rune) bool { return !unicode.IsPrint(char) }):
		return errors.New("has a character in its path that cannot be printed: remove it")
	case strings.Contains(u.EscapedPath(), "//"):
		return errors.New("has an empty segment (//) in its path: write one slash")
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if segment == "." || segment == ".." {
			return errors.New("has a segment . or .. in its path: write the path that it leads to")
		}
	}
	return nil
}

func howToWriteAddress(schemes []string) string {
	return "write " + strings.Join(schemes, ":// or ") + ":// and a host"
}

func validPort(port string) bool {
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && number > 0
}

var apiPath = regexp.MustCompile(`(/api|/api/v1(/.*)?)$`)

// workspaceAddress understands the url of a workspace. The result has no trailing slash.
func workspaceAddress(address string) (*url.URL, error) {
	u, err := parseAddress(strings.TrimRight(address, "/"), "https", "http")
	if err != nil {
		return nil, err
	}
	if apiPath.MatchString(u.Path) {
		return nil, errors.New("must be written without /api/v1: remove it and what follows it")
	}
	return u, nil
}

// address reads the url of a workspace; nil if there is a mistake.
func (r *reader) address(v value) *url.URL {
	t, ok := r.text(v)
	if !ok {
		return nil
	}
	u, err := workspaceAddress(t.content)
	if err != nil {
		r.failText(t, "%v", err)
		return nil
	}
	return u
}
