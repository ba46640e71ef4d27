package e2e

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	promqlComment = regexp.MustCompile(`#.*`)
	recordedName  = regexp.MustCompile(`\b[a-z_]+:[a-z_]+:[a-z0-9_]+\b`)
	exportedName  = regexp.MustCompile(`\blivechat_[a-z0-9_]+\b`)
	rangeOfSeries = regexp.MustCompile(`\b(rate|irate|increase|delta|idelta|deriv)\s*\(\s*([a-z0-9_:]+)`)
	aggregation   = regexp.MustCompile(`\b(?:sum|min|max|avg|group|count|quantile|topk|bottomk|stddev|stdvar|count_values)\s*(?:by \(([^)]*)\)|without|\()`)
	windowed      = regexp.MustCompile(`\blivechat_department_(?:abandoned_rooms|rooms)(?::[a-z]+)?\{([^}]*)\}`)
)

// queryInText is a query that the text of an annotation asks.
var queryInText = regexp.MustCompile(`printf ("(?:[^"\\]|\\.)*")[^}|]*\| query`)

// exprs are the rules' expressions without comments, by the name of the rule. Those
// in annotations are with them.
func exprs(t *testing.T) map[string]string {
	t.Helper()
	found := make(map[string]string)
	for _, r := range shippedRules(t).all() {
		parts := []string{promqlComment.ReplaceAllString(r.Expr, "")}
		for _, text := range r.Annotations {
			for _, query := range queryInText.FindAllStringSubmatch(text, -1) {
				parts = append(parts, query[1])
			}
		}
		found[r.Record+r.Alert] = strings.Join(parts, "\n")
	}
	return found
}

// The rules use metrics that docs/metrics.md describes, and series that they record.
func TestRulesUseWhatThereIs(t *testing.T) {
	t.Parallel()
	documented := documentedMetrics(t)
	found := exprs(t)
	for name, expr := range found {
		for _, recorded := range recordedName.FindAllString(expr, -1) {
			if _, ok := found[recorded]; !ok {
				t.Errorf("%s: nothing records %s", name, recorded)
			}
		}
		for _, metric := range exportedName.FindAllString(recordedName.ReplaceAllString(expr, ""), -1) {
			if _, ok := documented[metric]; !ok {
				t.Errorf("%s: docs/metrics.md does not know %s", name, metric)
			}
		}
	}
}

// Each recorded series is used by an alert, if by way of another one.
func TestRecordedSeriesAreUsed(t *testing.T) {
	t.Parallel()
	all := strings.Join(slices.Collect(maps.Values(exprs(t))), "\n")
	for _, r := range shippedRules(t).all() {
		if r.Record != "" && !slices.Contains(recordedName.FindAllString(all, -1), r.Record) {
			t.Errorf("nothing uses %s", r.Record)
		}
	}
}

// What is only right on a counter is only used on counters.
func TestRulesTakeIncreasesOfCountersAlone(t *testing.T) {
	t.Parallel()
	documented := documentedMetrics(t)
	uses := 0
	for name, expr := range exprs(t) {
		for _, use := range rangeOfSeries.FindAllStringSubmatch(expr, -1) {
			uses++
			if got := documented[use[2]].kind; got != "counter" {
				t.Errorf("%s: %s of %s, which is a %q", name, use[1], use[2], got)
			}
		}
	}
	if uses == 0 {
		t.Error("found none")
	}
}

// Workspaces are kept apart: every aggregation keeps job and instance. The one that
// asks whether a job has any workspace at all keeps the job.
func TestRulesKeepJobAndInstance(t *testing.T) {
	t.Parallel()
	uses := 0
	for name, expr := range exprs(t) {
		for _, use := range aggregation.FindAllStringSubmatch(expr, -1) {
			uses++
			kept := strings.Split(use[1], ", ")
			if name == "LivechatWorkspaceUnreachable" && use[0] == "group by (job)" {
				continue
			}
			if !slices.Contains(kept, "job") || !slices.Contains(kept, "instance") {
				t.Errorf("%s: %s", name, use[0])
			}
		}
	}
	if uses == 0 {
		t.Error("found none")
	}
}

// Windows overlap: each use of a windowed metric says which one it means, or keeps
// them apart.
func TestRulesKeepWindowsApart(t *testing.T) {
	t.Parallel()
	uses := 0
	for name, expr := range exprs(t) {
		for _, use := range windowed.FindAllStringSubmatch(expr, -1) {
			uses++
			if !strings.Contains(use[1], "window=") {
				t.Errorf("%s: %s has no window", name, use[0])
			}
		}
		if strings.Contains(expr, `window=~`) && !strings.Contains(expr, "by (job, instance, department_id, window)") {
			t.Errorf("%s: mixes windows: %s", name, expr)
		}
	}
	if uses == 0 {
		t.Error("found none")
	}
}
