package server

import "net/http"

// metrics serves the exporter's own metrics; where exactly one workspace is
// configured, that workspace's stand before them, so that the usual setup is one
// exporter, one workspace and one target.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	if workspace, ok := s.running.Load().only(); ok {
		s.pages.scrape(w, r, workspace, s.options.Exporter)
		return
	}
	s.pages.own(w, r)
}
