package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestEveryAnswerHasTheSecurityHeaders(t *testing.T) {
	h, _ := handler(t, nil)
	for _, path := range []string{"/", "/metrics", "/probe?target=main", "/probe", "/sd", "/config", "/-/healthy", "/-/reload", "/nothing"} {
		_, header, _ := get(t, h, http.MethodGet, path)
		for name, want := range map[string]string{
			"Content-Security-Policy":      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options":       "nosniff",
			"X-Frame-Options":              "deny",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Cache-Control":                "no-store",
		} {
			if got := header.Get(name); !strings.HasPrefix(got, want) {
				t.Errorf("%s: got %s %q, want %q", path, name, got, want)
			}
		}
	}
}

// exporter-toolkit sets them before it calls the handler.
func TestTheHeadersOfTheWebConfigurationStay(t *testing.T) {
	h, _ := handler(t, nil)
	for _, path := range []string{"/", "/metrics"} {
		w := httptest.NewRecorder()
		w.Header().Set("X-Frame-Options", "sameorigin")
		w.Header().Set("Content-Security-Policy", "frame-ancestors 'self'")
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		if got := w.Header(); got.Get("X-Frame-Options") != "sameorigin" || got.Get("Content-Security-Policy") != "frame-ancestors 'self'" {
			t.Errorf("%s: got %v", path, got)
		}
	}
}
