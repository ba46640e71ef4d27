package server

import (
	"errors"
	"net/http"
	"net/url"
)

// What is wrong with the target of a probe. None repeats what the request said.
var (
	errMalformedQuery = errors.New("the query of the address is malformed: it must be ?target=NAME")
	errOneTarget      = errors.New("there must be one target, the name of a configured workspace: ?target=NAME")
	errUnknownTarget  = errors.New("no workspace of that name is configured: " + discoveryPath + " lists those that are")
)

// probe serves the metrics of one workspace, which the parameter target names, and
// nothing else. It is a name in the configuration and never an address: no request
// can make the exporter call a server that is not configured.
func (s *Server) probe(w http.ResponseWriter, r *http.Request) {
	name, err := target(r.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	workspace, ok := s.running.Load().find(name)
	if !ok {
		http.Error(w, errUnknownTarget.Error(), http.StatusBadRequest)
		return
	}
	s.pages.scrape(w, r, workspace)
}

// target returns the one target of a query. Other parameters say nothing.
func target(query string) (string, error) {
	parameters, err := url.ParseQuery(query)
	if err != nil {
		return "", errMalformedQuery
	}
	targets := parameters["target"]
	if len(targets) != 1 || targets[0] == "" {
		return "", errOneTarget
	}
	return targets[0], nil
}
