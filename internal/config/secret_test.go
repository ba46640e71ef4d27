package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	promconfig "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v4"
)

// newPair returns a certificate and its key in PEM.
func newPair(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
}

// writePair writes ca.pem, client.pem and client-key.pem.
func writePair(t *testing.T, directory string) (certificate, key string) {
	t.Helper()
	certificate, key = newPair(t)
	for name, content := range map[string]string{"ca.pem": certificate, "client.pem": certificate, "client-key.pem": key} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}

func TestPrintedConfigHidesCredentials(t *testing.T) {
	t.Parallel()
	w := withDefaults(t, "main", "https://chat.example.com")
	w.UserID, w.AuthToken, w.Username, w.Password = hunter2+"id", hunter2+"token", hunter2+"name", hunter2+"password"
	w.UserIDFile, w.AuthTokenFile, w.PasswordFile = hunter2+"file", hunter2+"file", hunter2+"file"
	w.HTTPClient.TLSConfig = promconfig.TLSConfig{CA: hunter2 + "ca", Cert: hunter2 + "cert", Key: hunter2 + "key"}
	c := Config{Workspaces: []Workspace{w}}
	for name, value := range map[string]any{"config": c, "pointer": &c, "workspace": w, "HTTP client": w.HTTPClient, "secret": w.UserID} {
		inYAML, err := yaml.Dump(value)
		if err != nil {
			t.Fatal(err)
		}
		printed := []string{string(inYAML)}
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			printed = append(printed, fmt.Sprintf(format, value))
		}
		for _, text := range printed {
			if strings.Contains(text, hunter2) || !strings.Contains(text, hidden) {
				t.Errorf("%s: a credential is shown, or nothing is hidden: %s", name, text)
			}
		}
	}
	if Secret("").String() != "" {
		t.Error("a secret that is not set shows as one that is")
	}
}

// redactedConfig loads testdata/redacted/config.yml as if it stood in the directory.
func redactedConfig(t *testing.T, directory string) (c *Config, variables map[string]string) {
	t.Helper()
	certificate, key := writePair(t, directory)
	variables = map[string]string{
		"URL": "https://chat.example.com/support", "CERTIFICATES": directory, "YES": "true", "NO": "false", "TLS": "TLS12",
		"PROXY": "socks5://proxy.example.com:1080", "LENGTH": "3", "ZONE": "Europe/Berlin", "CALLS": "20",
		"USER_ID": hunter2 + "-id", "AUTH_TOKEN": hunter2 + "/tok${en}", "PASSWORD": hunter2 + "-password",
		"CA": certificate, "CERT": certificate + key, "KEY": key,
	}
	return load(t, directory, readText(t, "testdata", "redacted", "config.yml"), variables), variables
}

func TestRedacted(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	c, _ := redactedConfig(t, directory)
	got := strings.ReplaceAll(string(c.Redacted()), directory, "DIRECTORY")
	golden := filepath.Join("testdata", "redacted", "shown.yml")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want := readText(t, golden); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if strings.Contains(got, hunter2) || strings.Contains(got, "BEGIN") {
		t.Error("a credential is shown")
	}
}

// What is shown configures the same, once what is hidden is put back.
func TestRedactedLoadsAgain(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	c, variables := redactedConfig(t, directory)
	var shown, original struct {
		Workspaces map[string]map[string]any `yaml:"workspaces"`
	}
	if err := yaml.Load(c.Redacted(), &shown); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Load([]byte(readText(t, "testdata", "redacted", "config.yml")), &original, yaml.WithKnownFields(false)); err != nil {
		t.Fatal(err)
	}
	for name, keys := range shown.Workspaces {
		putBack(keys, original.Workspaces[name])
	}
	text, err := yaml.Dump(shown)
	if err != nil {
		t.Fatal(err)
	}
	again := load(t, directory, string(text), variables)
	for i, w := range again.Workspaces {
		if !w.Equal(c.Workspaces[i]) {
			t.Errorf("%s is not the same after\n%s", w.Name, text)
		}
	}
}

// putBack replaces what is hidden in shown by what is there in the original.
func putBack(shown, original map[string]any) {
	for key, value := range shown {
		below, _ := value.(map[string]any)
		originalBelow, _ := original[key].(map[string]any)
		putBack(below, originalBelow)
		if text, ok := value.(string); ok && strings.Contains(text, hidden) {
			shown[key] = original[key]
		}
	}
}

// FuzzParse checks that any content ends in a configuration that others can rely on, or in
// messages that show no credential.
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
	variables := maps.Clone(badEnvironment())
	variables["AUTH_TOKEN"], variables["ROCKETCHAT_AUTH_TOKEN"] = "dGhlIHRva2Vu", "dGhlIHRva2Vu"
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parse("/config.yml", data, environment(variables))
		if err != nil {
			if text := err.Error(); strings.Contains(text, "dGhlIHRva2Vu") && !strings.Contains(string(data), "dGhlIHRva2Vu") {
				t.Errorf("a token is shown by %v", err)
			}
			return
		}
		for _, w := range c.Workspaces {
			checkInvariants(t, w)
		}
		for _, cost := range Costs(c.Workspaces) {
			if cost.Calls <= 0 || cost.Age > cost.MaxAge || cost.Limit.Calls > 0 && cost.Periods*cost.Limit.Calls < cost.Calls {
				t.Errorf("cannot be served: %+v", cost)
			}
		}
		for _, w := range c.Workspaces {
			if len(w.AuthToken) > 20 && strings.Contains(string(c.Redacted()), string(w.AuthToken)) {
				t.Errorf("the token is shown:\n%s", c.Redacted())
			}
		}
	})
}

func checkInvariants(t *testing.T, w Workspace) {
	t.Helper()
	u := w.URL.URL
	switch {
	case w.Name == "" || len(w.Windows) == 0 || w.Timezone.Location == nil || w.Timezone.Location == time.Local:
		t.Errorf("something is missing: %+v", w)
	case u == nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		t.Errorf("the URL is %v", w.URL)
	case strings.HasSuffix(u.Path, "/") || strings.Contains(u.Path, "//") || strings.ContainsAny(u.Path, " \t\n"):
		t.Errorf("the path of the URL is %q", u.Path)
	case w.UsesLogin() == (w.UserID+w.UserIDFile != "") || w.UsesLogin() == (w.AuthToken+w.AuthTokenFile != ""):
		t.Errorf("not one kind of credentials: %+v", w)
	case w.Timeout <= 0 || w.InactivityTimeout < 0 || w.MaxAge <= 0 || w.MaxAge > maxMaxAge || w.RateLimit.Per <= 0 || w.RateLimit.Per > maxPer:
		t.Errorf("a duration is out of bounds: %+v", w)
	}
	if w.Transport() == nil {
		t.Error("there is no transport")
	}
	for i, one := range w.Windows {
		if one.Calendar == "" && one.Duration <= time.Duration(w.InactivityTimeout) {
			t.Errorf("%+v is not longer than %v", one, w.InactivityTimeout)
		}
		for _, other := range w.Windows[:i] {
			if one.Name == other.Name || one.SamePeriods(other) {
				t.Errorf("%+v and %+v are the same", one, other)
			}
		}
	}
}
