package check_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log" //nolint:depguard // What httptest takes.
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"livechat_exporter/internal/check"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Example Authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{certificate, key}
}

// issue signs a certificate for 127.0.0.1 that is valid for 90 days, if change does not
// say otherwise.
func (a authority) issue(t *testing.T, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "chat"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, 90),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"chat.example.com"},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}
}

// onSocket checks the workspace at an address and returns its results by name.
func onSocket(
	t *testing.T, address string, transport *http.Transport, change func(*check.Workspace),
) (found map[string]check.Result, calls int) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	w := configured()
	w.URL, w.Encrypted, w.Timeout = address, u.Scheme == "https", 10*time.Second
	if change != nil {
		change(&w)
	}
	w.Connect = func(observe func(rocketchat.Call)) *rocketchat.Client {
		return rocketchat.New(rocketchat.Options{
			URL: u, Transport: transport, Credentials: token(rocketchattest.UserID, rocketchattest.AuthToken)(),
			Timeout: w.Timeout, Observe: observe, Now: time.Now,
		})
	}
	report := check.Run(t.Context(), []check.Workspace{w}, check.Options{Interval: time.Minute, TimeLimit: time.Minute, Now: time.Now})
	wellFormed(t, report)
	results, document := make(map[string]check.Result), readDocument(t)
	for _, r := range report.Workspaces[0].Results {
		if document.row(r) == "" {
			t.Errorf("docs/check.md does not list %+v", r)
		}
		results[r.Check] = r
	}
	return results, report.Calls
}

func TestCertificatesAreTold(t *testing.T) {
	trusted, other := newAuthority(t), newAuthority(t)
	pool := x509.NewCertPool()
	pool.AddCert(trusted.certificate)
	day := func(days int) string { return time.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly) }
	for name, tt := range map[string]struct {
		certificate tls.Certificate
		maxVersion  uint16
		unverified  bool
		status      check.Status
		found       string // Parts of what is told, in their order, with * between them.
		action      string
		reached     check.Status
	}{
		"a good one": {
			certificate: trusted.issue(t, nil), status: check.OK, reached: check.OK,
			found: "TLS 1.3 with a certificate for chat.example.com, 127.0.0.1, issued by CN=Example Authority, valid until " + day(90),
		},
		"one that ends soon": {
			certificate: trusted.issue(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(3*24*time.Hour + time.Minute) }),
			status:      check.Warning, reached: check.OK, found: "valid until " + day(3) + "*it ends in 3d", action: "have it renewed",
		},
		"one that has ended": {
			certificate: trusted.issue(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }),
			status:      check.Failed, reached: check.Failed, found: "refused: it is for chat.example.com*it has ended", action: "have the certificate renewed",
		},
		"one that is not valid yet": {
			certificate: trusted.issue(t, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(24 * time.Hour) }),
			status:      check.Failed, reached: check.Failed, found: "it is valid from " + day(1) + " on", action: "check the clock",
		},
		"one of another authority": {
			certificate: other.issue(t, nil), status: check.Failed, reached: check.Failed,
			found: "issued by CN=Example Authority*unknown authority", action: "set ca_file",
		},
		"one for another name": {
			certificate: trusted.issue(t, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"other.example.com"} }),
			status:      check.Failed, reached: check.Failed, found: "it is for other.example.com, issued by", action: "correct the host in url or set server_name",
		},
		"one with many names": {
			certificate: trusted.issue(t, func(c *x509.Certificate) {
				c.DNSNames = []string{"a.example.com", "b.example.com", "c.example.com", "d.example.com"}
			}),
			status: check.OK, reached: check.OK, found: "for a.example.com, b.example.com, c.example.com and 2 more, issued by",
		},
		"one without names": {
			certificate: other.issue(t, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, nil }),
			status:      check.Failed, reached: check.Failed, found: "it is for CN=chat, issued by", action: "set server_name",
		},
		"one with the token in it": {
			certificate: other.issue(t, func(c *x509.Certificate) { c.DNSNames = []string{rocketchattest.AuthToken} }),
			status:      check.Failed, reached: check.Failed, found: "it is for (text that holds a credential), issued by", action: "set ca_file",
		},
		"any": {
			certificate: other.issue(t, nil), unverified: true, status: check.Warning, reached: check.OK,
			found: "issued by CN=Example Authority*insecure_skip_verify accepts any certificate", action: "set ca_file",
		},
		"an old version of TLS": {
			certificate: trusted.issue(t, nil), maxVersion: tls.VersionTLS11, status: check.Warning, reached: check.OK,
			found: "TLS 1.1*obsolete", action: "TLS 1.2 or 1.3",
		},
	} {
		t.Run(name, func(t *testing.T) {
			chat := httptest.NewUnstartedServer(rocketchattest.New(rocketchattest.Latest))
			chat.Config.ErrorLog = log.New(io.Discard, "", 0)
			chat.TLS = &tls.Config{Certificates: []tls.Certificate{tt.certificate}, MinVersion: tls.VersionTLS10, MaxVersion: tt.maxVersion} //nolint:gosec // G402: an old server.
			chat.StartTLS()
			defer chat.Close()
			transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, InsecureSkipVerify: tt.unverified, MinVersion: tls.VersionTLS10}} //nolint:gosec // G402: what is checked.
			results, _ := onSocket(t, chat.URL, transport, func(w *check.Workspace) { w.Unverified = tt.unverified })
			got := results[check.TLS]
			if got.Status != tt.status || !strings.Contains(got.Action, tt.action) || !inOrder(got.Found+" "+got.Meaning, tt.found) {
				t.Errorf("got %+v, want %s, %q and to %q", got, tt.status, tt.found, tt.action)
			}
			if reached := results[check.Reachability]; reached.Status != tt.reached {
				t.Errorf("got %+v, want %s", reached, tt.reached)
			}
			if text := got.Found + got.Meaning + results[check.Reachability].Found; strings.Contains(text, rocketchattest.AuthToken) {
				t.Errorf("it tells the token: %s", text)
			}
		})
	}
}

// inOrder reports whether the text has the parts, which * divides, one after the other.
func inOrder(text, parts string) bool {
	for part := range strings.SplitSeq(parts, "*") {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return true
}

func TestWhatStandsInTheWayOfAConnectionIsTold(t *testing.T) {
	plain := httptest.NewServer(rocketchattest.New(rocketchattest.Latest))
	defer plain.Close()
	closed, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().String()
	_ = closed.Close()
	nameless := &net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no name server")
	}}}
	for name, tt := range map[string]struct {
		address   string
		transport *http.Transport
		reached   string // Parts of what is told and what to do.
		tls       check.Status
		tlsFound  string
	}{
		"no name":   {"http://chat.invalid", &http.Transport{DialContext: nameless.DialContext}, "chat.invalid*check the host name in url", check.Warning, "nothing is encrypted"},
		"no server": {"http://" + nobody, &http.Transport{}, "connection refused*see that Rocket.Chat runs", check.Warning, "nothing is encrypted"},
		"no TLS": {
			strings.Replace(plain.URL, "http:", "https:", 1), &http.Transport{}, "does not look like a TLS handshake*see tls below",
			check.Failed, "the TLS handshake fails*see that the port in url speaks TLS",
		},
	} {
		t.Run(name, func(t *testing.T) {
			results, calls := onSocket(t, tt.address, tt.transport, nil)
			if calls != 0 {
				t.Errorf("got %d calls, want none that was sent", calls)
			}
			if got := results[check.Reachability]; got.Status != check.Failed || !inOrder(got.Found+" "+got.Action, tt.reached) {
				t.Errorf("got %+v, want %q", got, tt.reached)
			}
			if got := results[check.TLS]; got.Status != tt.tls || !inOrder(got.Found+" "+got.Action, tt.tlsFound) {
				t.Errorf("got %+v, want %s and %q", got, tt.tls, tt.tlsFound)
			}
			for _, name := range []string{check.Account, check.Licence} {
				if got := results[name]; got.Status != check.Skipped || got.Found != "the server cannot be reached" {
					t.Errorf("got %+v, want it skipped", got)
				}
			}
		})
	}
}

func TestWhatStaysOnTheMachineNeedsNoTLS(t *testing.T) {
	chat := httptest.NewServer(rocketchattest.New(rocketchattest.Latest))
	defer chat.Close()
	results, _ := onSocket(t, chat.URL, &http.Transport{}, func(w *check.Workspace) { w.Local = true })
	if got := results[check.TLS]; got.Status != check.OK || !strings.Contains(got.Found, "does not leave the machine") {
		t.Errorf("got %+v", got)
	}
}
