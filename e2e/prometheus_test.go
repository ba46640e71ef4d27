package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// scrapeInterval is short, so that a test sees many pages soon.
const scrapeInterval = time.Second

// prometheus is a Prometheus server that scrapes what a test tells it to.
type prometheus struct {
	*process

	address string
}

// job is an entry of Prometheus' scrape_configs, in Prometheus' own keys.
type job map[string]any

// scrape is the job that scrapes an address as most users will.
func scrape(name, address string) job {
	return job{
		"job_name":       name,
		"static_configs": []map[string]any{{"targets": []string{address}}},
	}
}

// scrapeAs is scrape with names for the workspaces in place of the address.
func scrapeAs(name, address string, instances ...string) job {
	targets := make([]map[string]any, len(instances))
	for i, instance := range instances {
		targets[i] = map[string]any{"targets": []string{address}, "labels": map[string]string{"instance": instance}}
	}
	return job{"job_name": name, "static_configs": targets}
}

// with adds keys to the job.
func (j job) with(key string, value any) job {
	j[key] = value
	return j
}

// startPrometheus starts Prometheus and waits until it is ready.
func startPrometheus(t *testing.T, jobs ...job) *prometheus {
	t.Helper()
	return startPrometheusOn(t, t.TempDir(), jobs...)
}

// startPrometheusOn starts Prometheus on a folder that may hold samples, however old.
func startPrometheusOn(t *testing.T, storage string, jobs ...job) *prometheus {
	t.Helper()
	return startPrometheusWith(t, storage, map[string]any{"scrape_configs": jobs})
}

// startAlerting is startPrometheus with rules that it evaluates at each scrape, an
// Alertmanager that it tells, and a folder that may have a past.
func startAlerting(t *testing.T, folder string, rules ruleFile, to *alertmanager, jobs ...job) *prometheus {
	t.Helper()
	return startPrometheusWith(t, folder, map[string]any{
		"scrape_configs": jobs,
		"rule_files":     []string{writeJSON(t, "livechat.rules.yml", rules)},
		"alerting": map[string]any{"alertmanagers": []map[string]any{
			{"static_configs": []map[string]any{{"targets": []string{to.address}}}},
		}},
	})
}

// startPrometheusWith starts Prometheus on a folder of data with a configuration, in its
// own keys, except for the intervals.
func startPrometheusWith(t *testing.T, folder string, config map[string]any) *prometheus {
	t.Helper()
	config["global"] = map[string]any{
		"scrape_interval": scrapeInterval.String(), "scrape_timeout": scrapeInterval.String(), "evaluation_interval": scrapeInterval.String(),
	}
	p := &prometheus{process: start(
		t, programs.prometheus,
		"--config.file="+writeJSON(t, "prometheus.yml", config), // JSON is YAML.
		"--storage.tsdb.path="+folder,
		"--storage.tsdb.retention.time=100y",
		"--web.listen-address=127.0.0.1:0",
		// Otherwise the first scrape waits 5 seconds for more targets to be found.
		"--scrape.discovery-reload-interval=100ms",
	)}
	p.address = p.process.address(t)
	eventually(t, "Prometheus is ready", func() error {
		status, body, err := get(t.Context(), http.DefaultClient, "http://"+p.address+"/-/ready")
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("status %d: %s", status, body)
		}
		return err
	})
	return p
}
