package server_test

import (
	"net/http"
	"testing"
)

func TestProfilesAreServedIfAskedFor(t *testing.T) {
	for _, enabled := range []bool{false, true} {
		h, _ := handler(t, func(s *setup) { s.EnableProfiles = enabled })
		for _, request := range [][2]string{
			{http.MethodGet, "/debug/pprof/"},
			{http.MethodGet, "/debug/pprof/heap"},
			{http.MethodGet, "/debug/pprof/goroutine?debug=1"},
			{http.MethodGet, "/debug/pprof/cmdline"},
			{http.MethodGet, "/debug/pprof/symbol"},
			{http.MethodPost, "/debug/pprof/symbol"},
			{http.MethodGet, "/debug/pprof/trace?seconds=0.01"},
		} {
			want := 404
			if enabled {
				want = 200
			}
			if status, _, body := get(t, h, request[0], request[1]); status != want {
				t.Errorf("enabled %t, %v: got %d and %.200s, want %d", enabled, request, status, body, want)
			}
		}
	}
}
