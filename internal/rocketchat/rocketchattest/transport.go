package rocketchattest

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
)

// clientAddresses hands an address to each client that needs no socket.
type clientAddresses struct {
	last atomic.Uint32
}

// next is an address of 198.18.0.0/15, which is set aside for tests of networks:
// never a real client's.
func (c *clientAddresses) next() net.IP {
	address := binary.BigEndian.AppendUint32(nil, 198<<24|18<<16+c.last.Add(1))
	return net.IP(address)
}

// Transport connects a client to the workspace inside this process, whatever
// host its http URL names: real HTTP between [http.Transport] and [http.Server],
// over [net.Pipe] instead of sockets. So it works inside a [testing/synctest]
// bubble, in simulated time.
//
// Each Transport is a client with an address of its own. It is closed by closing
// the bodies of its answers and then calling its CloseIdleConnections: the
// goroutines behind it end with their connections, which a bubble waits for.
func (w *Workspace) Transport() *http.Transport {
	server := &http.Server{Handler: w} //nolint:gosec // G112: nobody else can connect to it.
	client := w.clients.next()
	return &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go serveConnection(server, &pipe{Conn: far, remote: &net.TCPAddr{IP: client, Port: 50_000}})
			return near, nil
		},
	}
}

// serveConnection serves one connection and returns when the server has taken it.
func serveConnection(server *http.Server, c net.Conn) {
	if err := server.Serve(&oneConnection{conn: c}); err != io.EOF { //nolint:errorlint // The listener's own, unwrapped.
		panic(fmt.Sprintf("rocketchattest: serve a connection: %v", err))
	}
}

// pipe is a connection with the address of its client.
type pipe struct {
	net.Conn
	remote net.Addr
}

// RemoteAddr is the client's address.
func (p *pipe) RemoteAddr() net.Addr {
	return p.remote
}

// oneConnection is a listener that has one connection to give.
type oneConnection struct {
	conn net.Conn
}

// Accept gives the connection, then reports that there are no more.
func (l *oneConnection) Accept() (net.Conn, error) {
	c := l.conn
	if c == nil {
		return nil, io.EOF
	}
	l.conn = nil
	return c, nil
}

// Close does nothing: the connection belongs to the server.
func (*oneConnection) Close() error {
	return nil
}

// Addr is the address of the pipe.
func (*oneConnection) Addr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(198, 18, 0, 0), Port: 80}
}
