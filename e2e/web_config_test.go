package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// The one who may see the page, and the password's bcrypt hash of the least cost.
const (
	webUser     = "prometheus"
	webPassword = "correct horse battery staple"
	webHash     = "$2a$04$YFFfAwO2bE2IwVhMO0iazO4zezDIFd/eSaEP6pmyv/rHAkB1tmLR6"
)

// With a --web.config.file the page is served over TLS to those with the password,
// to Prometheus among them, and to nobody else.
func TestMetricsOverTLSWithPassword(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	w.AddRooms(rocketchattest.Room{
		OpenedAt: time.Now().Add(-5 * time.Hour), ClosedAt: time.Now().Add(-2 * time.Hour), VisitorInactivity: new(time.Hour),
	})
	certificate := newCertificate(t)
	webConfig := writeFile(t, "web.yml", fmt.Sprintf(`tls_server_config:
  cert_file: %s
  key_file: %s
basic_auth_users:
  %s: %s
`, certificate.file, certificate.keyFile, webUser, webHash))
	e := startExporter(t, config(t, w, "24h"), "--web.config.file="+webConfig)

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: certificate.pool, MinVersion: tls.VersionTLS12}}}
	defer client.CloseIdleConnections()
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
		asked := len(w.Requests())
		page := url.URL{Scheme: test.scheme, User: test.user, Host: e.address, Path: "/metrics"}
		status, body, err := get(t.Context(), client, page.String())
		if err != nil || status != test.want {
			t.Errorf("%s: got status %d and error %v, want status %d; body:\n%s", name, status, err, test.want, body)
		}
		if called := len(w.Requests()) > asked; called != (test.want == http.StatusOK) {
			t.Errorf("%s: the workspace was asked: %t", name, called)
		}
	}

	p := startPrometheus(t, scrape("livechat", e.address).
		with("scheme", "https").
		with("tls_config", map[string]any{"ca_file": certificate.file}).
		with("basic_auth", map[string]any{"username": webUser, "password": webPassword}))
	checkPage(t, w, p.scrapedSince(t, "livechat", time.Time{}), []string{"24h"})
	if n := len(p.now(t, "livechat_department_abandoned_rooms")); n != 1 {
		t.Errorf("got %d series, want the one of the chat", n)
	}
}

// certificate is for 127.0.0.1, and signed by itself.
type certificate struct {
	file, keyFile string
	pool          *x509.CertPool
}

func newCertificate(t *testing.T) certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},

		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	encoded := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(encoded)
	return certificate{
		file:    writeFile(t, "certificate.pem", string(encoded)),
		keyFile: writeFile(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))),
		pool:    pool,
	}
}
