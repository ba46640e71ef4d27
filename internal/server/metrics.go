package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Workspace makes a collector for one scrape, which ends when ctx does.
type Workspace interface {
	Scrape(ctx context.Context) prometheus.Collector
}

// metricsHandler serves the workspace's page together with the exporter's own
// metrics.
type metricsHandler struct {
	workspace Workspace
	exporter  prometheus.Gatherer
	errors    prometheus.Registerer // Where to count pages that could not be served; may be nil.
	offset    time.Duration
	logger    log.Logger
}

// ServeHTTP implements http.Handler. The page is made anew for each request: the
// collector has the request's deadline, and a registry for itself.
func (h *metricsHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	available, err := scrapeTime(r.Header, h.offset)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), available)
	defer cancel()

	page := prometheus.NewRegistry()
	page.MustRegister(h.workspace.Scrape(ctx))
	// The workspace first: by the time the exporter's own metrics are read they
	// have seen this scrape.
	promhttp.HandlerFor(prometheus.Gatherers{page, h.exporter}, promhttp.HandlerOpts{
		ErrorLog:          errorLog{r.Context(), h.logger},
		ErrorHandling:     promhttp.HTTPErrorOnError,
		Registry:          h.errors,
		EnableOpenMetrics: true,
	}).ServeHTTP(w, r)
}

// errorLog hands promhttp's errors to our logger.
type errorLog struct {
	request context.Context //nolint:containedctx // Println has no parameter for it.
	logger  log.Logger
}

// Println implements promhttp.Logger. A scraper that hangs up is no error of ours.
func (l errorLog) Println(v ...any) {
	logger := level.Error(l.logger)
	if l.request.Err() != nil {
		logger = level.Debug(l.logger)
	}
	_ = logger.Log("msg", "The page of metrics was not served whole", "err", fmt.Sprint(v...))
}
