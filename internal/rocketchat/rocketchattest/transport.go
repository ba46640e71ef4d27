package rocketchattest

import (
	"context"
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
	n := w.clients.last.Add(1)
	client := net.IPv4(192, 0, 2, byte(n)) // Reserved for documentation: never a real client's.
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
func (l *oneConnection) Close() error {
	return nil
}

// Addr is the address of the pipe.
func (l *oneConnection) Addr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 0), Port: 80}
}
