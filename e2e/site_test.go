package e2e

import (
	"errors"
	"net"
	"net/http"
	"testing"
)

// site is a handler on a socket, which can be taken down and brought up again at the
// same address.
type site struct {
	handler http.Handler
	address string
	server  *http.Server
	served  chan struct{}
}

// startSite starts a site on a free port until the test ends.
func startSite(t *testing.T, handler http.Handler) *site {
	t.Helper()
	s := &site{handler: handler, address: "127.0.0.1:0"}
	s.up(t)
	t.Cleanup(func() { s.down(t) })
	return s
}

// url is the site's address as a configuration has it.
func (s *site) url() string {
	return "http://" + s.address + "/"
}

func (s *site) up(t *testing.T) {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", s.address)
	if err != nil {
		t.Fatalf("site: %v", err)
	}
	s.address = listener.Addr().String()
	s.server = &http.Server{Handler: s.handler, ReadHeaderTimeout: patience}
	s.served = make(chan struct{})
	go func() {
		defer close(s.served)
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("site: %v", err)
		}
	}()
}

// down closes the socket and every connection, as a server does that dies.
func (s *site) down(t *testing.T) {
	t.Helper()
	if err := s.server.Close(); err != nil {
		t.Errorf("site: %v", err)
	}
	<-s.served
}
