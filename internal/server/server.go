package server

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Options are what the server needs for as long as it runs. Exporter, MetricsPath,
// Now and Logger are required.
type Options struct {
	// Exporter holds the exporter's own metrics.
	Exporter *prometheus.Registry
	// MetricsPath is the path of the page of the exporter's own metrics. It
	// begins with a slash and is not one of the server's other paths.
	MetricsPath string
	// TimeoutOffset is taken off the scraper's timeout.
	TimeoutOffset time.Duration
	// MaxRequests is how many requests for one workspace are served at once; no
	// limit where it is 0.
	MaxRequests int
	// Version is shown on the landing page.
	Version string
	// InstrumentHandler adds promhttp_metric_handler_requests_total,
	// _requests_in_flight and _errors_total to Exporter. They count the scrapes of
	// workspaces too.
	InstrumentHandler bool
	// EnableProfiles serves the profiles of the Go runtime.
	EnableProfiles bool
	// Reload loads the configuration anew and replaces the running one. Its error
	// is shown to the client. Where it is nil nobody can reload over HTTP.
	Reload func(ctx context.Context) error
	// Now is the clock.
	Now func() time.Time
	// Logger is told of pages that could not be served, and of what a new
	// configuration changes on them.
	Logger log.Logger
}

// Server is the handler of all paths. It is safe for concurrent use.
type Server struct {
	options Options
	running atomic.Pointer[Running] // Ordered, and never nil.
	pages   *pages
	landing *landing
	handler http.Handler
}

// New returns a server of a configuration. It fails if MetricsPath cannot be one.
func New(options Options, running Running) (*Server, error) {
	if err := checkMetricsPath(options.MetricsPath); err != nil {
		return nil, err
	}
	s := &Server{
		options: options,
		pages: &pages{
			exporter: options.Exporter, offset: options.TimeoutOffset, limit: newRequestLimit(options.MaxRequests), logger: options.Logger,
		},
		landing: newLanding(),
	}
	if options.InstrumentHandler {
		s.pages.errors = options.Exporter
	}
	s.running.Store(ordered(running))
	s.handler = withSecurityHeaders(s.mux())
	return s, nil
}

// mux returns the handler of each path.
func (s *Server) mux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+landingPath+"{$}", s.landingPage)
	mux.Handle("GET "+s.options.MetricsPath, s.instrumented(s.metrics))
	mux.Handle("GET "+probePath, s.instrumented(s.probe))
	mux.HandleFunc("GET "+discoveryPath, s.discovery)
	mux.HandleFunc("GET "+healthyPath, text("livechat_exporter is healthy.\n"))
	// There is a server only once a configuration has been loaded.
	mux.HandleFunc("GET "+readyPath, text("livechat_exporter is ready.\n"))
	for _, method := range []string{http.MethodPost, http.MethodPut} {
		mux.Handle(method+" "+reloadPath, sameOrigin(http.HandlerFunc(s.reload)))
	}
	mux.HandleFunc("GET "+configPath, s.config)
	if s.options.EnableProfiles {
		handleProfiles(mux)
	}
	return mux
}

// instrumented counts the requests for a page of metrics, if that is wanted.
func (s *Server) instrumented(page http.HandlerFunc) http.Handler {
	if !s.options.InstrumentHandler {
		return page
	}
	return promhttp.InstrumentMetricHandler(s.options.Exporter, page)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.handler.ServeHTTP(w, r)
}
