// Package server is the exporter's HTTP side: pages of metrics with the deadline of a
// scrape, discovery, health, reload, configuration and landing page.
//
// It knows neither Rocket.Chat nor configuration files: a [Running] has all that it
// serves. TLS, authentication and listening are exporter-toolkit's.
package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	_ "net/http/pprof" //nolint:gosec // G108: http.DefaultServeMux is served where it is wanted alone.
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// The server's paths, apart from Options.MetricsPath.
const (
	landingPath   = "/"
	probePath     = "/probe"
	discoveryPath = "/sd"
	healthyPath   = "/-/healthy"
	readyPath     = "/-/ready"
	reloadPath    = "/-/reload"
	configPath    = "/config"
	profilesPath  = "/debug/pprof/"
)

// Options stay the same as long as the server runs. Exporter, MetricsPath, Now and
// Logger are required.
type Options struct {
	// Exporter holds the exporter's own metrics.
	Exporter *prometheus.Registry
	// MetricsPath is the path of the exporter's own metrics.
	MetricsPath string
	// TimeoutOffset is subtracted from the scraper's timeout.
	TimeoutOffset time.Duration
	// MaxRequests limits the scrapes of one workspace at a time. 0: no limit.
	MaxRequests int
	// Version is shown on the landing page.
	Version string
	// InstrumentHandler adds promhttp's metrics of the handler to Exporter. They count
	// the scrapes of all workspaces.
	InstrumentHandler bool
	// EnableProfiles serves the profiles of the Go runtime.
	EnableProfiles bool
	// Reload loads the configuration and replaces the running one. The client gets its
	// error. nil: no reload over HTTP.
	Reload func(ctx context.Context) error
	// Now is the clock of the landing page.
	Now func() time.Time
	// Logger gets pages that could not be served, and changes of the metrics page.
	Logger log.Logger
}

// Server handles all paths. It is safe for concurrent use. The http.Server that it runs
// in needs a ReadTimeout and a WriteTimeout; a scrape extends the latter.
type Server struct {
	options  Options
	running  atomic.Pointer[Running] // Never nil.
	handler  http.Handler
	inFlight sync.Map // The number of scrapes by workspace, so that one that hangs does not use up the server.
}

// New returns a server of the configuration. It fails if MetricsPath is not usable.
func New(options Options, running Running) (*Server, error) {
	if err := checkMetricsPath(options.MetricsPath); err != nil {
		return nil, err
	}
	s := &Server{options: options}
	s.running.Store(&running)
	s.handler = s.mux()
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if w.Header().Get("X-Frame-Options") == "" { // Else the web configuration file has set it.
		w.Header().Set("X-Frame-Options", "deny")
	}
	s.handler.ServeHTTP(w, r)
}

func (s *Server) mux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+landingPath+"{$}", s.landing)
	mux.Handle("GET "+s.options.MetricsPath, s.instrumented(s.metrics))
	mux.Handle("GET "+probePath, s.instrumented(s.probe))
	mux.HandleFunc("GET "+discoveryPath, s.discovery)
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }) // Browsers ask for it.
	mux.HandleFunc("GET "+configPath, s.config)
	mux.HandleFunc("GET "+healthyPath, func(w http.ResponseWriter, _ *http.Request) { writeText(w, "livechat_exporter is healthy.\n") })
	// The server starts after the configuration is loaded, so it is always ready.
	mux.HandleFunc("GET "+readyPath, func(w http.ResponseWriter, _ *http.Request) { writeText(w, "livechat_exporter is ready.\n") })
	reload := http.NewCrossOriginProtection().Handler(http.HandlerFunc(s.reload)) // A browser may reach what the author of a page cannot.
	mux.Handle("POST "+reloadPath, reload)
	mux.Handle("PUT "+reloadPath, reload)
	if s.options.EnableProfiles {
		mux.Handle(profilesPath, http.DefaultServeMux) // Which has nothing else.
	}
	return mux
}

// instrumented counts the requests of a page of metrics.
func (s *Server) instrumented(page http.HandlerFunc) http.Handler {
	if !s.options.InstrumentHandler {
		return page
	}
	return promhttp.InstrumentMetricHandler(s.options.Exporter, page)
}

// checkMetricsPath reports a path that the mux would not take, or that another page has.
func checkMetricsPath(metricsPath string) error {
	taken := []string{landingPath, probePath, discoveryPath, healthyPath, readyPath, reloadPath, configPath}
	if slices.Contains(taken, metricsPath) || strings.HasPrefix(metricsPath+"/", profilesPath) {
		return fmt.Errorf("the path of the metrics, %q, is taken by another page", metricsPath)
	}
	if !regexp.MustCompile(`^(/[A-Za-z0-9_.~-]+)+$`).MatchString(metricsPath) || path.Clean(metricsPath) != metricsPath {
		return fmt.Errorf("the path of the metrics, %q, must begin with a slash, may hold only letters, digits and /-_.~, and must have no empty, . or .. parts", metricsPath)
	}
	return nil
}

func writeText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, text) // An error means that the client has gone.
}
