package server

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // For the page and its style.
	"encoding/base64"
	"html/template"
	"net/http"

	"github.com/go-kit/log/level"
)

var (
	//go:embed landing.html
	landingHTML string
	//go:embed landing.css
	landingCSS string
)

// landing is the page for whoever opens the exporter in a browser.
type landing struct {
	page *template.Template
	// policy allows the page its own style and nothing else.
	policy string
}

func newLanding() *landing {
	digest := sha256.Sum256([]byte(landingCSS))
	return &landing{
		page:   template.Must(template.New("landing").Parse(landingHTML)),
		policy: contentPolicy + "; style-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'",
	}
}

// landingPage serves links, and how each workspace stands. It asks none of them.
func (s *Server) landingPage(w http.ResponseWriter, _ *http.Request) {
	var page bytes.Buffer // So that a page comes whole or not at all.
	if err := s.landing.page.Execute(&page, s.landingView()); err != nil {
		_ = level.Error(s.options.Logger).Log("msg", "The landing page was not served", "err", err)
		http.Error(w, "the page could not be made: the log says why", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	if header.Get(contentPolicyHeader) == contentPolicy { // Not one that the web configuration file sets.
		header.Set(contentPolicyHeader, s.landing.policy)
	}
	_, _ = page.WriteTo(w) // It fails only where nobody reads it.
}
