package server

import (
	"fmt"
	"net/http"

	"github.com/prometheus/exporter-toolkit/web"
)

// landingPage returns the page for whoever opens the exporter in a browser. The
// template does not escape what it is given, so that this must be fixed text or
// checked before.
func landingPage(options Options) (http.Handler, error) {
	page, err := web.NewLandingPage(web.LandingConfig{
		Name:        "livechat_exporter",
		Description: "Abandoned chats of a Rocket.Chat workspace, per department and window.",
		Version:     options.Version,
		Profiling:   "false",
		Links: []web.LandingLinks{
			{Address: options.MetricsPath, Text: "Metrics", Description: "asks the workspace"},
			{Address: healthyPath, Text: "Healthy", Description: "the process lives"},
			{Address: readyPath, Text: "Ready", Description: "a configuration is loaded"},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("make the landing page: %w", err)
	}
	return page, nil
}
