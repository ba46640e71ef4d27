package check_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"livechat_exporter/internal/check"
)

// documented are the findings in docs/check.md, by the name of their check.
type documented map[string][]documentedRow

// documentedRow is what the parts of a result look like.
type documentedRow struct {
	status                 string
	found, meaning, action *regexp.Regexp
	text                   string
}

// anything stands in the document for what differs.
const anything = "…"

func pattern(text string) *regexp.Regexp {
	parts := strings.Split(text, anything)
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$")
}

// readDocument reads the tables below "What is checked".
func readDocument(t *testing.T) documented {
	t.Helper()
	text, err := os.ReadFile("../../docs/check.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text2, _ := strings.Cut(string(text), "\n## What is checked\n")
	tables := make(map[string][][]string)
	section := ""
	for line := range strings.Lines(text2) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "### "); ok {
			section = name
		}
		if strings.HasPrefix(line, "| ") {
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			tables[section] = append(tables[section], cells)
		}
	}
	rows := make(documented)
	for _, name := range check.Names() {
		for _, cells := range tables[name][1:] {
			for _, answer := range tables["Answers that are errors"][1:] {
				fill := strings.NewReplacer("(answer)", answer[0], "(cure)", answer[1])
				found, action := fill.Replace(cells[1]), fill.Replace(cells[3])
				rows[name] = append(rows[name], documentedRow{cells[0], pattern(found), pattern(cells[2]), pattern(action), strings.Join(cells, " | ")})
				if found == cells[1] && action == cells[3] {
					break
				}
			}
		}
		for _, cells := range tables["Why something was skipped"][1:] {
			rows[name] = append(rows[name], documentedRow{string(check.Skipped), pattern(cells[0]), pattern(""), pattern(anything), cells[0]})
		}
	}
	return rows
}

// row returns the row that a result matches, empty if there is none.
func (d documented) row(r check.Result) string {
	for _, row := range d[r.Check] {
		if row.status == string(r.Status) && row.found.MatchString(r.Found) && row.meaning.MatchString(r.Meaning) && row.action.MatchString(r.Action) {
			return row.text
		}
	}
	return ""
}

func TestTheDocumentListsEveryFinding(t *testing.T) {
	document := readDocument(t)
	met := make(map[string]bool)
	for name, s := range scenarios() {
		for _, profile := range profiles() {
			report, _, _ := s.report(t, profile)
			for _, r := range append(report.Configuration, report.Workspaces[0].Results...) {
				row := document.row(r)
				if row == "" {
					t.Errorf("%s on %s: docs/check.md does not list %+v", name, profile, r)
				}
				met[row] = true
			}
		}
	}
	// What takes sockets to be found is compared where it is.
	delete(document, check.TLS)
	delete(document, check.Reachability)
	delete(document, check.Configuration)
	for name, rows := range document {
		for _, row := range rows {
			if !met[row.text] && row.status != string(check.Skipped) {
				t.Errorf("%s: nothing in the tests is found as %q", name, row.text)
				met[row.text] = true // Once is enough.
			}
		}
	}
}

func TestTheDocumentListsEveryField(t *testing.T) {
	text, err := os.ReadFile("../../docs/check.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		of     any
		prefix string
	}{{check.Report{}, ""}, {check.WorkspaceReport{}, "workspaces[]."}, {check.Result{}, ""}} {
		for field := range reflect.TypeOf(tt.of).Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if row := "| `" + tt.prefix + name + "` |"; !strings.Contains(string(text), row) {
				t.Errorf("docs/check.md has no row %s", row)
			}
		}
	}
}
