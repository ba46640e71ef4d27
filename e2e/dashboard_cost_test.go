package e2e

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// manyDepartments is what the wall reads of a workspace with many departments, of which
// some have an alert.
func manyDepartments(departments, alerts int) string {
	var text strings.Builder
	write := func(metric, labels string, value float64, back time.Duration) {
		fmt.Fprintf(&text, "%s{job=\"livechat\",instance=\"main\"%s} %v %d\n", metric, labels, value, historyEnd.Add(-back).Unix())
	}
	const lookBack = 25 * time.Hour
	for d := range departments {
		id := fmt.Sprintf(`,department_id="department-%03d"`, d)
		for weeks := 3; weeks >= 0; weeks-- {
			for back := lookBack; back >= 0; back -= 5 * time.Minute {
				write("instance_department:livechat_department_abandonments:increase1h", id, float64((d+int(back/time.Hour))%5)*61/60, back+time.Duration(weeks)*7*24*time.Hour)
			}
		}
		for back := lookBack; back >= 0; back -= 5 * time.Minute {
			write("livechat_department_info", fmt.Sprintf(`%s,department="Department %d, with a name"`, id, d), 1, back)
		}
		for window, n := range map[string]float64{"6h": 1, "24h": 3} {
			labels := fmt.Sprintf(`%s,window=%q`, id, window)
			write("instance_department_window:livechat_department_abandoned_rooms:max", labels, n*float64(5+d%7), 0)
			write("instance_department_window:livechat_department_rooms:max", labels, n*float64(60+d%11), 0)
			write("instance_department_window:livechat_department_abandoned_rooms:expected", labels, n*4.2, 0)
		}
		write("instance_department_window:livechat_department_rooms:max3w", id+`,window="6h"`, 50, 0)
		for _, back := range []time.Duration{7 * 24 * time.Hour, 0} {
			write("livechat_department_abandoned_rooms", id+`,window="today"`, 7, back)
		}
		for back := 2 * time.Hour; back >= 0 && d < alerts; back -= 5 * time.Minute {
			write("ALERTS", id+`,window="6h",alertname="LivechatAbandonmentSpike",alertstate="firing",severity="warning",audience="shift"`, 1, back)
		}
	}
	for back := lookBack; back >= 0; back -= 5 * time.Minute {
		for _, metric := range []string{"up", "livechat_up", "instance:livechat_exporter_up:max", "livechat_chats_waiting"} {
			write(metric, "", 1, back)
		}
		write("livechat_agents", `,status="available"`, 9, back)
		write("instance_window:livechat_department_abandoned_rooms:sum", `,window="6h"`, 2500, back)
		for _, resource := range []string{"abandoned_rooms", "rooms"} {
			labels := fmt.Sprintf(`,resource=%q,window="6h"`, resource)
			write("livechat_refresh_timestamp_seconds", labels, float64(historyEnd.Add(-back).Unix()), back)
			write("livechat_refresh_success", labels, 1, back)
		}
	}
	return text.String() + "# EOF\n"
}

// A refresh of the wall with 500 departments is small, and cheap for Prometheus.
func TestWallOf500Departments(t *testing.T) {
	t.Parallel()
	p := startImported(t, manyDepartments(500, 12))
	d := parseDashboard(t, dashboards(t)["livechat-abandonment"])
	refresh := func() (bytes int) {
		ask := func(endpoint string, parameters url.Values) {
			query := parameters.Encode()
			status, body, err := get(t.Context(), http.DefaultClient, p.url+"/api/v1/"+endpoint+"?"+query)
			if err != nil || status != http.StatusOK {
				t.Fatalf("%s: %v, %s", parameters.Get("query"), err, body)
			}
			bytes += len(query) + len(body)
		}
		end, start := historyEnd.Format(time.RFC3339), historyEnd.Add(-24*time.Hour).Format(time.RFC3339)
		for _, v := range d.Templating.List {
			if query := labelValues.FindStringSubmatch(d.interpolate(v.query(), nil)); v.Type == "query" {
				ask("label/"+query[2]+"/values", url.Values{"match[]": {query[1]}, "start": {start}, "end": {end}})
			}
		}
		for _, a := range d.Annotations.List {
			ask("query_range", url.Values{"query": {d.interpolate(a.Expr, nil)}, "start": {start}, "end": {end}, "step": {"5m"}})
		}
		for _, pn := range d.Panels { // Folded rows have their panels inside.
			for _, query := range pn.Targets {
				if expr := d.interpolate(query.Expr, nil); query.Range {
					ask("query_range", url.Values{"query": {expr}, "start": {start}, "end": {end}, "step": {query.Interval}})
				} else {
					ask("query", url.Values{"query": {expr}, "time": {end}})
				}
			}
		}
		return bytes
	}
	// The cheapest of some: the first reads more, and a busy machine makes others dearer.
	bytes, seconds := 0, math.Inf(1)
	for range 6 {
		before := p.cpuSeconds(t)
		bytes = refresh()
		seconds = min(seconds, p.cpuSeconds(t)-before)
	}
	t.Logf("a refresh transfers %d kB and costs %.2f s of CPU", bytes/1000, seconds)
	if bytes > 300_000 || seconds > 0.5 {
		t.Errorf("a refresh transfers %d bytes and costs %.2f s of CPU, want 300 kB and 0.5 s at most", bytes, seconds)
	}
}

// cpuSeconds is the processor time that Prometheus has used.
func (p *prometheus) cpuSeconds(t *testing.T) float64 {
	t.Helper()
	_, page, err := get(t.Context(), http.DefaultClient, p.url+"/metrics")
	match := regexp.MustCompile(`(?m)^process_cpu_seconds_total (\S+)$`).FindStringSubmatch(page)
	if err != nil || match == nil {
		t.Fatalf("Prometheus' page has no processor time: %v", err)
	}
	seconds, err := strconv.ParseFloat(match[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return seconds
}
