package server

import "net/http"

// None of the pages runs a script, loads anything, sends a form or belongs in a
// frame.
const (
	contentPolicyHeader = "Content-Security-Policy"
	contentPolicy       = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// withSecurityHeaders adds to every answer the headers that keep browsers from
// making more of it than it is. What the web configuration file sets, stays.
func withSecurityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			contentPolicyHeader:            contentPolicy,
			"X-Frame-Options":              "deny",
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Cache-Control":                "no-store",
		} {
			if header := w.Header(); header.Get(name) == "" {
				header.Set(name, value)
			}
		}
		next.ServeHTTP(w, r)
	})
}
