package server_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestReload(t *testing.T) {
	bad := errors.New("config.yml:3: windows[0]: x\nconfig.yml:9: workspaces: y")
	for name, tt := range map[string]struct {
		method  string
		off     bool
		err     error
		headers []string
		status  int
		body    string
		called  bool
	}{
		"posted":      {method: http.MethodPost, status: 200, body: "The configuration was reloaded.\n", called: true},
		"put":         {method: http.MethodPut, status: 200, body: "The configuration was reloaded.\n", called: true},
		"failing":     {method: http.MethodPost, err: bad, status: 500, body: "the old one is still running:\nconfig.yml:3: windows[0]: x\nconfig.yml:9: workspaces: y\n", called: true},
		"off":         {method: http.MethodPost, off: true, status: 403, body: "--web.enable-lifecycle"},
		"put, off":    {method: http.MethodPut, off: true, status: 403, body: "--web.enable-lifecycle"},
		"fetched":     {method: http.MethodGet, status: 405},
		"headed":      {method: http.MethodHead, status: 405},
		"optioned":    {method: http.MethodOptions, status: 405},
		"own page":    {method: http.MethodPost, headers: []string{"Sec-Fetch-Site", "same-origin"}, status: 200, called: true},
		"typed":       {method: http.MethodPost, headers: []string{"Sec-Fetch-Site", "none"}, status: 200, called: true},
		"cross-site":  {method: http.MethodPost, headers: []string{"Sec-Fetch-Site", "cross-site"}, status: 403, body: "another origin"},
		"same-site":   {method: http.MethodPut, headers: []string{"Sec-Fetch-Site", "same-site"}, status: 403, body: "another origin"},
		"own origin":  {method: http.MethodPost, headers: []string{"Origin", "http://example.com"}, status: 200, called: true},
		"an origin":   {method: http.MethodPost, headers: []string{"Origin", "http://evil.example"}, status: 403, body: "another origin"},
		"null origin": {method: http.MethodPost, headers: []string{"Origin", "null"}, status: 403, body: "another origin"},
	} {
		t.Run(name, func(t *testing.T) {
			called := false
			h, _ := handler(t, func(s *setup) {
				s.Reload = func(context.Context) error {
					called = true
					return tt.err
				}
				if tt.off {
					s.Reload = nil
				}
			})
			status, header, body := get(t, h, tt.method, "/-/reload", tt.headers...)
			if status != tt.status || !strings.Contains(body, tt.body) || called != tt.called {
				t.Errorf("got %d and %q, called: %t; want %d, %q and %t", status, body, called, tt.status, tt.body, tt.called)
			}
			if status != 405 && !strings.HasPrefix(header.Get("Content-Type"), "text/plain") {
				t.Errorf("got Content-Type %q", header.Get("Content-Type"))
			}
		})
	}
}

func TestAReloadDoesNotEndWithItsRequest(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	h, _ := handler(t, func(s *setup) {
		s.Reload = func(ctx context.Context) error {
			cancel()
			return ctx.Err()
		}
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, "/-/reload", http.NoBody))
	if w.Code != 200 {
		t.Errorf("got %d and %s", w.Code, w.Body)
	}
}

// With hundreds of workspaces on a busy machine a reload takes longer than the server
// gives to the answers of other pages.
func TestTheAnswerToALongReloadHasTenSecondsToBeSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := handler(t, func(s *setup) {
			s.Reload = func(context.Context) error {
				time.Sleep(30 * time.Second)
				return nil
			}
		})
		w := &deadlines{ResponseRecorder: httptest.NewRecorder(), begin: time.Now()}
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/-/reload", http.NoBody))
		if w.Code != http.StatusOK || w.write != 40*time.Second {
			t.Errorf("got %d and a write deadline of %v, want 200 and 40 s", w.Code, w.write)
		}
	})
}
