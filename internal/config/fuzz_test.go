package config

import (
	"errors"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// FuzzParse checks that any content ends in a configuration that the rest of the
// exporter can rely on, or in messages that give nothing away.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/*/*.yml", "../../config.yml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("no files for %s: %v", pattern, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	// No message and no name of a key or variable holds these.
	values := map[string]string{ //nolint:gosec // G101: The credentials are made up.
		"AUTH_TOKEN": "dGhlIHRva2Vu", "WRONG": "d3Jvbmc=\n", "NESTED": "${QVVUSF9UT0tFTg}",
		"LENGTH": "5400001ms", "CALLS": "0000000000000000000012", "PASSWORD": "c2VjcmV0 €", "ROCKETCHAT_URL": "https://bm8taG9zdA.example.com", "EMPTY": "",
	}
	lookupEnv := environment(values)
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parse("config.yml", data, lookupEnv)
		if (c == nil) == (err == nil) {
			t.Fatalf("got %v and %v", c, err)
		}
		if err != nil {
			checkAnyError(t, data, err, values)
			return
		}
		checkInvariants(t, c)
	})
}

func checkAnyError(t *testing.T, data []byte, err error, values map[string]string) {
	t.Helper()
	if _, ok := errors.AsType[*Error](err); !ok {
		t.Errorf("%v is no *Error", err)
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if !strings.HasPrefix(line, "config.yml:") {
			t.Errorf("the line %q does not begin with the file", line)
		}
	}
	for value := range maps.Values(values) {
		if value != "" && strings.Contains(err.Error(), value) && !strings.Contains(string(data), value) {
			t.Errorf("%q is shown by %v", value, err)
		}
	}
}

func checkInvariants(t *testing.T, c *Config) {
	t.Helper()
	if len(c.Workspaces) == 0 {
		t.Fatal("got no workspaces")
	}
	names := map[string]bool{}
	for _, w := range c.Workspaces {
		if names[w.Name] {
			t.Errorf("the workspace %q is there twice", w.Name)
		}
		names[w.Name] = true
		checkWorkspaceInvariants(t, w)
		checkCredentialInvariants(t, c, w)
		checkWindowInvariants(t, w)
	}
	checkCosts(t, c)
	checkRestored(t, "config.yml", c)
	checkRedacted(t, c)
}

// checkRedacted checks that no credential is shown, but for one that is a word which is
// shown of every such configuration.
func checkRedacted(t *testing.T, c *Config) {
	t.Helper()
	words := &Config{}
	for i, w := range c.Workspaces {
		w.Name, w.URL, w.HTTPClient = "w"+strconv.Itoa(i), &url.URL{Scheme: "https", Host: "w"}, defaultHTTPClient()
		w.UserID, w.AuthToken, w.Username, w.Password = Secret{}, Secret{}, Secret{}, Secret{}
		w.Windows = slices.Clone(w.Windows)
		for j := range w.Windows {
			w.Windows[j].Name = "w"
		}
		words.Workspaces = append(words.Workspaces, w)
	}
	shown, fixed := c.Redacted(), string(words.Redacted())
	for _, w := range c.Workspaces {
		for _, secret := range []Secret{w.UserID, w.AuthToken, w.Password} {
			if secret.source == nil || len(secret.source.value) < minPartBytes || strings.Contains(fixed, secret.source.value) {
				continue
			}
			checkNotShown(t, shown, secret.source.value)
		}
	}
}

// checkCosts checks that every workspace can be served.
func checkCosts(t *testing.T, c *Config) {
	t.Helper()
	limits := map[string]RateLimit{}
	for _, w := range c.Workspaces {
		if limit, ok := limits[w.Address()]; ok && limit != w.RateLimit {
			t.Errorf("got %+v and %+v for %s", limit, w.RateLimit, w.Address())
		}
		limits[w.Address()] = w.RateLimit
	}
	for _, cost := range Costs(c.Workspaces) {
		switch limit := cost.Limit.Calls; {
		case cost.Calls <= 0 || cost.Age > cost.MaxAge || limit != 0 && limit < cost.Together:
			t.Errorf("cannot be served: %+v", cost)
		case limit != 0 && cost.Periods*limit < cost.Calls:
			t.Errorf("the calls of a round do not fit: %+v", cost)
		}
	}
}

func checkWorkspaceInvariants(t *testing.T, w Workspace) {
	t.Helper()
	switch {
	case w.Name == "" || len(w.Name) > 64:
		t.Errorf("the name is %q", w.Name)
	case w.URL == nil || w.URL.Scheme != "http" && w.URL.Scheme != "https" || w.URL.Hostname() == "":
		t.Errorf("the URL is %v", w.URL)
	case w.URL.User != nil || w.URL.RawQuery != "" || w.URL.ForceQuery || w.URL.Fragment != "" || strings.HasSuffix(w.URL.EscapedPath(), "/"):
		t.Errorf("the URL is %v", w.URL)
	case w.Location == nil || w.Location == time.Local:
		t.Errorf("the location is %v", w.Location)
	case w.Timeout <= 0 || w.InactivityTimeout < 0:
		t.Errorf("the timeouts are %v and %v", w.Timeout, w.InactivityTimeout)
	case w.RateLimit.Calls < 0 || w.RateLimit.Calls > maxCalls || w.RateLimit.Per <= 0 || w.RateLimit.Per > maxPer:
		t.Errorf("the rate limit is %+v", w.RateLimit)
	case w.MaxAge <= 0 || w.MaxAge > maxMaxAge:
		t.Errorf("the greatest age is %v", w.MaxAge)
	case w.HTTPClient.FollowRedirects:
		t.Error("redirects are followed")
	case w.HTTPClient.Validate() != nil || w.HTTPClient.TLSConfig.Validate() != nil:
		t.Errorf("the HTTP client is wrong: %v, %v", w.HTTPClient.Validate(), w.HTTPClient.TLSConfig.Validate())
	case w.HTTPClient.BasicAuth != nil || w.HTTPClient.Authorization != nil || w.HTTPClient.OAuth2 != nil || w.HTTPClient.HTTPHeaders != nil:
		t.Errorf("the HTTP client carries credentials: %v", w.HTTPClient)
	case strings.Contains(w.URL.EscapedPath(), "//") || strings.Contains(w.URL.Path+"/", "/../") || strings.ContainsAny(w.URL.Path, " \x00\n"):
		t.Errorf("the path of the URL is %q", w.URL.Path)
	case w.HTTPClient.ProxyURL.URL != nil && w.HTTPClient.ProxyURL.User != nil:
		t.Errorf("the proxy's URL carries credentials: %v", w.HTTPClient)
	}
}

// checkCredentialInvariants checks the credentials of w, and that no name in c holds one.
func checkCredentialInvariants(t *testing.T, c *Config, w Workspace) {
	t.Helper()
	present := func(secrets ...Secret) (n int) {
		for _, secret := range secrets {
			if secret.source != nil {
				n++
			}
		}
		return n
	}
	if token, login := present(w.UserID, w.AuthToken), present(w.Username, w.Password); token+login != 2 || token == 1 {
		t.Fatalf("got %d parts of a token and %d of a login", token, login)
	}
	var names []string
	for _, w := range c.Workspaces {
		names = append(names, w.Name)
		for _, window := range w.Windows {
			names = append(names, window.Name)
		}
	}
	for _, secret := range []Secret{w.UserID, w.AuthToken, w.Username, w.Password} {
		if secret.source == nil || secret.source.file != "" {
			continue // Files with credentials are not read while fuzzing.
		}
		unfit := " \t\r\n"
		if secret.source.form == loginText {
			unfit = "\t\r\n"
		}
		credential, err := secret.Read()
		if err != nil || credential == "" || strings.ContainsAny(credential, unfit) {
			t.Errorf("got the credential %q, %v", credential, err)
		}
		if secret != w.Username && len(credential) >= minPartBytes && strings.Contains(strings.Join(names, "\n"), credential) {
			t.Errorf("one of the names %q holds the credential %q", names, credential)
		}
	}
}

func checkWindowInvariants(t *testing.T, w Workspace) {
	t.Helper()
	if len(w.Windows) == 0 {
		t.Error("there are no windows")
	}
	names, periods := map[string]bool{}, map[Window]bool{}
	for _, window := range w.Windows {
		period := Window{Duration: window.Duration, Calendar: window.Calendar}
		switch {
		case checkName(window.Name) != nil || window.Name == "":
			t.Errorf("the name of %+v: %v", window, checkName(window.Name))
		case names[window.Name] || periods[period]:
			t.Errorf("%+v is there twice", window)
		case (window.Duration != 0) == (window.Calendar != ""):
			t.Errorf("%+v has no single period", window)
		case window.Calendar == "" && window.Duration <= w.InactivityTimeout:
			t.Errorf("%+v is not longer than %v", window, w.InactivityTimeout)
		case window.Refresh < 0 || window.Refresh > maxRefresh:
			t.Errorf("%+v is asked for too seldom", window)
		}
		names[window.Name], periods[period] = true, true
	}
}
