package rocketchattest

import (
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// query holds a request's parameters as the server's parser leaves them.
type query map[string]parameter

// parameter is the value of one name.
type parameter struct {
	text string
	// times is how often the name came.
	times int
	// list and object say that it came as name[]=, and as name[key]=.
	list, object bool
}

// The limits of the server's parser.
const (
	maxParameters = 1000
	maxArray      = 500
)

// parseQuery reads the parameters like the library that the server uses.
// Malformed escapes stay as they are. Too many parameters are an error of the
// latest servers; older ones overlook them.
func parseQuery(c *call) *answer {
	strict := c.workspace.profile == Latest
	pairs := strings.Split(c.request.URL.RawQuery, "&")
	if len(pairs) > maxParameters {
		if strict {
			return invalidQuery()
		}
		pairs = pairs[:maxParameters]
	}
	c.query = make(query)
	for _, pair := range pairs {
		name, text, _ := strings.Cut(pair, "=")
		name, key, brackets := strings.Cut(unescape(name), "[")
		if name == "" {
			name = key // "[name]=" is "name=".
		}
		if name == "" {
			continue
		}
		p := c.query[name]
		p.text = unescape(text)
		p.times++
		isList := strings.Trim(key, "0123456789") == "]"
		p.list = p.list || brackets && isList
		p.object = p.object || brackets && !isList
		c.query[name] = p
		if strict && p.times > maxArray {
			return invalidQuery()
		}
	}
	return nil
}

func invalidQuery() *answer {
	return failed(http.StatusBadRequest, "Invalid query parameters", "")
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
	// unwraps says that a list of one value passes for the value.
	unwraps bool
}

type property struct {
	name    string
	numeric bool
	// values are all that are allowed; nil allows any.
	values []string
}

// paginated are the properties that the server's schemas call pagination.
func paginated() []property {
	return []property{{name: "count", numeric: true}, {name: "offset", numeric: true}, {name: "sort"}}
}

// analyticsSchema is the schema of the department analytics routes, with what one
// of them takes more.
func analyticsSchema(p Profile, more ...property) *schema {
	s := &schema{
		required:   []string{"start", "end"},
		properties: slices.Concat([]property{{name: "start"}, {name: "end"}}, more, []property{{name: "departmentId"}}),
		unwraps:    p == Latest,
	}
	if p != Old {
		s.properties = append(s.properties, paginated()...)
	}
	return s
}

// validate applies the route's schema, if it has one.
func validate(c *call) *answer {
	if c.route.parameters == nil {
		return nil
	}
	message := c.route.parameters.violation(c.query)
	if message == "" {
		return nil
	}
	return failed(http.StatusBadRequest, message+" [invalid-params]", "invalid-params")
}

// violation is the first violation: missing names, then names that are not
// allowed, then wrong types. It is empty if there is none.
func (s *schema) violation(q query) string {
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
		if !given {
			continue
		}
		scalar := value.times == 1 && !value.object && (!value.list || s.unwraps)
		switch {
		case p.numeric && (!scalar || math.IsNaN(number(value.text))):
			return "must be number"
		case !scalar:
			return "must be string"
		case p.values != nil && !slices.Contains(p.values, value.text):
			return "must be equal to one of the allowed values"
		}
	}
	return ""
}

// number reads a text as JavaScript makes a number of one: NaN if it is none.
// The server also lets Infinity pass; the double does not.
func number(s string) float64 {
	s = strings.TrimSpace(s)
	if len(s) > 2 && s[0] == '0' && strings.ContainsRune("xXoObB", rune(s[1])) {
		if n, err := strconv.ParseUint(s, 0, 64); err == nil && !strings.Contains(s, "_") {
			return float64(n)
		}
		return math.NaN()
	}
	// Underscores, and words such as "inf", are numbers to Go alone.
	if n, err := strconv.ParseFloat(s, 64); err == nil && !strings.ContainsAny(s, "_nN") {
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
