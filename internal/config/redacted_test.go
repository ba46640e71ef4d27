package config

import (
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	promconfig "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v4"
)

// redactedEnvironment is what testdata/redacted/config.yml refers to. The certificates
// are in the directory.
func redactedEnvironment(t *testing.T, directory string) map[string]string {
	t.Helper()
	cert, key := newPair(t)
	const password = hunter2 + "-password"
	return map[string]string{
		"URL": "https://chat.example.com/support", "CERTIFICATES": directory, "YES": "true", "NO": "false", "TLS": "TLS12",
		"PROXY": "socks5://proxy.example.com:1080", "PROXIED": "10.0.0.0/8", "LENGTH": "3", "ZONE": "Europe/Berlin", "CALLS": "20",
		"USER_ID": hunter2 + "-id", "AUTH_TOKEN": hunter2 + "/tok${en}", "PASSWORD": password,
		"ENCODED": hunter2 + "%2Dpassword", "CA": cert, "CERT": cert + key, "KEY": key,
	}
}

// redactedConfig loads testdata/redacted/config.yml as if it stood in the directory.
func redactedConfig(t *testing.T, directory string) *Config {
	t.Helper()
	writePair(t, directory)
	data := readText(t, "testdata", "redacted", "config.yml")
	c, err := parse(filepath.Join(directory, "config.yml"), []byte(data), environment(redactedEnvironment(t, directory)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRedacted(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	got := strings.ReplaceAll(string(redactedConfig(t, directory).Redacted()), directory, "DIRECTORY")
	golden := filepath.Join("testdata", "redacted", "shown.yml")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want := readText(t, golden); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, part := range []string{hunter2, "BEGIN", "tok$", "DIRECTORY/client"} {
		if strings.Contains(got, part) {
			t.Errorf("%q is shown", part)
		}
	}
}

// restored puts back what the running configuration hides of the workspaces.
func restored(t *testing.T, c *Config) []byte {
	t.Helper()
	var file struct {
		Workspaces map[string]map[string]any `yaml:"workspaces"`
	}
	if err := yaml.Load(c.Redacted(), &file); err != nil {
		t.Fatal(err)
	}
	literal := func(content string) string { return strings.ReplaceAll(content, "${", "$${") }
	for _, w := range c.Workspaces {
		in := file.Workspaces[w.Name]
		putBack := func(keys map[string]any, values map[string]string) {
			for key := range keys {
				if content, ok := values[key]; ok && keys[key] == hidden {
					keys[key] = literal(content)
				}
			}
		}
		values := map[string]string{"url": w.URL.String()}
		for key, secret := range map[string]Secret{
			keyUserID: w.UserID, keyAuthToken: w.AuthToken, keyUsername: w.Username, keyPassword: w.Password,
		} {
			if secret.source != nil {
				values[key], values[key+fileSuffix] = secret.source.value, secret.source.file
			}
		}
		putBack(in, values)
		client := w.HTTPClient
		clientValues := map[string]string{keyNoProxy: client.NoProxy}
		if client.ProxyURL.URL != nil {
			clientValues[keyProxyURL] = client.ProxyURL.String()
		}
		inClient, _ := in[keyHTTPClient].(map[string]any)
		putBack(inClient, clientValues)
		tlsConfig, _ := inClient[keyTLSConfig].(map[string]any)
		putBack(tlsConfig, map[string]string{
			keyCA: client.TLSConfig.CA, keyCA + fileSuffix: client.TLSConfig.CAFile,
			keyCert: client.TLSConfig.Cert, keyCert + fileSuffix: client.TLSConfig.CertFile,
			keyKey: string(client.TLSConfig.Key), keyKey + fileSuffix: client.TLSConfig.KeyFile,
			keyServerName: client.TLSConfig.ServerName,
		})
	}
	text, err := yaml.Dump(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// checkRestored checks that what is shown configures the same as c, once what is hidden
// is put back. The names of files are relative to file, or absolute.
func checkRestored(t *testing.T, file string, c *Config) {
	t.Helper()
	text := restored(t, c)
	again, err := parse(file, text, environment(nil))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if len(again.Workspaces) != len(c.Workspaces) {
		t.Fatalf("got %d workspaces, want %d", len(again.Workspaces), len(c.Workspaces))
	}
	for i, w := range again.Workspaces {
		want := c.Workspaces[i]
		if w.Equal(want) {
			continue
		}
		w.Location, want.Location = nil, nil
		diffWorkspaces(t, w, want)
		t.Errorf("%s\nis not the same", text)
	}
}

func TestRedactedLoadsAgain(t *testing.T) {
	t.Parallel()
	t.Run("redacted", func(t *testing.T) {
		t.Parallel()
		checkRestored(t, "/config.yml", redactedConfig(t, t.TempDir()))
	})
	for name, variables := range map[string]map[string]string{
		"minimal.yml": {"TOKEN": "token-of-main"},
		"common.yml":  {"YES": "true"},
		"several.yml": nil,
		"everything.yml": {
			"SECRET_NAME": "token", "LENGTH": "45m", "ZONE": "Asia/Kolkata", "TIMEOUT": "2s", "REFRESH": "15", "NO": "false", "CALLS": "20",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			writePair(t, directory)
			all := map[string]string{"CERTIFICATES": directory}
			maps.Copy(all, variables)
			file := filepath.Join(directory, "config.yml")
			c, err := parse(file, []byte(readText(t, "testdata", "good", name)), environment(all))
			if err != nil {
				t.Fatal(err)
			}
			checkRestored(t, file, c)
		})
	}
}

// Whatever form a credential has and wherever it stands, it is not shown.
func TestRedactedShowsNoCredential(t *testing.T) {
	t.Parallel()
	for name, credential := range map[string]string{ //nolint:gosec // G101: The credentials are made up.
		"a token":                    "RScctEHSmLGZGywfIhWyRpyofhKOiMoUIpimhvheU3f",
		"a user id":                  "rbAXPnMktTFbNpwtJ",
		"eight characters":           "hunter22",
		"a URL":                      "https://hunter22.example.com/x",
		"something to escape":        "hunter22/?#%2F",
		"a variable":                 "${HUNTER22}",
		"quotes":                     `hunter"22'`,
		"something YAML would quote": "- hunter22: [",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inURL := mustParseURL(t, "https://chat.example.com/x/"+url.PathEscape(credential))
			for field, put := range map[string]func(w *Workspace, s Secret){
				"user_id":    func(w *Workspace, s Secret) { w.UserID = s },
				"auth_token": func(w *Workspace, s Secret) { w.AuthToken = s },
				"username":   func(w *Workspace, s Secret) { w.Username, w.Password = s, s },
				"password":   func(w *Workspace, s Secret) { w.Password = s },
				"file":       func(w *Workspace, s Secret) { w.AuthToken = Secret{&source{file: s.source.value}} },
				"url":        func(w *Workspace, s Secret) { w.AuthToken, w.URL = s, inURL },
				"proxy_url":  func(w *Workspace, s Secret) { w.AuthToken, w.HTTPClient.ProxyURL.URL = s, inURL },
				"no_proxy":   func(w *Workspace, s Secret) { w.AuthToken, w.HTTPClient.NoProxy = s, "a,"+s.source.value },
				"server_name": func(w *Workspace, s Secret) {
					w.AuthToken, w.HTTPClient.TLSConfig.ServerName = s, s.source.value
				},
				"ca":      func(w *Workspace, s Secret) { w.HTTPClient.TLSConfig.CA = s.source.value },
				"cert":    func(w *Workspace, s Secret) { w.HTTPClient.TLSConfig.Cert = s.source.value },
				"key":     func(w *Workspace, s Secret) { w.HTTPClient.TLSConfig.Key = promconfig.Secret(s.source.value) },
				"ca_file": func(w *Workspace, s Secret) { w.AuthToken, w.HTTPClient.TLSConfig.CAFile = s, "/x/"+s.source.value },
				"window":  func(w *Workspace, s Secret) { w.AuthToken, w.Windows[0].Name = s, "of "+s.source.value },
			} {
				w := withDefaults(Workspace{
					Name: "main", URL: mustParseURL(t, "https://chat.example.com"), Location: time.UTC,
					Windows: []Window{{Name: "24h", Duration: 24 * time.Hour}},
				})
				put(&w, Secret{&source{value: credential}})
				shown := (&Config{Workspaces: []Workspace{w}}).Redacted()
				checkNotShown(t, shown, credential)
				if !strings.Contains(string(shown), hidden) {
					t.Errorf("%s: nothing is hidden in\n%s", field, shown)
				}
			}
		})
	}
}

// checkNotShown checks that no value of the YAML file holds the credential, as it is or
// encoded as in a URL.
func checkNotShown(t *testing.T, shown []byte, credential string) {
	t.Helper()
	var node yaml.Node
	if err := yaml.Load(shown, &node); err != nil {
		t.Fatal(err)
	}
	var check func(node *yaml.Node)
	check = func(node *yaml.Node) {
		decoded, err := url.PathUnescape(node.Value)
		if strings.Contains(node.Value, credential) || err == nil && strings.Contains(decoded, credential) {
			t.Errorf("%q is shown in\n%s", node.Value, shown)
		}
		for _, child := range node.Content {
			check(child)
		}
	}
	check(&node)
}
