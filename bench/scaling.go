package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/prometheus/procfs"
)

// period is how long servers scrape before they are measured, and how long they are
// measured then. Each workspace is scraped once a minute.
const period = 2 * time.Minute

// scaling prints the measured rows of docs/scaling.md: what exporters, a Prometheus server,
// and an agent with VictoriaMetrics need. The server and the agent have an exporter each.
func (r *report) scaling(ctx context.Context) error {
	fmt.Fprint(r, `| workspaces | series | exporter, cores | MB | open files | Prometheus, cores | MB | agent, cores | MB | VictoriaMetrics, cores | MB |
|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
`)
	for _, workspaces := range []int{1, 10, 100, 500, 1000} {
		sizeCtx, end := context.WithCancel(ctx)
		err := r.fleet(sizeCtx, workspaces)
		end()
		r.running.Wait()
		if err != nil {
			return err
		}
	}
	return nil
}

// fleet prints the row of so many workspaces.
func (r *report) fleet(ctx context.Context, workspaces int) error {
	const departments = 20
	one, other := &subject{workspaces: workspaces}, &subject{workspaces: workspaces}
	for _, exporter := range []*subject{one, other} { // Not on the same stubs: see perStub.
		if err := r.startAll(ctx, departments, 0, exporter); err != nil {
			return err
		}
	}
	var server, agent, victoria subject
	if err := r.startEngines(ctx, one, other, &server, &agent, &victoria); err != nil {
		return err
	}
	all := []*subject{other, &server, &agent, &victoria}
	for _, count := range []bool{false, true} {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(period):
		}
		for _, s := range all {
			s.made = 1 // What is read is the CPU time of the whole period.
			if err := s.endRound(count); err != nil {
				return err
			}
		}
	}
	for _, s := range []*subject{&server, &victoria} {
		valid, err := s.number(ctx, "count(livechat_up == 1)")
		if err != nil {
			return err
		}
		if valid != strconv.Itoa(workspaces) {
			return fmt.Errorf("%s has the numbers of %s of %d workspaces", s.url, valid, workspaces)
		}
	}
	series, err := server.number(ctx, `count({job="livechat"})`)
	if err != nil {
		return err
	}
	proc, err := procfs.NewProc(other.pid)
	if err != nil {
		return err
	}
	files, err := proc.FileDescriptorsLen()
	if err != nil {
		return err
	}
	fmt.Fprintf(r, "| %d | %s |", workspaces, series)
	for _, s := range all {
		fmt.Fprintf(r, " %.3f | %.0f |", s.cpu[0]/milliseconds(period), s.resident)
		if s == other {
			fmt.Fprintf(r, " %d |", files)
		}
	}
	fmt.Fprintln(r)
	return nil
}

// startEngines starts a Prometheus server that scrapes one exporter, and an agent that
// scrapes the other and writes to VictoriaMetrics.
func (r *report) startEngines(ctx context.Context, one, other, server, agent, victoria *subject) (err error) {
	folder, err := os.MkdirTemp(r.folder, "")
	if err != nil {
		return err
	}
	data := func(name string) string { return filepath.Join(folder, name) }
	victoria.pid, victoria.url, err = r.start(ctx, r.victoriaMetrics, "-storageDataPath="+data("victoria"), "-httpListenAddr=127.0.0.1:0")
	if err != nil {
		return err
	}
	for name, config := range map[string]map[string]any{
		"server.yml": {"scrape_configs": scrapes(one)},
		"agent.yml":  {"scrape_configs": scrapes(other), "remote_write": []any{map[string]string{"url": victoria.url + "/api/v1/write"}}},
	} {
		var text []byte
		if text, err = json.Marshal(config); err == nil { // JSON is YAML.
			err = os.WriteFile(data(name), text, 0o600)
		}
		if err != nil {
			return err
		}
	}
	const anyPort = "--web.listen-address=127.0.0.1:0"
	server.pid, server.url, err = r.start(ctx, r.prometheus, "--storage.tsdb.path="+data("server"), "--config.file="+data("server.yml"), anyPort)
	if err == nil {
		agent.pid, agent.url, err = r.start(ctx, r.prometheus, "--agent", "--storage.agent.path="+data("agent"), "--config.file="+data("agent.yml"), anyPort)
	}
	return err
}

// scrapes is the job of docs/scaling.md with one exporter.
func scrapes(exporter *subject) []any {
	return []any{map[string]any{
		"job_name": "livechat", "scrape_interval": "1m", "scrape_timeout": "30s", "http_sd_configs": []any{map[string]string{"url": exporter.url + "/sd"}},
	}}
}

// number evaluates an expression that has one value.
func (s *subject) number(ctx context.Context, expr string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/v1/query?"+url.Values{"query": {expr}}.Encode(), http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := scraper.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var answer struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return "", fmt.Errorf("%s: %s: %w", expr, response.Status, err)
	}
	if len(answer.Data.Result) != 1 {
		return "", fmt.Errorf("%s: %d values", expr, len(answer.Data.Result))
	}
	return fmt.Sprint(answer.Data.Result[0].Value[1]), nil
}
