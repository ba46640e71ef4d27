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

// The configurations of docs/scaling.md divide workspaces among exporters, and among servers
// of Prometheus: every workspace is scraped, and called by one exporter.
func TestWorkspacesAreDividedByHash(t *testing.T) {
	t.Parallel()
	const workspaces = 12
	mux := http.NewServeMux()
	s := startSite(t, mux)
	all, config := make(map[string]*rocketchattest.Workspace), make(map[string]any)
	for i := range workspaces {
		name := fmt.Sprintf("ws%d", i)
		all[name] = rocketchattest.New(rocketchattest.Latest)
		mux.Handle("/"+name+"/", http.StripPrefix("/"+name, all[name]))
		config[name] = map[string]any{"url": s.url() + name, "user_id": rocketchattest.UserID, "auth_token": rocketchattest.AuthToken}
	}
	file := writeJSON(t, "config.yml", map[string]any{
		// One call in all from each exporter that scrapes.
		"workspaces": config, "windows": []any{map[string]any{"duration": "24h", "refresh": "15m"}},
		"counter": false, "rooms": false, "departments": false, "rate_limit": map[string]any{"calls": 0},
	})
	exporters := []*exporter{startExporterWith(t, nil, file), startExporterWith(t, nil, file)}

	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(readFile(t, "docs/scaling.md"), -1)
	if len(blocks) != 2 {
		t.Fatalf("docs/scaling.md has %d configurations, want two", len(blocks))
	}
	scrape := strings.NewReplacer("exporter-0:10098", exporters[0].address, "exporter-1:10098", exporters[1].address,
		"1m", scrapeInterval.String(), "30s", scrapeInterval.String()).Replace(blocks[0][1])
	keep := blocks[1][1]
	servers := make([]*prometheus, 2)
	for i := range servers {
		var configuration map[string]any
		// The test sees from the label which exporter was scraped.
		text := scrape + strings.Replace(keep, `"0"`, strconv.Quote(strconv.Itoa(i)), 1) +
			"      - {source_labels: [__address__], target_label: exporter}\n"
		if err := yaml.Unmarshal([]byte(text), &configuration); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		servers[i] = startPrometheusWith(t, t.TempDir(), configuration)
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
	for name, ws := range all {
		if calls := len(ws.Requests()); calls != 1 {
			t.Errorf("%s got %d calls, want one, from one exporter", name, calls)
		}
	}
	for i, p := range servers {
		if p.now(t, `count(livechat_up)`) == nil {
			t.Errorf("server %d has no workspaces: they are not divided", i)
		}
	}
}
