package check

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http/httptrace"
	"sync"
)

// connection is what was seen of the first connection, and of how it failed. It is
// safe for concurrent use: the transport can still be connecting when a call has ended.
type connection struct {
	mu        sync.Mutex
	nameErr   error
	connected bool
	remote    string
	state     *tls.ConnectionState
	tlsErr    error
}

// traced returns a context whose calls are watched.
func (c *connection) traced(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSDone: func(info httptrace.DNSDoneInfo) {
			c.change(func() { c.nameErr = info.Err })
		},
		ConnectDone: func(_, _ string, err error) {
			c.change(func() { c.connected = c.connected || err == nil })
		},
		TLSHandshakeDone: func(state tls.ConnectionState, err error) {
			c.change(func() {
				c.tlsErr = err
				if err == nil {
					c.state = &state
				}
			})
		},
		GotConn: func(info httptrace.GotConnInfo) {
			c.change(func() { c.remote = info.Conn.RemoteAddr().String() })
		},
	})
}

func (c *connection) change(do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	do()
}

// sight is what is known of a connection.
type sight struct {
	// unresolved says that the host's name leads nowhere, and connected that something
	// took the connection.
	unresolved, connected bool
	// remote is the address of the server, or of the proxy.
	remote string
	// certificate is the server's, nil if it showed none.
	certificate *x509.Certificate
	// version is that of TLS, 0 without.
	version uint16
	// tlsErr is why there is no encrypted connection.
	tlsErr error
}

// seen returns what is known by now.
func (c *connection) seen() sight {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := sight{unresolved: c.nameErr != nil, connected: c.connected || c.remote != "", remote: c.remote, tlsErr: c.tlsErr}
	if c.state != nil {
		s.version = c.state.Version
		if len(c.state.PeerCertificates) > 0 {
			s.certificate = c.state.PeerCertificates[0]
		}
	}
	refused, ok := errors.AsType[*tls.CertificateVerificationError](c.tlsErr)
	if ok && len(refused.UnverifiedCertificates) > 0 {
		s.certificate = refused.UnverifiedCertificates[0]
	}
	return s
}
