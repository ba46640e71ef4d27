package e2e

import (
	"encoding/json"
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

// with adds keys to the job.
func (j job) with(key string, value any) job {
	j[key] = value
	return j
}

// startPrometheus starts Prometheus and waits until it is ready.
func startPrometheus(t *testing.T, jobs ...job) *prometheus {
	t.Helper()
	config, err := json.Marshal(map[string]any{ // JSON is YAML.
		"global":         map[string]any{"scrape_interval": scrapeInterval.String(), "scrape_timeout": scrapeInterval.String()},
		"scrape_configs": jobs,
	})
	if err != nil {
		t.Fatal(err)
	}
	p := &prometheus{process: start(
		t, programs.prometheus,
		"--config.file="+writeFile(t, "prometheus.yml", string(config)),
		"--storage.tsdb.path="+t.TempDir(),
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
