package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// The user of the pages, and the bcrypt hash of the password with the least cost.
const (
	webUser     = "prometheus"
	webPassword = "correct horse battery staple"
	webUsers    = "basic_auth_users: {" + webUser + ": $2a$04$YFFfAwO2bE2IwVhMO0iazO4zezDIFd/eSaEP6pmyv/rHAkB1tmLR6}\n"
)

// With TLS and a password every page is for those who know the password, Prometheus
// among them, and for nobody else.
func TestTLSAndPassword(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest, abandonedChats("sales", 1)...)
	ca := newAuthority(t)
	e := startExporter(t, config(t, w, "24h"), "--web.config.file="+writeFile(t, "web.yml", webConfig(ca.issue(t))+webUsers))
	client := clientOf(ca)
	for name, test := range map[string]struct {
		scheme string
		user   *url.Userinfo
		want   int
	}{
		"password":       {"https", url.UserPassword(webUser, webPassword), http.StatusOK},
		"wrong password": {"https", url.UserPassword(webUser, "guess"), http.StatusUnauthorized},
		"unknown user":   {"https", url.UserPassword("somebody", webPassword), http.StatusUnauthorized},
		"no password":    {"https", nil, http.StatusUnauthorized},
		"no TLS":         {"http", url.UserPassword(webUser, webPassword), http.StatusBadRequest},
	} {
		for path, calls := range map[string]bool{
			"/metrics": true, "/probe?target=main": true,
			"/": false, "/sd": false, "/config": false, "/-/healthy": false, "/-/ready": false,
		} {
			before := len(w.Requests())
			page := (&url.URL{Scheme: test.scheme, User: test.user, Host: e.address}).String() + path
			status, body, err := get(t.Context(), client, page)
			if err != nil || status != test.want {
				t.Errorf("%s, %s: got status %d and error %v, want status %d; body:\n%s", path, name, status, err, test.want, body)
			}
			if called := len(w.Requests()) > before; called != (calls && test.want == http.StatusOK) {
				t.Errorf("%s, %s: the workspace was called: %t", path, name, called)
			}
		}
	}

	p := startPrometheus(t, scrape("livechat", e.address).with(map[string]any{
		"scheme": "https", "tls_config": map[string]any{"ca_file": ca.file(t)},
		"basic_auth": map[string]any{"username": webUser, "password": webPassword},
	}))
	checkPage(t, w, p.waitForAnswers(t, time.Time{}, "24h"), []string{"24h"})
}

// Where client certificates are required, the pages are for those who have one of the
// right authority.
func TestClientCertificates(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest, abandonedChats("sales", 1)...)
	servers, clients := newAuthority(t), newAuthority(t)
	web := webConfig(servers.issue(t))
	web = strings.Replace(web, "}", ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: "+clients.file(t)+"}", 1)
	e := startExporter(t, config(t, w, "24h"), "--web.config.file="+writeFile(t, "web.yml", web))

	for name, test := range map[string]struct {
		certificate string
		refusal     string // Of the client's error; empty where there is none.
	}{
		"right":             {clients.issue(t), ""},
		"none":              {"", "certificate required"},
		"another authority": {servers.issue(t), "unknown certificate authority"},
	} {
		client := clientOf(servers)
		if transport, ok := client.Transport.(*http.Transport); ok && test.certificate != "" {
			loaded, err := tls.LoadX509KeyPair(test.certificate, test.certificate)
			if err != nil {
				t.Fatal(err)
			}
			// Sent whichever authorities the server names.
			transport.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &loaded, nil }
		}
		before := len(w.Requests())
		status, _, err := get(t.Context(), client, "https://"+e.address+"/metrics")
		called := len(w.Requests()) > before
		if test.refusal == "" {
			if err != nil || status != http.StatusOK || !called {
				t.Errorf("%s: got status %d and error %v, called: %t", name, status, err, called)
			}
		} else if err == nil || !strings.Contains(err.Error(), test.refusal) || called {
			t.Errorf("%s: got status %d and error %v, called: %t; want the error %q", name, status, err, called, test.refusal)
		}
	}
}

// clientOf is a client that trusts an authority and uses each connection once.
func clientOf(trusted *authority) *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(trusted.certificate)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}}
}

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	template := newTemplate("authority of " + t.Name())
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	key := newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{parsed, key}
}

// file is the authority's certificate.
func (a *authority) file(t *testing.T) string {
	t.Helper()
	return writeFile(t, "authority.pem", toPEM("CERTIFICATE", a.certificate.Raw))
}

// issue signs a certificate for a server at 127.0.0.1 and for clients, and returns a file
// with the certificate and its key.
func (a *authority) issue(t *testing.T) (file string) {
	t.Helper()
	template := newTemplate("certificate of " + t.Name())
	template.IPAddresses, template.KeyUsage = []net.IP{net.IPv4(127, 0, 0, 1)}, x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	key := newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "certificate.pem", toPEM("CERTIFICATE", der)+toPEM("PRIVATE KEY", keyDER))
}

// webConfig is the part of a web configuration file about a certificate.
func webConfig(file string) string {
	return fmt.Sprintf("tls_server_config: {cert_file: %[1]s, key_file: %[1]s}\n", file)
}

func newTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func toPEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
