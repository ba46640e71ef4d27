//go:build conformance

package conformance

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// parameter is one parameter in one form, as in a query: none if it is left out.
type parameter struct{ name, text string }

// forms are the parameters in each form. Those of a numeric one have all that JavaScript
// makes a number of.
func forms(numbers bool) (all []parameter) {
	for _, name := range []string{
		"start", "end", "answered", "departmentId", "count", "offset", "sort", "text",
		"onlyMyDepartments", "enabled", "excludeDepartmentId", "showArchived", "query", "fields", "foo",
	} {
		values := []string{"", "true", "0", "{}"}
		if numbers && (name == "count" || name == "offset") {
			values = append(values, "1", "-1", "1.5", "1.", ".5", ".", "1e1", "1e", "+1", "0x10", "-0x10", "0b11", "0o17", "0x", "1_0", "0x1p4",
				"%205%20", "%20", "%00", "%C2%A05", "NaN", "Infinity", "-Infinity", "inf", "1e400", "1,5", "null", "5x")
		}
		all = append(all, parameter{name, ""}, parameter{name, name}, parameter{name, name + "=1&" + name + "=2"}, parameter{name, name + "=true&" + name})
		for _, value := range values {
			all = append(all, parameter{name, name + "=" + value})
		}
	}
	return all
}

// queries are all pairs of parameters in each form, on top of a period.
func queries() (all []string) {
	build := func(changes ...parameter) string {
		texts := map[string]string{"start": "start=2026-03-01", "end": "end=2026-03-02"}
		for _, change := range changes {
			texts[change.name] = change.text
		}
		var parts []string
		for _, name := range []string{"start", "end"} {
			parts = append(parts, texts[name])
			delete(texts, name)
		}
		for _, change := range changes {
			parts = append(parts, texts[change.name])
		}
		return strings.Trim(strings.ReplaceAll(strings.Join(parts, "&"), "&&", "&"), "&")
	}
	for _, form := range forms(true) {
		all = append(all, build(form), form.text)
	}
	pairs := forms(false)
	for i, first := range pairs {
		for _, second := range pairs[:i] {
			if first.name != second.name {
				all = append(all, build(first, second))
			}
		}
	}
	return all
}

// The list of departments has a schema without start and end, so that it refuses them.
func withoutPeriod(query string) string {
	query = strings.Replace(query, "start=2026-03-01", "", 1)
	query = strings.Replace(query, "end=2026-03-02", "", 1)
	return strings.Trim(strings.ReplaceAll(query, "&&", "&"), "&")
}

// The double refuses the queries that the published validators refuse, with their words.
func TestParameters(t *testing.T) {
	type question struct {
		About   string `json:"about"`
		Release string `json:"release"`
		Route   string `json:"route"`
		Query   string `json:"query"`
		profile rocketchattest.Profile
		sent    string
	}
	var questions []question
	for _, p := range profiles {
		release := "8"
		if p == rocketchattest.Old {
			release = "7"
		}
		for route := range paths {
			for _, sent := range queries() {
				if route == departmentRoute {
					sent = withoutPeriod(sent)
				}
				judged := sent
				if p == rocketchattest.Nine && route == departmentRoute {
					judged = strings.ReplaceAll(sent, "query", "unknown") // 9.0 took it out of the schema.
				}
				questions = append(questions, question{"validate", release, route, judged, p, sent})
			}
		}
	}
	failures, refused := 0, 0
	answers := ask[string](t, questions)
	for _, p := range profiles {
		_, client := workspace(t, p, time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC))
		for i, q := range questions {
			if q.profile != p {
				continue
			}
			got := get(t, client, q.Route, q.sent)
			message := ""
			if got.ErrorType == "invalid-params" {
				message = strings.TrimSuffix(got.Error, " [invalid-params]")
				refused++
			}
			if want := answers[i]; message != want || (got.status != 400 && want != "") {
				failures++
				if failures <= 20 {
					text, _ := url.QueryUnescape(q.sent)
					t.Errorf("%s: %s?%s is answered %d %q, want %q", p, q.Route, text, got.status, got.Error, want)
				}
			}
		}
	}
	t.Logf("%d queries compared, %d of them refused by the double, %d differ", len(questions), refused, failures)
}
