package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// dividedWorkspaces starts workspaces and two exporters that each have all of them.
func dividedWorkspaces(t *testing.T, number int) (map[string]*rocketchattest.Workspace, []*exporter) {
	t.Helper()
	mux := http.NewServeMux()
	s := startSite(t, mux)
	all, config := make(map[string]*rocketchattest.Workspace), make(map[string]any)
	for i := range number {
		name := fmt.Sprintf("ws%d", i)
		all[name] = rocketchattest.New(rocketchattest.Latest)
		mux.Handle("/"+name+"/", http.StripPrefix("/"+name, all[name]))
		config[name] = map[string]any{"url": s.url() + name, "user_id": rocketchattest.UserID, "auth_token": rocketchattest.AuthToken}
	}
	file := writeJSON(t, "config.yml", map[string]any{
		// One call in all from each exporter that scrapes.
		"workspaces": config, "windows": []any{map[string]any{"duration": "24h", "refresh": "15m"}},
		"counter": false, "rooms": false, "live": false, "departments": false, "rate_limit": map[string]any{"calls": 0},
	})
	return all, []*exporter{startExporterWith(t, nil, file), startExporterWith(t, nil, file)}
}

// scalingConfigurations are those of docs/scaling.md with the addresses of exporters, each
// with its share of the workspaces: the scrapes, and what sends the samples elsewhere.
func scalingConfigurations(t *testing.T, exporters []*exporter) (shares []map[string]any, remoteWrite string) {
	t.Helper()
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(readFile(t, "docs/scaling.md"), -1)
	if len(blocks) != 3 {
		t.Fatalf("docs/scaling.md has %d configurations, want three", len(blocks))
	}
	scrape := strings.NewReplacer("exporter-0:10098", exporters[0].address, "exporter-1:10098", exporters[1].address,
		"1m", scrapeInterval.String(), "30s", scrapeInterval.String()).Replace(blocks[0][1])
	for i := range exporters {
		var share map[string]any
		// The test sees from the label which exporter was scraped.
		text := scrape + strings.Replace(blocks[1][1], `"0"`, strconv.Quote(strconv.Itoa(i)), 1) +
			"      - {source_labels: [__address__], target_label: exporter}\n"
		if err := yaml.Unmarshal([]byte(text), &share); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		shares = append(shares, share)
	}
	return shares, blocks[2][1]
}

// The configurations of docs/scaling.md divide workspaces among exporters, and among servers
// of Prometheus: every workspace is scraped, and called by one exporter.
func TestWorkspacesAreDividedByHash(t *testing.T) {
	t.Parallel()
	const workspaces = 12
	all, exporters := dividedWorkspaces(t, workspaces)
	shares, _ := scalingConfigurations(t, exporters)
	servers := make([]*prometheus, len(shares))
	for i, share := range shares {
		servers[i] = startPrometheusWith(t, t.TempDir(), share)
	}
	eventually(t, "every workspace is scraped", func() error {
		scraped := make(map[string]string)
		for i, p := range servers {
			for _, r := range p.query(t, "query", `livechat_up == 1 and count_over_time(livechat_up[1m]) >= 3`) {
				name := r.Metric["instance"]
				if other, twice := scraped[name]; twice || r.Metric["exporter"] != exporters[i].address {
					t.Errorf("%s is scraped at %s and %s by server %d", name, r.Metric["exporter"], other, i)
				}
				scraped[name] = r.Metric["exporter"]
			}
		}
		if len(scraped) != workspaces {
			return fmt.Errorf("%d of %d workspaces: %v", len(scraped), workspaces, scraped)
		}
		return nil
	})
	checkCalledOnce(t, all)
	for i, p := range servers {
		if p.now(t, `count(livechat_up)`) == nil {
			t.Errorf("server %d has no workspaces: they are not divided", i)
		}
	}
}

func checkCalledOnce(t *testing.T, all map[string]*rocketchattest.Workspace) {
	t.Helper()
	for name, ws := range all {
		if calls := len(ws.Requests()); calls != 1 {
			t.Errorf("%s got %d calls, want one, from one exporter", name, calls)
		}
	}
}
