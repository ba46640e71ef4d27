package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"
)

// scrapeInterval is short, so that tests see many pages soon.
const scrapeInterval = time.Second

// prometheus is a Prometheus server.
type prometheus struct {
	*process

	url string
}

// job is an entry of scrape_configs.
type job map[string]any

// scrape is the job of an exporter, with a target for each value of the label instance.
func scrape(name, address string, instances ...string) job {
	targets := []map[string]any{{"targets": []string{address}}}
	if len(instances) > 0 {
		targets = nil
	}
	for _, instance := range instances {
		targets = append(targets, map[string]any{"targets": []string{address}, "labels": map[string]string{"instance": instance}})
	}
	return job{"job_name": name, "static_configs": targets}
}

// with adds keys to the job.
func (j job) with(keys map[string]any) job {
	maps.Copy(j, keys)
	return j
}

func startPrometheus(t *testing.T, jobs ...job) *prometheus {
	t.Helper()
	return startPrometheusWith(t, t.TempDir(), map[string]any{"scrape_configs": jobs})
}

// startPrometheusWith starts Prometheus on a folder of data, which may have old samples,
// with a configuration and short intervals, and waits until it is ready.
func startPrometheusWith(t *testing.T, folder string, config map[string]any) *prometheus {
	t.Helper()
	return launchPrometheus(t, config, "--storage.tsdb.path="+folder, "--storage.tsdb.retention.time=100y")
}

// launchPrometheus starts Prometheus with a configuration, short intervals and flags.
func launchPrometheus(t *testing.T, config map[string]any, flags ...string) *prometheus {
	t.Helper()
	config["global"] = map[string]any{
		"scrape_interval": scrapeInterval.String(), "scrape_timeout": scrapeInterval.String(), "evaluation_interval": scrapeInterval.String(),
	}
	p := &prometheus{process: start(
		t, programs.prometheus,
		append(
			flags,
			"--config.file="+writeJSON(t, "prometheus.yml", config),
			"--web.listen-address=127.0.0.1:0",
			// Otherwise the first scrape waits 5 seconds for more targets.
			"--scrape.discovery-reload-interval=100ms",
		)...,
	)}
	p.url = "http://" + p.address(t)
	waitUntilReady(t, p.url)
	return p
}

// waitUntilReady waits for the page /-/ready of Prometheus or Alertmanager.
func waitUntilReady(t *testing.T, server string) {
	t.Helper()
	eventually(t, server+" is ready", func() error {
		status, body, err := get(t.Context(), http.DefaultClient, server+"/-/ready")
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("status %d: %s", status, body)
		}
		return err
	})
}

// labels are those of a series in Prometheus' HTTP API, the metric's name included.
type labels map[string]string

// series writes the series without the labels of its target.
func (l labels) series() string {
	var pairs []string
	for name, value := range l {
		if name != "__name__" && name != "job" && name != "instance" {
			pairs = append(pairs, name, value)
		}
	}
	return series(l["__name__"], pairs...)
}

// point is a sample of Prometheus' HTTP API: [seconds since the epoch, "value"].
type point struct {
	at    int64 // Milliseconds since the epoch.
	value float64
}

func (p *point) UnmarshalJSON(data []byte) error {
	var seconds float64
	var value string
	if err := json.Unmarshal(data, &[]any{&seconds, &value}); err != nil {
		return err
	}
	number, err := strconv.ParseFloat(value, 64)
	p.at, p.value = int64(math.Round(seconds*1000)), number
	return err
}

// result is an element of a vector (Value) or of a matrix (Values).
type result struct {
	Metric labels
	Value  *point
	Values []point
}

// api calls an endpoint of Prometheus' HTTP API. The error is Prometheus' own.
func (p *prometheus) api(t *testing.T, endpoint string, parameters url.Values, data any) error {
	t.Helper()
	_, body, err := get(t.Context(), http.DefaultClient, p.url+"/api/v1/"+endpoint+"?"+parameters.Encode())
	answer := struct {
		Data  any
		Error string
	}{Data: data}
	if err == nil {
		err = json.Unmarshal([]byte(body), &answer)
	}
	if err != nil {
		t.Fatalf("%s: %v; body:\n%s", endpoint, err, body)
	}
	if answer.Error != "" {
		return errors.New(answer.Error)
	}
	return nil
}

// query evaluates an expression to a vector or a matrix. More parameters follow as pairs
// of name and value.
func (p *prometheus) query(t *testing.T, endpoint, expr string, parameters ...string) []result {
	t.Helper()
	values := url.Values{"query": {expr}}
	for pair := range slices.Chunk(parameters, 2) {
		values.Set(pair[0], pair[1])
	}
	var answer struct{ Result []result }
	if err := p.api(t, endpoint, values, &answer); err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	return answer.Result
}

// now evaluates an expression to a vector.
func (p *prometheus) now(t *testing.T, expr string) values {
	t.Helper()
	found := make(values)
	for _, r := range p.query(t, "query", expr) {
		found[r.Metric.series()] = r.Value.value
	}
	return found
}

// stored are all series that a selector has had.
func (p *prometheus) stored(t *testing.T, selector string) []string {
	t.Helper()
	var found []labels
	if err := p.api(t, "series", url.Values{"match[]": {selector}}, &found); err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(found))
	for i, l := range found {
		names[i] = l.series()
	}
	slices.Sort(names)
	return names
}

// scrapedPage is a page as Prometheus stored it.
type scrapedPage struct {
	at     time.Time // When the scrape began.
	values values
}

// pages are all scrapes of a job so far in order, the failed ones included: each has a
// sample of up.
func (p *prometheus) pages(t *testing.T, job string) []scrapedPage {
	t.Helper()
	byTime := make(map[int64]values)
	for _, r := range p.query(t, "query", fmt.Sprintf("{job=%q}[1h]", job)) {
		for _, v := range r.Values {
			if byTime[v.at] == nil {
				byTime[v.at] = make(values)
			}
			byTime[v.at][r.Metric.series()] = v.value
		}
	}
	var list []scrapedPage
	for _, at := range slices.Sorted(maps.Keys(byTime)) {
		list = append(list, scrapedPage{at: time.UnixMilli(at).UTC(), values: byTime[at]})
	}
	return list
}

// becomes waits until a series has a value.
func (p *prometheus) becomes(t *testing.T, series string, value float64) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s is %v", series, value), func() error {
		if got, ok := p.now(t, series)[series]; !ok || got != value {
			return fmt.Errorf("got %v, exists: %t", got, ok)
		}
		return nil
	})
}

// waitForScrapes waits for n more scrapes of a job and returns the last one.
func (p *prometheus) waitForScrapes(t *testing.T, job string, n int) scrapedPage {
	t.Helper()
	before := len(p.pages(t, job))
	var pages []scrapedPage
	eventually(t, fmt.Sprintf("%d scrapes of %s", n, job), func() error {
		if pages = p.pages(t, job); len(pages) < before+n {
			return fmt.Errorf("got %d", len(pages)-before)
		}
		return nil
	})
	return pages[len(pages)-1]
}

// waitForAnswers waits for a page of the job "livechat" on which the answers of all
// windows were requested after a time. On a busy machine a call can take longer than
// the scrape that started it.
func (p *prometheus) waitForAnswers(t *testing.T, after time.Time, windows ...string) scrapedPage {
	t.Helper()
	var page scrapedPage
	eventually(t, "new answers of all windows", func() error {
		pages := p.pages(t, "livechat")
		if len(pages) == 0 {
			return errors.New("no scrape yet")
		}
		page = pages[len(pages)-1]
		for _, window := range windows {
			if at, ok := page.values[refresh("timestamp_seconds", window)]; !ok || !timeOf(at).After(after) {
				return fmt.Errorf("window %s: requested at %v, exists: %t, want after %v", window, timeOf(at), ok, after)
			}
		}
		return nil
	})
	return page
}
