package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
)

const (
	// scrapeInterval is also how often rules are evaluated.
	scrapeInterval = "5s"
	// holdFor is how long an alert's condition has to hold.
	holdFor = "15s"
)

// startPrometheus starts Prometheus on a folder of data, with a copy of the shipped
// rules, scraping the exporter and telling an Alertmanager. It returns its address.
func (r *running) startPrometheus(ctx context.Context, f flags, t tools, shipped, data, alertmanager string, stdout, stderr io.Writer) (string, error) {
	content, err := os.ReadFile(shipped)
	if err != nil {
		return "", fmt.Errorf("read the shipped rules: %w", err)
	}
	rules, err := hastened(string(content))
	if err != nil {
		return "", fmt.Errorf("%s: %w", shipped, err)
	}
	config, err := prometheusConfig(r.exporter, alertmanager)
	if err != nil {
		return "", err
	}
	err = r.writeFiles(map[string]string{rulesFile: rules, "prometheus.yml": config})
	if err != nil {
		return "", err
	}
	address, err := freeAddress(ctx, "Prometheus", f.prometheus, stdout)
	if err != nil {
		return "", err
	}
	return address, r.start(ctx, "Prometheus", t.prometheus, []string{
		"--config.file=" + filepath.Join(r.folder, "prometheus.yml"),
		"--storage.tsdb.path=" + data,
		"--storage.tsdb.retention.time=60d", // The baselines are of three weeks.
		"--web.listen-address=" + address,
		"--web.external-url=http://" + address,
		// Otherwise the first scrape waits 5 seconds for more targets to be found.
		"--scrape.discovery-reload-interval=100ms",
		"--log.level=error",
	}, address, stderr)
}

// waiting is the time for which the condition of an alert has to hold.
var waiting = regexp.MustCompile(`(?m)^( +for: ).+$`)

// hastened are rules whose alerts wait for holdFor only. All else stays.
func hastened(rules string) (string, error) {
	if !waiting.MatchString(rules) {
		return "", errors.New("no alert waits")
	}
	return waiting.ReplaceAllString(rules, "${1}"+holdFor), nil
}

// rulesFile is the name of the copy of the rules, beside Prometheus' configuration.
const rulesFile = "livechat.rules.yml"

// prometheusConfig is a configuration of Prometheus in JSON, which is YAML.
func prometheusConfig(exporter, alertmanager string) (string, error) {
	type object = map[string]any
	targets := func(address string, labels object) []object {
		return []object{{"targets": []string{address}, "labels": labels}}
	}
	text, err := json.MarshalIndent(object{
		"global": object{"scrape_interval": scrapeInterval, "scrape_timeout": scrapeInterval, "evaluation_interval": scrapeInterval},
		"scrape_configs": []object{
			// The job's name is the one that the rules want.
			{"job_name": jobName, "static_configs": targets(exporter, object{"instance": workspaceName})},
		},
		"rule_files": []string{rulesFile},
		"alerting":   object{"alertmanagers": []object{{"static_configs": targets(alertmanager, nil)}}},
	}, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write a configuration of Prometheus: %w", err)
	}
	return string(text), nil
}

// jobName is the label job of all that Prometheus gets from the exporter.
const jobName = "livechat"

// hasPages reports whether a Prometheus was built with its pages for browsers.
func hasPages(ctx context.Context, address string) bool {
	_, err := get(ctx, "http://"+address+"/alerts")
	return err == nil
}
