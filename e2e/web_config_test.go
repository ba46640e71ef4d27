package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// The one who may see the pages, and the password's bcrypt hash of the least cost.
const (
	webUser     = "prometheus"
	webPassword = "correct horse battery staple"
	webHash     = "$2a$04$YFFfAwO2bE2IwVhMO0iazO4zezDIFd/eSaEP6pmyv/rHAkB1tmLR6"
)

// abandonedChat is a chat that was abandoned some hours ago.
func abandonedChat() rocketchattest.Room {
	return rocketchattest.Room{
		OpenedAt: time.Now().Add(-5 * time.Hour), ClosedAt: time.Now().Add(-2 * time.Hour), VisitorInactivity: new(time.Hour),
	}
}

// over is a client that trusts an authority, and more that change says. It uses each
// connection once.
func over(trusted *authority, change func(*tls.Config)) *http.Client {
	config := &tls.Config{RootCAs: trusted.pool(), MinVersion: tls.VersionTLS12}
	if change != nil {
		change(config)
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
}

// With TLS and a password in the --web.config.file every page is for those who know
// it, Prometheus among them, and for nobody else.
func TestPagesOverTLSWithPassword(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	w.AddRooms(abandonedChat())
	ca := newAuthority(t)
	own := ca.issue(t, nil)
	e := startExporter(t, config(t, w, "24h"), "--web.config.file="+writeFile(t, "web.yml", fmt.Sprintf(`tls_server_config:
  cert_file: %s
  key_file: %s
basic_auth_users:
  %s: %s
`, own.file, own.keyFile, webUser, webHash)))

	client := over(ca, nil)
	for name, test := range map[string]struct {
		scheme string
		user   *url.Userinfo
		want   int
	}{
		"with the password":    {"https", url.UserPassword(webUser, webPassword), http.StatusOK},
		"with a wrong one":     {"https", url.UserPassword(webUser, "guess"), http.StatusUnauthorized},
		"with none":            {"https", nil, http.StatusUnauthorized},
		"without TLS at all":   {"http", url.UserPassword(webUser, webPassword), http.StatusBadRequest},
		"as an unknown person": {"https", url.UserPassword("somebody", webPassword), http.StatusUnauthorized},
	} {
		for _, path := range []string{"/metrics", "/probe?target=main", "/", "/sd", "/config", "/-/healthy", "/-/ready"} {
			asked := len(w.Requests())
			page := (&url.URL{Scheme: test.scheme, User: test.user, Host: e.address}).String() + path
			status, body, err := get(t.Context(), client, page)
			if err != nil || status != test.want {
				t.Errorf("%s %s: got status %d and error %v, want status %d; body:\n%s", path, name, status, err, test.want, body)
			}
			asks := test.want == http.StatusOK && (path == "/metrics" || path == "/probe?target=main")
			if called := len(w.Requests()) > asked; called != asks {
				t.Errorf("%s %s: the workspace was asked: %t", path, name, called)
			}
		}
	}

	p := startPrometheus(t, scrape("livechat", e.address).
		with("scheme", "https").
		with("tls_config", map[string]any{"ca_file": ca.file(t)}).
		with("basic_auth", map[string]any{"username": webUser, "password": webPassword}))
	checkPage(t, w, p.answeredSince(t, time.Time{}, []string{"24h"}), []string{"24h"})
	if n := len(p.now(t, "livechat_department_abandoned_rooms")); n != 1 {
		t.Errorf("got %d series, want the one of the chat", n)
	}
}

// Where client certificates are demanded, no page is for those without one of the
// right authority.
func TestPagesForClientsWithCertificate(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	w.AddRooms(abandonedChat())
	servers, clients := newAuthority(t), newAuthority(t)
	own := servers.issue(t, nil)
	e := startExporter(t, config(t, w, "24h"), "--web.config.file="+writeFile(t, "web.yml", fmt.Sprintf(`tls_server_config:
  cert_file: %s
  key_file: %s
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: %s
`, own.file, own.keyFile, clients.file(t))))

	good := clients.issue(t, nil)
	for name, test := range map[string]struct {
		certificate *certificate // nil where the client has none.
		change      func(*tls.Config)
		refusal     string // Of the client's error; empty where there is none.
	}{
		"the right one":        {certificate: &good},
		"none":                 {refusal: "certificate required"},
		"another authority's":  {certificate: new(servers.issue(t, nil)), refusal: "unknown certificate authority"},
		"an expired one":       {certificate: new(clients.issue(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })), refusal: "expired certificate"},
		"one for servers only": {certificate: new(clients.issue(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })), refusal: "bad certificate"},
		"the right one, but an old TLS": {
			certificate: &good, refusal: "protocol version",
			change: func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS11, tls.VersionTLS11 },
		},
	} {
		client := over(servers, func(c *tls.Config) {
			if test.certificate != nil { // Whichever authorities the server names.
				loaded := test.certificate.load(t)
				c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return loaded, nil }
			}
			if test.change != nil {
				test.change(c)
			}
		})
		asked := len(w.Requests())
		status, _, err := get(t.Context(), client, "https://"+e.address+"/metrics")
		called := len(w.Requests()) > asked
		if test.refusal == "" {
			if err != nil || status != http.StatusOK || !called {
				t.Errorf("%s: got status %d and error %v, asked: %t", name, status, err, called)
			}
		} else if err == nil || !strings.Contains(err.Error(), test.refusal) || called {
			t.Errorf("%s: got status %d and error %v, asked: %t; want an error that says %q", name, status, err, called, test.refusal)
		}
	}

	p := startPrometheus(t, scrape("livechat", e.address).
		with("scheme", "https").
		with("tls_config", map[string]any{"ca_file": servers.file(t), "cert_file": good.file, "key_file": good.keyFile}))
	checkPage(t, w, p.answeredSince(t, time.Time{}, []string{"24h"}), []string{"24h"})
}

// A certificate that is renewed in place is used without a restart, and so is a
// password that changes.
func TestARenewedCertificateIsUsed(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	before, after := newAuthority(t), newAuthority(t)
	own := before.issue(t, nil)
	webConfig := writeFile(t, "web.yml", fmt.Sprintf("tls_server_config: {cert_file: %s, key_file: %s}\n", own.file, own.keyFile))
	e := startExporter(t, config(t, w, "24h"), "--web.config.file="+webConfig)
	healthy := "https://" + e.address + "/-/healthy"
	if status, _, err := get(t.Context(), over(before, nil), healthy); err != nil || status != http.StatusOK {
		t.Fatalf("got status %d and error %v", status, err)
	}

	renewed := after.issue(t, nil)
	for from, to := range map[string]string{renewed.file: own.file, renewed.keyFile: own.keyFile} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	if status, _, err := get(t.Context(), over(after, nil), healthy); err != nil || status != http.StatusOK {
		t.Errorf("with the new authority: got status %d and error %v", status, err)
	}
	if _, _, err := get(t.Context(), over(before, nil), healthy); !errors.As(err, new(x509.UnknownAuthorityError)) {
		t.Errorf("with the old authority: got error %v", err)
	}
}

// Headers of the web configuration file replace the exporter's own, which are there
// without it.
func TestHeadersOfTheWebConfiguration(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	for name, test := range map[string]struct {
		web  string
		want map[string]string
	}{
		"none": {"{}\n", map[string]string{"X-Frame-Options": "deny", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}},
		"some": {
			"http_server_config: {headers: {X-Frame-Options: sameorigin, Strict-Transport-Security: max-age=31536000}}\n",
			map[string]string{"X-Frame-Options": "sameorigin", "X-Content-Type-Options": "nosniff", "Strict-Transport-Security": "max-age=31536000"},
		},
	} {
		e := startExporter(t, config(t, w, "24h"), "--web.config.file="+writeFile(t, "web.yml", test.web))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+e.address+"/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		for _, header := range slices.Sorted(maps.Keys(test.want)) {
			if got := resp.Header.Get(header); got != test.want[header] {
				t.Errorf("%s: got %s %q, want %q", name, header, got, test.want[header])
			}
		}
	}
}
