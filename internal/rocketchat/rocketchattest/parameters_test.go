package rocketchattest

import (
	"fmt"
	"strings"
	"testing"
)

const (
	additional = "must NOT have additional properties"
	notNumber  = "must be number"
	notString  = "must be string"
	invalid    = "Invalid query parameters"
)

// The wanted messages were printed by ajv 8 with the schemas that the packages
// @rocket.chat/rest-typings 7.0.0 and 8.8.1 hold, on queries parsed by qs 6. Only
// the answer for the latest server is given where it differs from mid's.
func TestParametersAreValidatedAsByTheServer(t *testing.T) {
	t.Parallel()
	const dates = "start=2026-03-01&end=2026-03-02"
	many := func(n int, parameter string) string {
		return dates + strings.Repeat("&"+parameter, n)
	}
	for query, want := range map[string]struct{ old, mid, latest string }{
		"start=&":                                {old: "must have required property 'end'", mid: "must have required property 'end'"},
		"end=2026-03-02":                         {old: "must have required property 'start'", mid: "must have required property 'start'"},
		"start=2026-03-01":                       {old: "must have required property 'end'", mid: "must have required property 'end'"},
		"start=2026-03-01&count=1":               {old: "must have required property 'end'", mid: "must have required property 'end'"},
		dates:                                    {},
		dates + "&":                              {},
		"&&" + dates + "&&":                      {},
		dates + "&=5":                            {},
		dates + "&departmentId=":                 {},
		dates + "&departmentId":                  {},
		dates + "&departmentId=x":                {},
		dates + "&departmentId=x&departmentId=y": {old: notString, mid: notString},
		dates + "&count=0":                       {old: additional},
		dates + "&count=1.5":                     {old: additional},
		dates + "&count=1e2":                     {old: additional},
		dates + "&count=0x10":                    {old: additional},
		dates + "&count=0b11":                    {old: additional},
		dates + "&count=.5":                      {old: additional},
		dates + "&count=5.":                      {old: additional},
		dates + "&count=00":                      {old: additional},
		dates + "&count=+5":                      {old: additional},
		dates + "&count=%2B5":                    {old: additional},
		dates + "&count=":                        {old: additional, mid: notNumber},
		dates + "&count=abc":                     {old: additional, mid: notNumber},
		dates + "&count=1_0":                     {old: additional, mid: notNumber},
		dates + "&count=NaN":                     {old: additional, mid: notNumber},
		dates + "&count=inf":                     {old: additional, mid: notNumber},
		dates + "&count=0x":                      {old: additional, mid: notNumber},
		dates + "&count=0x1p3":                   {old: additional, mid: notNumber},
		dates + "&count=1&count=2":               {old: additional, mid: notNumber},
		dates + "&count[]=3":                     {old: additional, mid: notNumber, latest: "ok"},
		dates + "&offset=5":                      {old: additional},
		dates + "&offset=x":                      {old: additional, mid: notNumber},
		dates + "&sort=x":                        {old: additional},
		dates + "&sort=1&sort=2":                 {old: additional, mid: notString},
		dates + "&foo":                           {old: additional, mid: additional},
		dates + "&foo=1":                         {old: additional, mid: additional},
		dates + "&query={}":                      {old: additional, mid: additional},
		dates + "&fields={}":                     {old: additional, mid: additional},
		dates + "&Start=x":                       {old: additional, mid: additional},
		dates + "&[x]=1":                         {old: additional, mid: additional},
		dates + "&count=abc&foo=1":               {old: additional, mid: additional},
		dates + "&start=2026-03-01":              {old: notString, mid: notString},
		dates + "&end=2026-03-01":                {old: notString, mid: notString},
		"start[]=2026-03-01&end=2026-03-02":      {old: notString, mid: notString, latest: "ok"},
		"start[0]=2026-03-01&end=2026-03-02":     {old: notString, mid: notString, latest: "ok"},
		"start[x]=2026-03-01&end=2026-03-02":     {old: notString, mid: notString},
		"start%5B%5D=2026-03-01&end=2026-03-02":  {old: notString, mid: notString, latest: "ok"},

		many(499, "start=x"): {old: notString, mid: notString},
		many(500, "start=x"): {old: notString, mid: notString, latest: invalid},
		many(998, "end=x"):   {old: notString, mid: notString, latest: invalid},
		many(998, ""):        {},
		many(999, ""):        {latest: invalid},
	} {
		for _, p := range profiles {
			message := map[Profile]string{Old: want.old, Mid: want.mid, Latest: want.mid}[p]
			if p == Latest && want.latest != "" {
				message = strings.TrimSuffix(want.latest, "ok")
			}
			status, body := 400, `{"success":false,"error":"`+message+` [invalid-params]","errorType":"invalid-params"}`
			switch message {
			case "":
				status, body = 200, `"success":true}`
			case invalid:
				body = `{"success":false,"error":"Invalid query parameters"}`
			}
			got := ask(t, newWorkspace(p), request{query: query})
			if got.status != status || !strings.HasSuffix(got.body, body) {
				t.Errorf("%s: %.80s is answered %d %s, want %d %s", p, query, got.status, got.body, status, body)
			}
		}
	}
}

func TestDatesAreCheckedByTheHandler(t *testing.T) {
	t.Parallel()
	for query, name := range map[string]string{
		"start=&end=":                                                     "start",
		"start=today&end=2026-03-01":                                      "start",
		"start=1700000000&end=1700003600":                                 "start",
		"start=2026-03-01&end=1700003600000":                              "end",
		"start=2026-03-01&end=":                                           "end",
		"start=%zz&end=2026-03-01":                                        "start",
		"start=2026-03-01&end=2026-03-01;c=1":                             "end",
		"start=2026-03-01T00:00:00%2B02:00&end=2026-03-02T00:00:00+02:00": "end",
	} {
		for _, p := range profiles {
			got := ask(t, newWorkspace(p), request{query: query})
			want := fmt.Sprintf(`{"success":false,"error":"The \"%s\" query parameter must be a valid date."}`, name)
			if got.status != 400 || got.body != want {
				t.Errorf("%s: %s is answered %d %s, want 400 %s", p, query, got.status, got.body, want)
			}
		}
	}
}

func FuzzQuery(f *testing.F) {
	f.Add("start=2026-03-01&end=2026-03-02&count=0")
	f.Add("start[]=%zz&end[x][y]=+&&=&count=0x10")
	f.Fuzz(func(t *testing.T, raw string) {
		w := newWorkspace(Latest)
		r := request{}.build(t)
		r.URL.RawQuery = raw
		got := w.answer(r, new(w.Settings()))
		if got.status != 200 && got.status != 400 {
			t.Errorf("answer to %q = %d, want 200 or 400", raw, got.status)
		}
	})
}
