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

// pages writes pages of metrics.
type pages struct {
	exporter prometheus.Gatherer   // The exporter's own metrics.
	errors   prometheus.Registerer // Where to count pages that could not be served; may be nil.
	offset   time.Duration         // Taken off the scraper's timeout.
	limit    *requestLimit
	logger   log.Logger
	writers  pageWriters
}

// scrape writes the page of a workspace, and after its metrics those of others, if
// any: by the time these are read they have seen this scrape. There is no registry for
// the workspace's, because it has nothing to add to them: they are valid and in order.
func (p *pages) scrape(w http.ResponseWriter, r *http.Request, workspace NamedWorkspace, others ...prometheus.Gatherer) {
	available, err := scrapeTime(r.Header, p.offset)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !p.limit.begin(workspace.Name) {
		http.Error(w, fmt.Sprintf("%d requests for this workspace are being served, which is the limit (--web.max-requests)", p.limit.most),
			http.StatusServiceUnavailable)
		return
	}
	defer p.limit.end(workspace.Name)
	boundConnection(w, r, time.Now().Add(available+sendTime))
	ctx, cancel := context.WithTimeout(r.Context(), available)
	defer cancel()

	page := []prometheus.TransactionalGatherer{workspace.Workspace.Scrape(ctx)}
	for _, other := range others {
		page = append(page, prometheus.ToTransactionalGatherer(other))
	}
	p.write(w, r, prometheus.NewMultiTRegistry(page...))
}

// own writes the page of the exporter's own metrics alone.
func (p *pages) own(w http.ResponseWriter, r *http.Request) {
	boundConnection(w, r, time.Now().Add(sendTime))
	p.write(w, r, prometheus.ToTransactionalGatherer(p.exporter))
}

// write writes what is gathered, in the format that the client asks for.
func (p *pages) write(w http.ResponseWriter, r *http.Request, metrics prometheus.TransactionalGatherer) {
	errors := errorLog{r.Context(), p.logger}
	out := p.writers.begin(w)
	promhttp.HandlerForTransactional(metrics, promhttp.HandlerOpts{
		ErrorLog:          errors,
		ErrorHandling:     promhttp.HTTPErrorOnError,
		Registry:          p.errors,
		EnableOpenMetrics: true,
	}).ServeHTTP(out, r)
	if err := p.writers.end(out); err != nil {
		errors.Println("send the page:", err)
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
