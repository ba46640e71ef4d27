package server

import (
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Options are what the server needs. Workspace, Exporter, MetricsPath and Logger
// are required.
type Options struct {
	// Workspace is what /metrics asks.
	Workspace Workspace
	// Exporter holds the exporter's own metrics.
	Exporter *prometheus.Registry
	// MetricsPath is the path of the page of metrics. It begins with a slash
	// and is not one of the server's other paths.
	MetricsPath string
	// TimeoutOffset is taken off the scraper's timeout.
	TimeoutOffset time.Duration
	// Version is shown on the landing page.
	Version string
	// InstrumentHandler adds promhttp_metric_handler_requests_total,
	// _requests_in_flight and _errors_total to Exporter.
	InstrumentHandler bool
	// Logger is told of pages that could not be served.
	Logger log.Logger
}

// The server's other paths.
const (
	landingPath = "/"
	healthyPath = "/-/healthy"
	readyPath   = "/-/ready"
)

// New returns the handler of all paths. It fails if MetricsPath cannot be one.
func New(options Options) (http.Handler, error) {
	if err := checkMetricsPath(options.MetricsPath); err != nil {
		return nil, err
	}
	landing, err := landingPage(options)
	if err != nil {
		return nil, err
	}
	page := &metricsHandler{
		workspace: options.Workspace, exporter: options.Exporter, offset: options.TimeoutOffset, logger: options.Logger,
	}
	var metrics http.Handler = page
	if options.InstrumentHandler {
		page.errors = options.Exporter
		metrics = promhttp.InstrumentMetricHandler(options.Exporter, page)
	}

	mux := http.NewServeMux()
	mux.Handle("GET "+landingPath+"{$}", landing)
	mux.Handle("GET "+options.MetricsPath, metrics)
	mux.HandleFunc("GET "+healthyPath, answer("livechat_exporter is healthy.\n"))
	// There is a server only once a configuration has been loaded.
	mux.HandleFunc("GET "+readyPath, answer("livechat_exporter is ready.\n"))
	return mux, nil
}

// answer returns a handler of a fixed text.
func answer(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, text) // It fails only where nobody reads it.
	}
}

// checkMetricsPath fails if the path would not lead to the page of metrics.
func checkMetricsPath(metricsPath string) error {
	switch {
	case !strings.HasPrefix(metricsPath, "/") || path.Clean(metricsPath) != metricsPath:
		return fmt.Errorf("the path of the metrics, %q, must begin with a slash and have no empty, . or .. parts", metricsPath)
	case strings.ContainsFunc(metricsPath, func(r rune) bool {
		return !strings.ContainsRune("/-_.~", r) && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	}):
		return fmt.Errorf("the path of the metrics, %q, may hold only letters, digits and /-_.~", metricsPath)
	case slices.Contains([]string{landingPath, healthyPath, readyPath}, metricsPath):
		return fmt.Errorf("the path of the metrics, %q, is taken by another page", metricsPath)
	}
	return nil
}
