package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// runbookAddress is where the runbook is read. It stands in every alert, because a
// rule has no other place for it.
const runbookAddress = "https://github.com/livechat-exporter/livechat_exporter/blob/main/alerts/runbook.md"

var runbookHeading = regexp.MustCompile(`(?m)^### (.+)$`)

// Every alert has its heading in the runbook and leads to it, and every heading is an
// alert's.
func TestRunbookHasEveryAlert(t *testing.T) {
	t.Parallel()
	sections := runbookSections(t)
	for _, r := range shippedRules(t).alerts() {
		if _, ok := sections[r.Alert]; !ok {
			t.Errorf("no heading for %s", r.Alert)
		}
		delete(sections, r.Alert)
		if got, want := r.Annotations["runbook_url"], runbookAddress+"#"+strings.ToLower(r.Alert); got != want {
			t.Errorf("%s leads to %s, want %s", r.Alert, got, want)
		}
	}
	if len(sections) > 0 {
		t.Errorf("headings without an alert: %q", slices.Sorted(maps.Keys(sections)))
	}
}

// Every section says what the alert means, who should look, at what, what Rocket.Chat
// itself says about it, and when it clears, in this order.
func TestRunbookSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for alert, section := range runbookSections(t) {
		at := 0
		for _, part := range []string{"\n\nWho should look: ", "\n\n1. ", "Real-time Monitoring", "\n\nClears: "} {
			i := strings.Index(section[at:], part)
			if i < 0 {
				t.Errorf("%s: no %q, or not in its place", alert, part)
				break
			}
			at += i
		}
	}
}

// The links within the runbook lead to headings.
func TestRunbookLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	text := runbook(t)
	anchors := make(map[string]bool)
	for _, h := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		anchors[strings.ReplaceAll(strings.ToLower(h[1]), " ", "-")] = true
	}
	for _, link := range regexp.MustCompile(`\]\(#([^)]+)\)`).FindAllStringSubmatch(text, -1) {
		if !anchors[link[1]] {
			t.Errorf("no heading for #%s", link[1])
		}
	}
}

// The metrics that the runbook names exist.
func TestRunbookNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	documented := documentedMetrics(t)
	text := runbook(t)
	recorded := exprs(t)
	for _, name := range recordedName.FindAllString(text, -1) {
		if _, ok := recorded[name]; !ok {
			t.Errorf("nothing records %s", name)
		}
	}
	for _, name := range exportedName.FindAllString(recordedName.ReplaceAllString(text, ""), -1) {
		if _, ok := documented[name]; !ok && name != "livechat_exporter" {
			t.Errorf("docs/metrics.md does not know %s", name)
		}
	}
}

func runbook(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(alertsFolder, "runbook.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// runbookSections are the texts under the alerts' headings.
func runbookSections(t *testing.T) map[string]string {
	t.Helper()
	text := runbook(t)
	sections := make(map[string]string)
	headings := runbookHeading.FindAllStringSubmatchIndex(text, -1)
	for i, h := range headings {
		end := len(text)
		if i+1 < len(headings) {
			end = headings[i+1][0]
		}
		sections[text[h[2]:h[3]]] = text[h[1]:end]
	}
	if len(sections) == 0 {
		t.Fatal("the runbook has no headings")
	}
	return sections
}
