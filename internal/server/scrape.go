package server

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
)

const (
	// scrapeTimeoutHeader is what Prometheus sends with each scrape, in seconds.
	scrapeTimeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"
	// defaultScrapeTimeout is for requests without the header, as from a browser.
	defaultScrapeTimeout = 10 * time.Second
	// maxScrapeTimeout is longer than any scrape interval.
	maxScrapeTimeout = 24 * time.Hour
	// sendTimeout is how long a page may take to reach the client once it is complete.
	sendTimeout = 10 * time.Second
)

// metrics serves the exporter's own metrics. With exactly one workspace it serves that
// workspace's too, so that the usual setup needs one target.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	exporter := prometheus.ToTransactionalGatherer(s.options.Exporter)
	if workspace := s.running.Load().only(); workspace.Name != "" {
		s.scrape(w, r, workspace, exporter)
		return
	}
	s.writePage(w, r, exporter)
}

// scrape serves the metrics of a workspace, and then those of others. They are gathered
// in this order, so that the exporter's own metrics include this scrape.
func (s *Server) scrape(w http.ResponseWriter, r *http.Request, workspace NamedWorkspace, others ...prometheus.TransactionalGatherer) {
	timeout, err := scrapeTimeout(r.Header.Get(scrapeTimeoutHeader), s.options.TimeoutOffset)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	counter, _ := s.inFlight.LoadOrStore(workspace.Name, new(atomic.Int64))
	inFlight, _ := counter.(*atomic.Int64) // There are no others.
	defer inFlight.Add(-1)
	if limit := s.options.MaxRequests; inFlight.Add(1) > int64(limit) && limit > 0 {
		http.Error(w, fmt.Sprintf("%d requests for this workspace are being served, which is the limit (--web.max-requests)", limit),
			http.StatusServiceUnavailable)
		return
	}
	// The scrape may outlast the server's write timeout, at which HTTP/2 ends a stream
	// even if nothing is being written. The page sets a new deadline when it is complete.
	setWriteDeadline(w, time.Time{})
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	gatherers := append([]prometheus.TransactionalGatherer{workspace.Workspace.Scrape(ctx)}, others...)
	s.writePage(w, r, prometheus.NewMultiTRegistry(gatherers...))
}

// scrapeTimeout returns how long a scrape may take: the seconds of the header less the
// offset, or half of them if the offset is not smaller.
func scrapeTimeout(header string, offset time.Duration) (time.Duration, error) {
	if header == "" {
		return defaultScrapeTimeout, nil
	}
	seconds, err := strconv.ParseFloat(header, 64)
	if err != nil || math.IsNaN(seconds) || math.IsInf(seconds, 0) || seconds <= 0 {
		return 0, fmt.Errorf("%s must be a positive number of seconds", scrapeTimeoutHeader)
	}
	timeout := time.Duration(min(seconds, maxScrapeTimeout.Seconds()) * float64(time.Second))
	if timeout <= offset {
		return timeout / 2, nil
	}
	return timeout - offset, nil
}

// writePage gathers the metrics and writes them in the format that the client accepts.
func (s *Server) writePage(w http.ResponseWriter, r *http.Request, metrics prometheus.TransactionalGatherer) {
	errorLog := logFunc(func(v ...any) {
		logger := level.Error(s.options.Logger)
		if r.Context().Err() != nil { // The client has gone, which is no error of the exporter.
			logger = level.Debug(s.options.Logger)
		}
		logger.Log("msg", "The page of metrics was not served whole", "err", fmt.Sprint(v...))
	})
	options := promhttp.HandlerOpts{ErrorLog: errorLog, ErrorHandling: promhttp.HTTPErrorOnError, EnableOpenMetrics: true}
	if s.options.InstrumentHandler {
		options.Registry = s.options.Exporter
	}
	out := pageWriter{w, bufio.NewWriterSize(w, 32<<10)}
	promhttp.HandlerForTransactional(page{metrics, w}, options).ServeHTTP(out, r)
	if err := out.Flush(); err != nil {
		errorLog.Println("send the page:", err)
	}
}

// page sets the write deadline of its response when it is complete: a client that does not
// read must not hold its place among the requests.
type page struct {
	prometheus.TransactionalGatherer

	response http.ResponseWriter
}

// Gather implements prometheus.TransactionalGatherer.
func (p page) Gather() (families []*dto.MetricFamily, done func(), err error) {
	families, done, err = p.TransactionalGatherer.Gather()
	setWriteDeadline(p.response, time.Now().Add(sendTimeout))
	return families, done, err
}

// pageWriter sends a page in large pieces. Without it the encoder sends 4 KiB at a time:
// a page of 4,000 series then costs a tenth more CPU time.
type pageWriter struct {
	http.ResponseWriter
	*bufio.Writer
}

// Write implements io.Writer.
func (w pageWriter) Write(data []byte) (int, error) { return w.Writer.Write(data) }

type logFunc func(v ...any)

// Println implements promhttp.Logger.
func (l logFunc) Println(v ...any) { l(v...) }

// setWriteDeadline replaces the server's write timeout for one response; the zero time is
// no deadline. It does nothing if the writer has no deadlines, as in tests.
func setWriteDeadline(w http.ResponseWriter, deadline time.Time) {
	_ = http.NewResponseController(w).SetWriteDeadline(deadline)
}
