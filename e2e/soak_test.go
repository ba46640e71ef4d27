package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var soakFor = flag.Duration("soak", 30*time.Second, "how long TestSoak lets workspaces fail at random")

// soakInterval is how often each workspace is scraped.
const soakInterval = 5 * time.Second

// Two hundred workspaces fail at random, under constant scrapes and reloads. Every page
// has the numbers of its own workspace and of no other, and those without failures are
// always complete. In the end, without failures and connections, the exporter uses no
// more memory and goroutines than earlier.
func TestSoak(t *testing.T) {
	t.Parallel()
	var strayed atomic.Int64
	another := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed.Add(1) }))
	defer another.Close()
	s := &soak{
		fleet:    startFleet(t, another.URL),
		exporter: startExporter(t, "workspaces: {main: {url: http://127.0.0.1, user_id: x, auth_token: x}}", "--web.enable-lifecycle", "--web.enable-pprof"),
		client:   &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: fleetSize}},
	}
	s.reload(t)
	early := s.run(t, *soakFor/2) // Memory grows to the size that the work needs.
	late := s.run(t, *soakFor/2)
	t.Logf("%d pages, %d lost, %d reloads", s.pages.Load(), s.lost.Load(), s.generation)
	if s.lost.Load() > s.pages.Load()/20 {
		t.Error("too many pages were lost")
	}
	late.wantNotMoreThan(t, early)
	if n := strayed.Load(); n > 0 {
		t.Errorf("%d requests went to another host", n)
	}
	if n := s.wrong.Load(); n > 0 {
		t.Errorf("%d pages were wrong", n)
	}
}

// soak is the state of the test.
type soak struct {
	fleet      *fleet
	exporter   *exporter
	client     *http.Client
	generation int

	pages, lost, wrong atomic.Int64
}

// run scrapes and reloads while workspaces fail, then ends the failures, waits until
// every page is complete, and returns what the exporter uses.
func (s *soak) run(t *testing.T, lasts time.Duration) usage {
	t.Helper()
	ctx, end := context.WithTimeout(t.Context(), lasts)
	defer end()
	var scrapes sync.WaitGroup
	for i, m := range s.fleet.members {
		scrapes.Go(func() { s.scrapeRegularly(ctx, t, m, soakInterval*time.Duration(i)/fleetSize) })
	}
	reloads := time.NewTicker(min(time.Minute, lasts/4))
	defer reloads.Stop()
	changes := time.NewTicker(min(soakInterval, lasts/10))
	defer changes.Stop()
	reports := time.NewTicker(time.Minute)
	defer reports.Stop()
	for ctx.Err() == nil {
		select {
		case <-changes.C:
			s.fleet.changeFaults(t)
		case <-reloads.C:
			s.generation++
			s.reload(t)
		case <-reports.C:
			t.Logf("%d pages: %s", s.pages.Load(), s.exporter.usage(t))
		case <-ctx.Done():
		}
	}
	scrapes.Wait()
	s.fleet.endFaults(t)
	for _, m := range s.fleet.members {
		eventually(t, "the page of "+m.name, func() error {
			page, err := s.scrape(t.Context(), m)
			if err != nil {
				return err
			}
			if err = m.checkOwn(page); err != nil {
				t.Fatal(err)
			}
			err = m.checkComplete(page)
			for s, success := range page.metric("livechat_refresh_success") {
				if success != 1 {
					err = fmt.Errorf("%s is %v", s, success)
				}
			}
			return err
		})
	}
	s.client.CloseIdleConnections()
	s.fleet.endFaults(t) // And all connections.
	return s.exporter.usageAtRest(t)
}

// scrapeRegularly scrapes a workspace until the context ends and counts wrong pages.
func (s *soak) scrapeRegularly(ctx context.Context, t *testing.T, m *member, offset time.Duration) {
	t.Helper()
	next := time.NewTimer(offset)
	defer next.Stop()
	wasComplete := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
			next.Reset(soakInterval)
		}
		page, err := s.scrape(context.WithoutCancel(ctx), m)
		if _, ok := errors.AsType[*url.Error](err); ok { // The exporter disconnects clients that are slow, as on a busy machine.
			s.lost.Add(1)
			continue
		}
		if err == nil {
			err = m.checkOwn(page)
			incomplete := m.checkComplete(page)
			if err == nil && m.spared && wasComplete {
				err = incomplete
			}
			wasComplete = wasComplete || incomplete == nil
		}
		if err != nil && s.wrong.Add(1) < 10 { // The first ones are enough to read.
			t.Errorf("%s: %v", m.name, err)
		}
	}
}

// scrape returns the page of a workspace as Prometheus gets it.
func (s *soak) scrape(ctx context.Context, m *member) (values, error) {
	status, body, err := get(ctx, s.client, s.exporter.url+"/probe?target="+m.name, "X-Prometheus-Scrape-Timeout-Seconds", fmt.Sprint(soakInterval.Seconds()))
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("status %d: %s", status, body)
	}
	if err != nil {
		return nil, err
	}
	s.pages.Add(1)
	return parsePage(callMetrics.ReplaceAllString(body, ""))
}

// reload loads the configuration of the generation. Every fourth time a wrong one comes
// first, which must change nothing.
func (s *soak) reload(t *testing.T) {
	t.Helper()
	if s.generation%4 == 3 {
		s.exporter.configure(t, "workspaces: {ws000: {url: nowhere}}\n")
		if status, body := s.exporter.reload(t, http.MethodPost); status != http.StatusInternalServerError {
			t.Errorf("a wrong configuration: got status %d and %s", status, body)
		}
	}
	s.exporter.configure(t, toJSON(t, s.fleet.config(s.generation)))
	if status, body := s.exporter.reload(t, http.MethodPost); status != http.StatusOK {
		t.Fatalf("reload: got status %d and %s", status, body)
	}
}

// usage is what the exporter uses, by its own metrics.
type usage struct{ goroutines, descriptors, heap, resident float64 }

func (u usage) String() string {
	const mebi = 1 << 20
	return fmt.Sprintf("%v goroutines, %v file descriptors, %.1f MiB of heap, %.1f MiB resident", u.goroutines, u.descriptors, u.heap/mebi, u.resident/mebi)
}

func (e *exporter) usage(t *testing.T) usage {
	t.Helper()
	page := e.page(t)
	return usage{
		page.get(t, "go_goroutines"), page.get(t, "process_open_fds"),
		page.get(t, "go_memstats_heap_alloc_bytes"), page.get(t, "process_resident_memory_bytes"),
	}
}

// usageAtRest waits until scrapes, calls and connections have ended, collects garbage,
// and returns the usage. No workspace has a goroutine then.
func (e *exporter) usageAtRest(t *testing.T) usage {
	t.Helper()
	const few = 30
	eventually(t, "few goroutines and connections", func() error {
		if u := e.usage(t); u.goroutines > few || u.descriptors > few {
			return fmt.Errorf("got %s", u)
		}
		return nil
	})
	for range 2 { // A sync.Pool is empty after the second collection.
		if status, body, err := get(t.Context(), http.DefaultClient, e.url+"/debug/pprof/heap?gc=1"); err != nil || status != http.StatusOK {
			t.Fatalf("collect garbage: status %d, error %v, %s", status, err, body)
		}
	}
	u := e.usage(t)
	t.Logf("at rest: %s", u)
	return u
}

// wantNotMoreThan compares with the usage at rest of an earlier time. Go returns memory to
// the system late, and native histograms get a bucket for each new duration.
func (u usage) wantNotMoreThan(t *testing.T, early usage) {
	t.Helper()
	if u.goroutines > early.goroutines+5 || u.descriptors > early.descriptors+5 || u.heap > early.heap*1.2+2<<20 || u.resident > early.resident*1.5+20<<20 {
		t.Errorf("got %s; earlier it was %s", u, early)
	}
}
