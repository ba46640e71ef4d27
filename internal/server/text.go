package server

import (
	"io"
	"net/http"
)

// text returns a handler of a fixed text.
func text(content string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { writeText(w, content) }
}

// config serves the text of the running configuration.
func (s *Server) config(w http.ResponseWriter, _ *http.Request) {
	writeText(w, string(s.running.Load().Config))
}

// writeText answers with plain text.
func writeText(w http.ResponseWriter, content string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, content) // It fails only where nobody reads it.
}
