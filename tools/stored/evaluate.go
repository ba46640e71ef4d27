package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	day = 24 * time.Hour
	// step is the distance of two evaluations: less than the 5 minutes that Prometheus
	// looks back for a sample.
	step = 4 * time.Minute
	// recently and weeks are how far back rules are evaluated: so far those that read only
	// what was scraped, with which dashboards and other rules compare.
	recently, weeks = day + 2*time.Hour, 3*7*day + day + 2*time.Hour
)

// storage is a data folder of Prometheus.
type storage struct {
	promtool, prometheus, folder string
}

// add stores a text of the OpenMetrics format.
func (s storage) add(ctx context.Context, file string) error {
	command := exec.CommandContext(ctx, s.promtool, "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=720h", "--quiet", file, s.folder)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("store %s: %w\n%s", file, err, output)
	}
	return nil
}

// evaluate stores what rules that read nothing of each other give.
func (s storage) evaluate(ctx context.Context, rules []rule, p period) error {
	address, stop, err := s.start(ctx)
	if err != nil {
		return err
	}
	defer stop()
	file, err := os.CreateTemp("", "recorded-*.om")
	if err != nil {
		return err
	}
	defer func() {
		_ = file.Close()
		_ = os.Remove(file.Name())
	}()
	out := bufio.NewWriter(file)
	for _, r := range rules {
		found, err := p.query(ctx, address, r.Expr)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Record+r.Alert, err)
		}
		for _, series := range found {
			r.write(out, p, series)
		}
	}
	fmt.Fprintln(out, "# EOF")
	if err := out.Flush(); err != nil {
		return err
	}
	return s.add(ctx, file.Name())
}

// period is when rules are evaluated.
type period struct{ from, to time.Time }

// found is a series of an answer.
type found struct {
	Metric map[string]string
	Values [][2]any
}

func (p period) query(ctx context.Context, address, expr string) ([]found, error) {
	form := url.Values{
		"query": {expr}, "step": {strconv.Itoa(int(step.Seconds()))},
		"start": {p.from.Format(time.RFC3339)}, "end": {p.to.Format(time.RFC3339)},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/api/v1/query_range", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Error string
		Data  struct{ Result []found }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	if answer.Error != "" {
		return nil, fmt.Errorf("%s", answer.Error) //nolint:err113 // It is Prometheus' own text.
	}
	return answer.Data.Result, nil
}

// write writes what a rule makes of a series: its samples, or when its alert fires and
// since when, as Prometheus does.
func (r rule) write(out io.Writer, p period, series found) {
	labels := maps.Clone(series.Metric)
	delete(labels, "__name__")
	maps.Copy(labels, r.Labels)
	name := r.Record
	if r.Alert != "" {
		name, labels["alertname"] = "ALERTS_FOR_STATE", r.Alert
	}
	var text strings.Builder
	for i, label := range slices.Sorted(maps.Keys(labels)) {
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, "%s=%q", label, labels[label])
	}
	samples := make(map[int64]string)
	for _, sample := range series.Values {
		at, _ := sample[0].(float64)
		samples[int64(at)], _ = sample[1].(string)
	}
	if r.Alert != "" {
		samples = r.firing(p, samples)
	}
	for _, at := range slices.Sorted(maps.Keys(samples)) {
		fmt.Fprintf(out, "%s{%s} %s %d\n", name, &text, samples[at], at)
		if r.Alert != "" {
			fmt.Fprintf(out, "ALERTS{%s,alertstate=\"firing\"} 1 %d\n", &text, at)
		}
	}
}

// firing is when an alert fires whose expression has these samples, and since when that
// has had them.
func (r rule) firing(p period, samples map[int64]string) map[int64]string {
	fires, firing := make(map[int64]string), false
	var since, last time.Time // When the expression came to have a sample, and had the last.
	for at := p.from; !at.After(p.to); at = at.Add(step) {
		switch _, found := samples[at.Unix()]; {
		case found:
			if since.IsZero() {
				since = at
			}
			last = at
			firing = firing || at.Sub(since) >= time.Duration(r.For)
		case !firing || at.Sub(last) >= time.Duration(r.KeepFiringFor):
			since, firing = time.Time{}, false
		}
		if firing {
			fires[at.Unix()] = strconv.FormatInt(since.Unix(), 10)
		}
	}
	return fires
}

var listening = regexp.MustCompile(`msg="Listening on".* address=(\S+)`)

// start starts a Prometheus on the data and returns its address.
func (s storage) start(ctx context.Context) (address string, stop func(), err error) {
	config, err := os.CreateTemp("", "prometheus-*.yml")
	if err != nil {
		return "", nil, err
	}
	_ = config.Close()
	server := exec.CommandContext(ctx, s.prometheus, "--config.file="+config.Name(), "--storage.tsdb.path="+s.folder,
		"--storage.tsdb.retention.time=100y", "--web.listen-address=127.0.0.1:0")
	log, err := server.StderrPipe()
	if err != nil {
		return "", nil, err
	}
	if err := server.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = server.Process.Signal(os.Interrupt)
		_, _ = io.Copy(io.Discard, log)
		_ = server.Wait()
		_ = os.Remove(config.Name())
	}
	var text strings.Builder
	for lines := bufio.NewScanner(log); lines.Scan(); {
		text.WriteString(lines.Text() + "\n")
		// The two lines come in any order.
		match := listening.FindStringSubmatch(text.String())
		if match != nil && strings.Contains(text.String(), "Server is ready") {
			go func() { _, _ = io.Copy(io.Discard, log) }()
			return "http://" + match[1], stop, nil
		}
	}
	stop()
	return "", nil, fmt.Errorf("Prometheus has ended:\n%s", &text) //nolint:err113,staticcheck // ST1005: a name.
}
