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

// sendTime is how long, after the end of its scrape, a page may take to reach its
// reader, and the body of a request, which nobody reads, to arrive.
const sendTime = 10 * time.Second

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
	boundConnection(w, r, time.Now().Add(available+sendTime))
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

// boundConnection ends what waits for the client at the deadline: a client that does
// not read, or does not send the body that it announced, must not hold a goroutine
// for good. Without a body the only read is the one that notices a client that goes
// away, and that one may wait. A writer that has no deadlines has no such client.
func boundConnection(w http.ResponseWriter, r *http.Request, deadline time.Time) {
	controller := http.NewResponseController(w)
	_ = controller.SetWriteDeadline(deadline)
	if r.ContentLength != 0 {
		_ = controller.SetReadDeadline(deadline)
	}
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
