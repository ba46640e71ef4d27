package e2e

import (
	"encoding/json"
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

// labels are those of a series in Prometheus' HTTP API, the metric's name included.
type labels map[string]string

// series leaves out the labels that say which target was scraped.
func (l labels) series() string {
	pairs := make([]string, 0, 2*len(l))
	for name, value := range l {
		switch name {
		case "__name__", "job", "instance":
		default:
			pairs = append(pairs, name, value)
		}
	}
	return series(l["__name__"], pairs...)
}

// point is a sample of Prometheus' HTTP API: [seconds since the epoch, "value"].
type point struct {
	at    int64 // milliseconds since the epoch
	value float64
}

func (p *point) UnmarshalJSON(data []byte) error {
	var seconds float64
	var value string
	if err := json.Unmarshal(data, &[]any{&seconds, &value}); err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	number, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	p.at, p.value = int64(math.Round(seconds*1000)), number
	return nil
}

// ask asks an endpoint of Prometheus' HTTP API for its data.
func (p *prometheus) ask(t *testing.T, endpoint, parameter, value string, data any) {
	t.Helper()
	address := url.URL{Scheme: "http", Host: p.address, Path: "/api/v1/" + endpoint, RawQuery: url.Values{parameter: {value}}.Encode()}
	status, body, err := get(t.Context(), http.DefaultClient, address.String())
	if err != nil {
		t.Fatal(err)
	}
	answer := struct{ Data any }{data}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK {
		t.Fatalf("%s: status %d, error %v; body:\n%s", address.String(), status, err, body)
	}
}

// now are the values that a PromQL selector has now.
func (p *prometheus) now(t *testing.T, selector string) values {
	t.Helper()
	var vector struct {
		Result []struct {
			Metric labels
			Value  point
		}
	}
	p.ask(t, "query", "query", selector, &vector)
	found := make(values, len(vector.Result))
	for _, s := range vector.Result {
		found[s.Metric.series()] = s.Value.value
	}
	return found
}

// ever are the series that a selector has had.
func (p *prometheus) ever(t *testing.T, selector string) []string {
	t.Helper()
	var found []labels
	p.ask(t, "series", "match[]", selector, &found)
	names := make([]string, len(found))
	for i, l := range found {
		names[i] = l.series()
	}
	slices.Sort(names)
	return names
}

// scraped is a page as Prometheus stored it.
type scraped struct {
	at     time.Time // when the scrape began
	values values
}

// pages are all scrapes of a job so far, in order, those without an answer too: up
// has a sample of each.
func (p *prometheus) pages(t *testing.T, job string) []scraped {
	t.Helper()
	var matrix struct {
		Result []struct {
			Metric labels
			Values []point
		}
	}
	p.ask(t, "query", "query", fmt.Sprintf("{job=%q}[1h]", job), &matrix)
	byTime := make(map[int64]values)
	for _, s := range matrix.Result {
		for _, v := range s.Values {
			if byTime[v.at] == nil {
				byTime[v.at] = make(values)
			}
			byTime[v.at][s.Metric.series()] = v.value
		}
	}
	list := make([]scraped, 0, len(byTime))
	for _, at := range slices.Sorted(maps.Keys(byTime)) {
		list = append(list, scraped{at: time.UnixMilli(at).UTC(), values: byTime[at]})
	}
	return list
}
