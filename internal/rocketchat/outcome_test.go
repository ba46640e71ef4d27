package rocketchat_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

const (
	hintNotRocketChat = "check that url leads to Rocket.Chat and that no proxy answers in its place or changes its answers"
	hintProxy         = "something in front of Rocket.Chat answered, such as a proxy's login, a firewall or a TLS port: let the exporter pass it, or use an address behind it"
	hintServerLogs    = "look at the logs of the workspace and of its database"
	hintRedirect      = "the server forces TLS (Force_SSL) or url is wrong: configure the final https URL"
	hintSlow          = "the workspace is slow or hangs: look at its load, or raise timeout"
	hintToken         = "make a new personal access token and configure it with its user id"
	hintRole          = "give it a role that has it (livechat-manager or livechat-monitor)"
	hintLicence       = "activate one under Administration > Subscription"
	hintRateLimit     = "scrape less often, configure fewer windows, or give the account the permission api-bypass-rate-limit (role bot)"
	hintRelease       = "its release may be older or newer than this exporter supports"
	hintURL           = "check url (without /api/v1)"
	hintNetwork       = "check url, name resolution, firewall and proxy"

	whatToken      = "user id or auth token is wrong, expired or revoked"
	whatPermission = "the account lacks the permission view-livechat-manager"
	whatLicence    = "the workspace has no active premium licence with livechat-enterprise, which this route needs"
	whatWebApp     = "the web app answers in place of the API"
	whatForeign    = "an error that is not Rocket.Chat's"
	whatFails      = "the workspace or a proxy before it fails"
)

// Each way in which a call fails has an outcome, what happened, and what to do.
func TestOutcomes(t *testing.T) {
	const (
		old, mid, latest = rocketchattest.Old, rocketchattest.Mid, rocketchattest.Latest
		nine             = rocketchattest.Nine
		token            = rocketchattest.AuthToken
		html             = "text/html"
	)
	type (
		settings = rocketchattest.Settings
		outcome  = rocketchat.Outcome
	)
	respond := rocketchattest.Respond
	json := rocketchattest.RespondJSON
	wrongToken := func(s *settings) { s.AuthToken = "another" }
	noPermission := func(s *settings) { s.Permissions = nil }
	forbidden := func(s *settings) { s.Permissions, s.ForbiddenErrorType = nil, true }
	unlicensed := func(s *settings) { s.Licensed = false }
	forceSSL := func(s *settings) { s.ForceSSL = true }
	for name, tt := range map[string]struct {
		profile   rocketchattest.Profile
		configure func(*settings)
		fault     rocketchattest.Fault
		outcome   outcome
		status    int
		what      string
		hint      string
	}{
		"wrong token, old":           {old, wrongToken, nil, rocketchat.Unauthorized, 401, whatToken, hintToken},
		"wrong token, new":           {latest, wrongToken, nil, rocketchat.Unauthorized, 401, whatToken, hintToken},
		"wrong token, 9":             {nine, wrongToken, nil, rocketchat.Unauthorized, 401, whatToken, hintToken},
		"no permission, old":         {old, noPermission, nil, rocketchat.Forbidden, 403, whatPermission, hintRole},
		"no permission, 9":           {nine, forbidden, nil, rocketchat.Forbidden, 403, whatPermission, hintRole},
		"no licence, old":            {old, unlicensed, nil, rocketchat.Unlicensed, 200, whatWebApp, "activate a premium licence; if there is one, check url (without /api/v1)"},
		"no licence, new":            {latest, unlicensed, nil, rocketchat.Unlicensed, 400, whatLicence, hintLicence},
		"refused parameters":         {latest, nil, json(400, `{"error":"must be number [invalid-params]","errorType":"invalid-params"}`), rocketchat.InvalidParams, 400, `the server refuses the parameters ("must be number [invalid-params]")`, hintRelease},
		"refused by a typed route":   {latest, nil, json(400, `{"errorType":"error-invalid-params"}`), rocketchat.InvalidParams, 400, "the server refuses the parameters", hintRelease},
		"rate limited":               {latest, nil, json(429, `{"error":"slow down"}`), rocketchat.RateLimited, 429, `too many calls from this address ("slow down")`, hintRateLimit},
		"rate limited by a proxy":    {latest, nil, respond(429, html, "<h1>429</h1>"), rocketchat.RateLimited, 429, "too many calls from this address", hintRateLimit},
		"redirect":                   {latest, nil, rocketchattest.Redirect(302, "https://evil.example.org/x?y=z"), rocketchat.Redirected, 302, `redirects to "https://evil.example.org", which is never followed`, hintRedirect},
		"redirect to a path":         {latest, nil, rocketchattest.Redirect(301, "/login"), rocketchat.Redirected, 301, "redirects elsewhere, which is never followed", hintRedirect},
		"forced TLS":                 {mid, forceSSL, nil, rocketchat.Redirected, 302, `redirects to "https://chat.example.com", which is never followed`, hintRedirect},
		"a token in a redirect":      {latest, nil, rocketchattest.Redirect(302, "https://"+token+".example.org"), rocketchat.Redirected, 302, "redirects elsewhere, which is never followed", hintRedirect},
		"database error":             {latest, nil, rocketchattest.DatabaseError("not primary"), rocketchat.ServerError, 400, `the server could not answer ("not primary")`, hintServerLogs},
		"bad gateway":                {latest, nil, rocketchattest.BadGateway(), rocketchat.ServerError, 502, whatFails, hintServerLogs},
		"internal error":             {latest, nil, json(500, `{"error":"one: two"}`), rocketchat.ServerError, 500, whatFails + ` ("one: two")`, hintServerLogs},
		"a token in an error":        {latest, nil, json(500, `{"error":"bad header X-Auth-Token: `+token+`"}`), rocketchat.ServerError, 500, whatFails, hintServerLogs},
		"a long error":               {latest, nil, json(500, `{"error":"`+strings.Repeat("é", 150)+`"}`), rocketchat.ServerError, 500, whatFails + ` ("` + strings.Repeat("é", 100) + `")`, hintServerLogs},
		"an error with control":      {latest, nil, json(500, `{"error":"a\u001b[31m\nb"}`), rocketchat.ServerError, 500, whatFails + ` ("a\x1b[31m\nb")`, hintServerLogs},
		"not found":                  {latest, nil, respond(404, "text/plain", "404 Not Found"), rocketchat.NotFound, 404, "no such route", "check url (without /api/v1), and the server's release"},
		"a proxy's login":            {latest, nil, answer(401, "{}", "WWW-Authenticate", "Basic"), rocketchat.BadResponse, 401, whatForeign, hintProxy},
		"a proxy's login page":       {latest, nil, respond(401, html, "<h1>401</h1>"), rocketchat.BadResponse, 401, whatForeign, hintProxy},
		"a firewall":                 {latest, nil, respond(403, html, "<h1>403</h1>"), rocketchat.BadResponse, 403, whatForeign, hintProxy},
		"HTTP on a TLS port":         {latest, nil, respond(400, html, "<h1>400</h1>"), rocketchat.BadResponse, 400, whatForeign, hintProxy},
		"a status without meaning":   {latest, nil, json(418, "{}"), rocketchat.BadResponse, 418, "not an answer of this route", hintNotRocketChat},
		"the web app":                {latest, nil, rocketchattest.HTML(), rocketchat.Unlicensed, 200, whatWebApp, "activate a premium licence; if there is one, check url (without /api/v1)"},
		"blank page":                 {latest, nil, rocketchattest.Blank(), rocketchat.BadResponse, 200, "the answer is blank", hintNotRocketChat},
		"blank JSON":                 {latest, nil, json(200, ""), rocketchat.BadResponse, 200, "the answer is blank", hintNotRocketChat},
		"plain text":                 {latest, nil, respond(200, "text/plain", "hello"), rocketchat.BadResponse, 200, "the answer is not JSON", hintNotRocketChat},
		"truncated":                  {latest, nil, rocketchattest.Truncate(20), rocketchat.BadResponse, 200, "the answer is truncated", hintNotRocketChat},
		"the last chunk missing":     {latest, nil, rocketchattest.TruncateChunked(1000), rocketchat.BadResponse, 200, "the answer is truncated", hintNotRocketChat},
		"a gigabyte of departments":  {latest, nil, rocketchattest.EndlessBody(1 << 30), rocketchat.BadResponse, 200, "the answer is too long", hintNotRocketChat},
		"a gigabyte of one id":       {latest, nil, rocketchattest.EndlessString(1 << 30), rocketchat.BadResponse, 200, "the answer is too long", hintNotRocketChat},
		"a gzip bomb":                {latest, nil, gzipped(200, emptyPage+strings.Repeat(" ", 4<<20), 0), rocketchat.BadResponse, 200, "the answer is too long", hintNotRocketChat},
		"not gzip":                   {latest, nil, answer(200, emptyPage, "Content-Encoding", "gzip"), rocketchat.BadResponse, 200, "the answer is not whole JSON", hintNotRocketChat},
		"truncated gzip":             {latest, nil, gzipped(200, emptyPage, 9), rocketchat.BadResponse, 200, "the answer is truncated", hintNotRocketChat},
		"a refusal that is not gzip": {latest, nil, answer(500, "{}", "Content-Encoding", "gzip"), rocketchat.ServerError, 500, whatFails, hintServerLogs},
		"a refusal in gzip":          {latest, nil, gzipped(500, `{"error":"text"}`, 0), rocketchat.ServerError, 500, whatFails + ` ("text")`, hintServerLogs},
		"hanging":                    {latest, nil, rocketchattest.Hang(), rocketchat.Timeout, 0, "no whole answer in time", hintSlow},
		"slow":                       {latest, nil, rocketchattest.Slow(31 * time.Second), rocketchat.Timeout, 0, "no whole answer in time", hintSlow},
		"connection closed":          {latest, nil, rocketchattest.CloseConnection(), rocketchat.Network, 0, "the server closed the connection", hintNetwork},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ws := rocketchattest.New(tt.profile)
				if tt.configure != nil {
					ws.Configure(tt.configure)
				}
				if tt.fault != nil {
					ws.Inject(nil, tt.fault)
				}
				client, observed := connect(t, ws)
				_, err := lastDay(t.Context(), client)
				wantError(t, err, rocketchat.Error{Route: "total-abandoned-chats", Outcome: tt.outcome, Status: tt.status, What: tt.what, Hint: tt.hint})
				observed.want(t, "failing", "total-abandoned-chats "+string(tt.outcome))
			})
		})
	}
}

func wantError(t *testing.T, err error, want rocketchat.Error) {
	t.Helper()
	e, ok := errors.AsType[*rocketchat.Error](err)
	if !ok || *e != want {
		t.Errorf("got  %#v\nwant %#v", err, &want)
	}
	text := want.Route + ": " + want.What + ": " + want.Hint
	if want.Status > 0 {
		text = fmt.Sprintf("%s: HTTP %d: %s: %s", want.Route, want.Status, want.What, want.Hint)
	}
	if err != nil && err.Error() != text {
		t.Errorf("got  %s\nwant %s", err, text)
	}
}

// What the user wrote is part of the hint where it is the likely reason.
func TestHintsFromTheConfiguration(t *testing.T) {
	below := func(o *rocketchat.Options) { o.URL = &url.URL{Scheme: "http", Host: "chat.example.com", Path: "/chat"} }
	byName := func(o *rocketchat.Options) {
		o.Credentials = rocketchat.AccessToken(fixed("livechat.exporter"), fixed(rocketchattest.AuthToken))
	}
	for name, tt := range map[string]struct {
		profile rocketchattest.Profile
		change  func(*rocketchat.Options)
		outcome rocketchat.Outcome
		hint    string
	}{
		"a path too much":            {rocketchattest.Latest, below, rocketchat.NotFound, "check url: remove its path /chat unless Rocket.Chat is served below it"},
		"a path too much, old":       {rocketchattest.Old, below, rocketchat.NotFound, "check url: remove its path /chat unless Rocket.Chat is served below it, and whether there is a premium licence"},
		"a user name in place of id": {rocketchattest.Latest, byName, rocketchat.Unauthorized, hintToken + ", which is not the user name: Rocket.Chat shows both when it makes the token"},
	} {
		client, _ := connect(t, rocketchattest.New(tt.profile), tt.change)
		_, err := lastDay(t.Context(), client)
		e, ok := errors.AsType[*rocketchat.Error](err)
		if !ok || e.Outcome != tt.outcome || !strings.HasPrefix(e.Hint, tt.hint) {
			t.Errorf("%s: got %v, want %s and %q", name, err, tt.outcome, tt.hint)
		}
	}
}

// gzipped answers with the compressed text, without the last bytes of it.
func gzipped(status int, text string, without int) rocketchattest.Fault {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text) // Writing to memory cannot fail.
	_ = w.Close()
	return answer(status, b.String()[:b.Len()-without], "Content-Encoding", "gzip")
}

// The routes that need no licence and those that need no permission.
func TestOutcomesOfOtherRoutes(t *testing.T) {
	for want, client := range map[rocketchat.Error]func(*rocketchat.Options){
		{Route: "department", Outcome: rocketchat.Forbidden, Status: 403, What: "the account lacks the permission view-livechat-departments or view-l-room", Hint: hintRole}: responding(403, "application/json", "{}"),
		{Route: "department", Outcome: rocketchat.NotFound, Status: 200, What: "a web page answers in place of the API", Hint: hintURL}:                                      responding(200, "text/html", "<html>"),
		{Route: "info", Outcome: rocketchat.Forbidden, Status: 403, What: "the call is forbidden, though it needs no permission", Hint: hintProxy}:                           responding(403, "application/json", "{}"),
	} {
		client, _ := connect(t, nil, client)
		_, err := client.Departments(t.Context(), rocketchat.Query{})
		if want.Route == "info" {
			_, err = client.Version(t.Context())
		}
		wantError(t, err, want)
	}
}

// Below HTTP: name resolution, connection, TLS. The text is the same each time.
func TestNetworkOutcomes(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := certificate(t, key, func(*x509.Certificate) {})
	secure := func(cert tls.Certificate, change func(*tls.Config)) string {
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
		change(server.TLS)
		server.StartTLS()
		t.Cleanup(server.Close)
		return server.URL
	}
	plain := func(*tls.Config) {}
	const (
		hintAuthority = "set ca_file in http_client's tls_config, or have the server send its intermediate certificate"
		hintClient    = "check tls_config in http_client: the server may want a client certificate (cert_file and key_file)"
		whatGarbage   = "the connection failed, or what came over it is not HTTP"
	)
	for name, tt := range map[string]struct {
		url       string
		untrusted bool
		outcome   rocketchat.Outcome
		status    int
		what      string
		hint      string
	}{
		"nobody listens":          {"http://refused.invalid", false, rocketchat.Network, 0, "dial: connect: connection refused", hintNetwork},
		"unknown name":            {"http://chat.invalid", false, rocketchat.Network, 0, `the name "chat.invalid" cannot be resolved`, hintNetwork},
		"unknown authority":       {secure(good, plain), true, rocketchat.Network, 0, "the server's certificate is signed by an unknown authority", hintAuthority},
		"another name":            {secure(certificate(t, key, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"example.org"} }), plain), false, rocketchat.Network, 0, `the server's certificate is not for "127.0.0.1"`, "check the host in url, or set server_name in http_client's tls_config"},
		"common name only":        {secure(certificate(t, key, func(c *x509.Certificate) { c.IPAddresses = nil }), plain), false, rocketchat.Network, 0, "the server's certificate has only a common name", "have it made anew with the host as a subject alternative name"},
		"expired":                 {secure(certificate(t, key, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }), plain), false, rocketchat.Network, 0, "the server's certificate has expired or is not valid yet", "renew it, and check the clock of this machine"},
		"not understood":          {secure(certificate(t, key, func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{{Id: []int{1, 2, 3}, Critical: true}} }), plain), false, rocketchat.Network, 0, "the server's certificate is refused: x509: unhandled critical extension", "have it made anew, or set ca_file in http_client's tls_config"},
		"client certificate, 1.3": {secure(good, func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert }), false, rocketchat.Network, 0, "the server ended the TLS handshake: tls: certificate required", hintClient},
		"client certificate, 1.2": {secure(good, func(c *tls.Config) { c.ClientAuth, c.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12 }), false, rocketchat.Network, 0, "the server ended the TLS handshake: tls: handshake failure", hintClient},
		"no TLS on the port":      {strings.Replace(serve(t, http.NotFoundHandler()), "http:", "https:", 1), false, rocketchat.Network, 0, "the server does not use TLS on this port", "check scheme and port in url"},
		"TLS on the port":         {strings.Replace(secure(good, plain), "https:", "http:", 1), false, rocketchat.BadResponse, 400, whatForeign, hintProxy},
		"not HTTP":                {serve(t, raw("SSH-2.0 "+rocketchattest.AuthToken+"\r\n\r\n")), false, rocketchat.Network, 0, whatGarbage, hintNetwork},
		"a switch of protocols":   {serve(t, raw("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")), false, rocketchat.BadResponse, 101, "not an answer of this route", hintNotRocketChat},
	} {
		t.Run(name, func(t *testing.T) {
			client, observed := connect(t, nil, at(tt.url), func(o *rocketchat.Options) {
				roots := x509.NewCertPool()
				if !tt.untrusted {
					roots.AddCert(good.Leaf)
				}
				o.Transport = &http.Transport{
					TLSClientConfig: &tls.Config{RootCAs: roots},
					DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
						switch address {
						case "refused.invalid:80":
							return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
						case "chat.invalid:80": // Each lookup has another port.
							return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Name: "chat.invalid", Server: "127.0.0.1:53", Err: "read udp 127.0.0.1:45678->127.0.0.1:53: refused"}}
						}
						return new(net.Dialer).DialContext(ctx, network, address)
					},
				}
			})
			_, err := lastDay(t.Context(), client)
			wantError(t, err, rocketchat.Error{Route: "total-abandoned-chats", Outcome: tt.outcome, Status: tt.status, What: tt.what, Hint: tt.hint})
			if call := observed.calls[0]; call.Reached != (tt.status > 0 || tt.what == whatGarbage || name == "client certificate, 1.3") {
				t.Errorf("got a connection: %v", call.Reached)
			}
		})
	}
}

// certificate returns a self-signed certificate for 127.0.0.1 with a change.
func certificate(t *testing.T, key *ecdsa.PrivateKey, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	change(template)
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// raw answers with the bytes, and leaves the connection open until the client closes it.
func raw(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, text)
		_, _ = conn.Read(make([]byte, 1))
		_ = conn.Close()
	})
}
