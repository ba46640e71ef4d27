package server

import (
	"net/http"
	"net/http/pprof"
)

// handleProfiles serves the profiles of the Go runtime. The package that makes them
// puts them on the default mux as well, which nothing here serves.
func handleProfiles(mux *http.ServeMux) {
	mux.HandleFunc("GET "+profilesPath, pprof.Index)
	mux.HandleFunc("GET "+profilesPath+"cmdline", pprof.Cmdline)
	mux.HandleFunc("GET "+profilesPath+"profile", pprof.Profile)
	mux.HandleFunc("GET "+profilesPath+"symbol", pprof.Symbol)
	mux.HandleFunc("POST "+profilesPath+"symbol", pprof.Symbol) // As go tool pprof asks.
	mux.HandleFunc("GET "+profilesPath+"trace", pprof.Trace)
}
