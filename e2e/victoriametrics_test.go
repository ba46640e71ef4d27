//go:build victoriametrics

package e2e

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

var startedServer = regexp.MustCompile(`started server at (http://[^/\s]+)/`)

// startVictoria starts a program of VictoriaMetrics on a free port, and waits until it
// listens.
func startVictoria(t *testing.T, name string, args ...string) (url string) {
	t.Helper()
	p := start(t, filepath.Join("..", ".bin", name), append(args, "-httpListenAddr=127.0.0.1:0")...)
	return p.waitForOutput(t, &p.stderr, startedServer)[1]
}

// startVictoriaMetrics starts a server that shows a sample at once. It has the API of Prometheus.
func startVictoriaMetrics(t *testing.T) *prometheus {
	t.Helper()
	return &prometheus{url: startVictoria(t, "victoria-metrics", "-storageDataPath="+t.TempDir(), "-search.latencyOffset=0s", "-search.disableCache")}
}

// vmagent, VictoriaMetrics and vmalert find the same series, values and alerts as
// Prometheus: both discover the workspaces of one exporter, and evaluate the shipped rules.
func TestVictoriaMetricsSeesWhatPrometheusSees(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest, append(abandonedChats("sales", 12), abandonedChats("support", 60)...)...)
	e := startExporter(t, fullConfig(t, w, "6h", "24h", "7d"))
	rules := writeJSON(t, "livechat.rules.yml", shippedRules(t).firingAfter("3s"))
	discovered := job{"job_name": "livechat", "http_sd_configs": []map[string]any{{"url": e.url + "/sd"}}}
	p := startPrometheusWith(t, t.TempDir(), map[string]any{"scrape_configs": []job{discovered}, "rule_files": []string{rules}})

	victoria := startVictoriaMetrics(t)
	scrapes := map[string]any{"global": map[string]any{"scrape_interval": "1s"}, "scrape_configs": []job{discovered}}
	startVictoria(t, "vmagent", "-promscrape.config="+writeJSON(t, "scrape.yml", scrapes),
		"-remoteWrite.url="+victoria.url+"/api/v1/write", "-remoteWrite.tmpDataPath="+t.TempDir(), "-remoteWrite.flushInterval=1s")
	startVictoria(t, "vmalert", "-rule="+rules, "-datasource.url="+victoria.url, "-remoteWrite.url="+victoria.url, "-notifier.blackhole",
		"-evaluationInterval=1s", "-remoteWrite.flushInterval=1s", "-rule.evalDelay=0s", "-disableAlertgroupLabel")

	// What does not change from scrape to scrape, the recorded series, and the alerts.
	const (
		exported = `{__name__=~"livechat_(department|abandonments|up|visitor|refresh_(success|complete)).*"}`
		recorded = `{__name__=~"instance.*:.*"}`
		alerts   = `ALERTS{alertstate="firing"}`
	)
	same := func(expr string, least int) {
		t.Helper()
		eventually(t, expr+" is the same", func() error {
			inPrometheus, inVictoria := p.now(t, expr), victoria.now(t, expr)
			if len(inPrometheus) < least || !maps.Equal(inPrometheus, inVictoria) {
				return fmt.Errorf("Prometheus has\n%s\nVictoriaMetrics has\n%s", inPrometheus, inVictoria)
			}
			return nil
		})
	}
	same(exported, 40)
	same(recorded, 10)
	w.down(t)
	p.becomes(t, series("ALERTS", "alertname", "LivechatRefreshFailing", "alertstate", "firing", "audience", "operations",
		"resource", "rooms", "severity", "warning", "window", "6h"), 1)
	same(alerts, 7)
	same(exported, 40)
}

// The agents of docs/scaling.md divide the workspaces among them and send all to one
// VictoriaMetrics.
func TestVictoriaMetricsHasTheWorkspacesOfAllAgents(t *testing.T) {
	t.Parallel()
	const workspaces = 12
	all, exporters := dividedWorkspaces(t, workspaces)
	victoria := startVictoriaMetrics(t)
	shares, remoteWrite := scalingConfigurations(t, exporters)
	for _, share := range shares {
		var to map[string]any
		text := strings.Replace(remoteWrite, "http://victoriametrics:8428", victoria.url, 1)
		if err := yaml.Unmarshal([]byte(text), &to); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		maps.Copy(share, to)
		launchPrometheus(t, share, "--agent", "--storage.agent.path="+t.TempDir())
	}
	eventually(t, "every workspace is there", func() error {
		scraped, byExporter := make(map[string]bool), make(map[string]int)
		for _, r := range victoria.query(t, "query", `livechat_up{job="livechat"} == 1 and count_over_time(livechat_up[1m]) >= 3`) {
			scraped[r.Metric["instance"]] = true
			byExporter[r.Metric["exporter"]]++
		}
		if len(scraped) != workspaces || len(byExporter) != len(exporters) || byExporter[exporters[0].address]+byExporter[exporters[1].address] != workspaces {
			return fmt.Errorf("%d of %d workspaces, by exporter %v", len(scraped), workspaces, byExporter)
		}
		return nil
	})
	checkCalledOnce(t, all)
	if rooms := victoria.query(t, "query", `count by (instance) (livechat_department_abandoned_rooms{window="24h"})`); len(rooms) != workspaces {
		t.Errorf("%d workspaces have numbers, want %d", len(rooms), workspaces)
	}
}
