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
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/procfs"
)

// format is how a page is requested.
type format struct{ accept, encoding string }

// plainText is what the floor writes. The others are what Prometheus 3 requests: by
// default, and where it scrapes native histograms.
var (
	plainText   = format{"text/plain;version=0.0.4", "identity"}
	openMetrics = format{"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5," +
		"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", "gzip"}
	protobuf = format{"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6," +
		"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4," +
		"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1", "gzip"}
)

// subject is a program that is measured, and what makes a scrape of it.
type subject struct {
	program string // exporter, json_exporter or floor.
	format  format
	paths   []string // By default the page of one workspace.
	// workspaces is how many workspaces the exporter has, w0 and so on.
	workspaces int
	options    map[string]any // Of the exporter's configuration.

	pid      int
	url      string
	before   float64   // CPU time in ms at the start of the round.
	made     int       // Scrapes in this round.
	cpu      []float64 // CPU time of a scrape in ms, in each round.
	times    []float64 // How long each scrape took in ms.
	resident float64   // MB, after the last round.
}

// programs starts programs, each as a process on a port of its own.
type programs struct {
	self, exporter, jsonExporter string
	prometheus, victoriaMetrics  string
	folder                       string // For configurations.
	running                      sync.WaitGroup
}

// perStub is how many workspaces one stub has. Each of an exporter's connections to one
// address takes a local port, and where more than half of them are taken (14,000 by default),
// Linux searches so long for a free one that scrapes time out.
const perStub = 500

// startAll starts stubs of workspaces, each at an address of its own, and the subjects on
// them. They end with ctx.
func (p *programs) startAll(ctx context.Context, departments int, delay time.Duration, subjects ...*subject) error {
	most := 1
	for _, s := range subjects {
		most = max(most, s.workspaces)
	}
	var stubs []string
	for range (most + perStub - 1) / perStub {
		_, stub, err := p.start(ctx, p.self, "-serve=workspace", "-departments="+strconv.Itoa(departments), "-delay="+delay.String())
		if err != nil {
			return err
		}
		stubs = append(stubs, stub)
	}
	for i, s := range subjects {
		program, paths, config := p.exporter, []string{"/probe?target=w0"}, s.exporterConfig(stubs)
		file := filepath.Join(p.folder, strconv.Itoa(i)+".yml")
		args := []string{"--config.file=" + file, "--web.listen-address=127.0.0.1:0"}
		switch s.program {
		case "floor":
			program, paths, args = p.self, []string{"/"}, []string{"-serve=floor", "-workspace=" + stubs[0]}
		case "json_exporter":
			program = p.jsonExporter
			paths, config = jsonExporterProbes(stubs[0])
		}
		text, err := json.Marshal(config) // JSON is YAML.
		if err == nil {
			err = os.WriteFile(file, text, 0o600)
		}
		if err == nil {
			s.pid, s.url, err = p.start(ctx, program, args...)
		}
		if err != nil {
			return err
		}
		if s.paths == nil {
			s.paths = paths
		}
	}
	return nil
}

// exporterConfig is a configuration without a limit of calls.
func (s *subject) exporterConfig(stubs []string) map[string]any {
	all, names := map[string]any{}, []string{}
	for i := range s.workspaces {
		all["w"+strconv.Itoa(i)] = map[string]any{"url": stubs[i/perStub], "user_id": userID, "auth_token": authToken}
	}
	for _, window := range windows {
		names = append(names, window.name)
	}
	config := map[string]any{"workspaces": all, "windows": names, "rate_limit": map[string]any{"calls": 0}}
	maps.Copy(config, s.options)
	return config
}

// jsonExporterProbes are the probes that make a scrape, one for each window.
func jsonExporterProbes(workspace string) (paths []string, config map[string]any) {
	modules := map[string]any{}
	for _, window := range windows {
		modules[window.name] = map[string]any{
			"headers": map[string]string{"X-User-Id": userID, "X-Auth-Token": authToken},
			"metrics": []any{map[string]any{
				"name": "livechat_department", "help": "Rooms.", "type": "object", "path": "{.departments[*]}",
				"labels": map[string]string{"department_id": "{._id}", "window": window.name},
				"values": map[string]string{"abandoned_rooms": "{.abandonedRooms}"},
			}},
		}
		paths = append(paths, "/probe?module="+window.name+"&target="+url.QueryEscape(workspace+abandonedCall(window.length)))
	}
	return paths, map[string]any{"modules": modules}
}

// listening is what a program logs when it listens: the exporter, Prometheus and VictoriaMetrics.
var listening = regexp.MustCompile(`(?:msg="Listening on".* address=|started server at http://)([^/\s]+)`)

// start starts a program and returns when it listens.
func (p *programs) start(ctx context.Context, program string, args ...string) (pid int, address string, err error) {
	cmd := exec.CommandContext(ctx, program, args...)
	output, err := cmd.StderrPipe()
	if err != nil {
		return 0, "", err
	}
	if err := cmd.Start(); err != nil {
		return 0, "", err
	}
	var log strings.Builder
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if host := listening.FindStringSubmatch(lines.Text()); host != nil {
			p.running.Go(func() {
				_, _ = io.Copy(io.Discard, output)
				_ = cmd.Wait()
			})
			return cmd.Process.Pid, "http://" + host[1], nil
		}
		fmt.Fprintln(&log, lines.Text())
	}
	return 0, "", fmt.Errorf("%s ended (%w) without listening:\n%s", program, cmd.Wait(), log.String())
}

var scraper = &http.Client{Transport: &http.Transport{DisableCompression: true}}

// scrape requests the pages and copies them.
func (s *subject) scrape(ctx context.Context, to io.Writer) error {
	for _, path := range s.paths {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, http.NoBody)
		if err != nil {
			return err
		}
		request.Header.Set("Accept", s.format.accept)
		request.Header.Set("Accept-Encoding", s.format.encoding)
		response, err := scraper.Do(request)
		if err != nil {
			return err
		}
		_, err = io.Copy(to, response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK {
			return fmt.Errorf("scrape %s: %s (%w)", path, response.Status, err)
		}
	}
	return nil
}

// warmUp is how many scrapes are made before those that are measured.
const warmUp = 3

// measure scrapes the subjects in turn, so that what else the machine does affects them
// alike. json_exporter, which takes much longer, is scraped every fifth time.
func measure(ctx context.Context, rounds, scrapes int, subjects ...*subject) error {
	for round := range 1 + rounds { // The first one warms up.
		count := scrapes
		if round == 0 {
			count = warmUp
		}
		for n := range count {
			for _, s := range subjects {
				if s.program == "json_exporter" && n%5 > 0 {
					continue
				}
				begin := time.Now()
				if err := s.scrape(ctx, io.Discard); err != nil {
					return err
				}
				s.times = append(s.times, milliseconds(time.Since(begin)))
				s.made++
			}
		}
		for _, s := range subjects {
			if err := s.endRound(round > 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// endRound reads what the process has used: CPU time of user and system, and memory.
func (s *subject) endRound(count bool) error {
	proc, err := procfs.NewProc(s.pid)
	if err != nil {
		return err
	}
	stat, err := proc.Stat()
	if err != nil {
		return err
	}
	cpu := stat.CPUTime() * 1e3
	if count {
		s.cpu = append(s.cpu, (cpu-s.before)/float64(s.made))
	}
	s.before, s.made, s.resident = cpu, 0, float64(stat.ResidentMemory())/1e6
	return nil
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1e3 }
