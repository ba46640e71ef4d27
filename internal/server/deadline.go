package server

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// scrapeTimeoutHeader is what Prometheus sends with each scrape, in seconds.
const scrapeTimeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"

const (
	// defaultScrapeTimeout is for a request without the header: a person's, or
	// a scraper's other than Prometheus.
	defaultScrapeTimeout = 10 * time.Second
	// maxScrapeTimeout keeps a header from asking for more than any scrape
	// interval is.
	maxScrapeTimeout = 24 * time.Hour
)

// scrapeTime returns how long the scrape may take: what the scraper waits for,
// less the offset that the page needs to be written and sent. Where that leaves
// nothing it is half of what the scraper waits for.
func scrapeTime(header http.Header, offset time.Duration) (time.Duration, error) {
	text := header.Get(scrapeTimeoutHeader)
	if text == "" {
		return defaultScrapeTimeout, nil
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(seconds) || math.IsInf(seconds, 0) || seconds <= 0 {
		return 0, fmt.Errorf("%s must be a positive number of seconds", scrapeTimeoutHeader)
	}
	timeout := time.Duration(min(seconds, maxScrapeTimeout.Seconds()) * float64(time.Second))
	if timeout <= offset {
		return timeout / 2, nil
	}
	return timeout - offset, nil
}
