package rocketchattest

import (
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// query holds a request's parameters as the server's parser leaves them.
type query map[string]parameter

// parameter is the value of one name.
type parameter struct {
	text string
	// compound values are arrays and objects: the name came more than once, or
	// with brackets.
	compound bool
	// times is how often the name came.
	times int
}

// The limits of the server's parser. Parameters over the first are dropped; more
// values of one name than the second are an error of newer servers.
const (
	maxParameters = 1000
	maxArray      = 500
)

// parseQuery reads the parameters like the library that the server uses, which
// takes malformed escapes literally instead of refusing them.
func parseQuery(c *call) *answer {
	c.query = make(query)
	for i, pair := range strings.Split(c.request.URL.RawQuery, "&") {
		if i == maxParameters {
			break
		}
		name, text, _ := strings.Cut(pair, "=")
		name, brackets, _ := strings.Cut(unescape(name), "[")
		if name == "" {
			continue
		}
		p := c.query[name]
		p.times++
		p.compound = p.times > 1 || brackets != ""
		p.text = unescape(text)
		c.query[name] = p
		if c.workspace.profile == Latest && p.times > maxArray {
			return failed(http.StatusBadRequest, "Invalid query parameters", "")
		}
	}
	return nil
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return strings.ReplaceAll(s, "+", " ")
}

// schema is what a route's parameters are validated by: a JSON schema that
// allows no other names.
type schema struct {
	required   []string
	properties []property // in the order of the schema, in which they are looked at
}

type property struct {
	name    string
	numeric bool
}

// analyticsSchema is the schema of the department analytics routes.
func analyticsSchema(p Profile) schema {
	s := schema{
		required:   []string{"start", "end"},
		properties: []property{{name: "start"}, {name: "end"}, {name: "departmentId"}},
	}
	if p != Old {
		s.properties = append(s.properties,
			property{name: "count", numeric: true}, property{name: "offset", numeric: true}, property{name: "sort"})
	}
	return s
}

// validate applies the route's schema. The server reports the first violation:
// missing names, then names that are not allowed, then wrong types.
func validate(c *call) *answer {
	message := c.route.parameters.violation(c.query)
	if message == "" {
		return nil
	}
	return failed(http.StatusBadRequest, message+" [invalid-params]", "invalid-params")
}

func (s schema) violation(q query) string {
	for _, name := range s.required {
		if _, given := q[name]; !given {
			return "must have required property '" + name + "'"
		}
	}
	known := 0
	for _, p := range s.properties {
		if _, given := q[p.name]; given {
			known++
		}
	}
	if known < len(q) {
		return "must NOT have additional properties"
	}
	for _, p := range s.properties {
		value, given := q[p.name]
		switch {
		case !given:
		case p.numeric && (value.compound || value.text != "" && math.IsNaN(number(value.text))):
			return "must be number"
		case !p.numeric && value.compound:
			return "must be string"
		}
	}
	return ""
}

// number reads a text as JavaScript converts one to a number: NaN if it is none.
func number(s string) float64 {
	s = strings.TrimSpace(s)
	if strings.ContainsAny(s, "_pPnN") { // What Go takes beyond JavaScript.
		return math.NaN()
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		return n
	}
	return math.NaN()
}

// period reads start and end, in milliseconds since the epoch.
func (c *call) period() (start, end int64, bad *answer) {
	for _, bound := range []struct {
		name string
		to   *int64
	}{{"start", &start}, {"end", &end}} {
		at, ok := parseDate(c.query[bound.name].text, c.settings.Location)
		if !ok {
			return 0, 0, failed(http.StatusBadRequest, `The "`+bound.name+`" query parameter must be a valid date.`, "")
		}
		*bound.to = at
	}
	return start, end, nil
}

// department reads departmentId. Empty, and the word that a careless client
// makes of nothing, mean all departments.
func (c *call) department() (id string, one bool) {
	id = c.query["departmentId"].text
	return id, id != "" && id != "undefined"
}
