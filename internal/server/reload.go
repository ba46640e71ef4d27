package server

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// reload has the configuration loaded anew and answers when that is done.
func (s *Server) reload(w http.ResponseWriter, r *http.Request) {
	if s.options.Reload == nil {
		http.Error(w, "reloading over HTTP is off: start the exporter with --web.enable-lifecycle, or send it SIGHUP", http.StatusForbidden)
		return
	}
	// What somebody asked for happens also if they do not wait for the answer.
	err := s.options.Reload(context.WithoutCancel(r.Context()))
	// However long it took, the answer has its time to be sent.
	boundConnection(w, r, time.Now().Add(sendTime))
	if err != nil {
		http.Error(w, fmt.Sprintf("the configuration was not reloaded, the old one is still running:\n%v", err), http.StatusInternalServerError)
		return
	}
	writeText(w, "The configuration was reloaded.\n")
}

// sameOrigin refuses requests that a page of another origin made a browser send: the
// browser may reach the exporter, and know its password, where that page's author
// cannot.
func sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the request was sent by a page of another origin, which may not do this", http.StatusForbidden)
	}))
	return protection.Handler(next)
}
