package rocketchattest

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// schema is what a route's parameters are validated by: a JSON schema that
// allows no other names.
type schema struct {
	required   []string
	properties []property // in the order of the schema, in which they are looked at
}

type property struct {
	name    string
	numeric bool
	// nullable numbers may be empty, which the schema makes null of.
	nullable bool
	// values are all that are allowed; nil allows any.
	values []string
}

// paginated are the properties that the server's schemas call pagination.
func paginated(nullable bool) []property {
	return []property{{name: "count", numeric: true, nullable: nullable}, {name: "offset", numeric: true, nullable: nullable}, {name: "sort"}}
}

// analyticsSchema is the schema of the department analytics routes, with what one
// of them takes more.
func analyticsSchema(p Profile, more ...property) *schema {
	s := &schema{
		required:   []string{"start", "end"},
		properties: slices.Concat([]property{{name: "start"}, {name: "end"}}, more, []property{{name: "departmentId"}}),
	}
	if p != Old {
		s.properties = append(s.properties, paginated(false)...)
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
func (s *schema) violation(q url.Values) string {
	for _, name := range s.required {
		if !q.Has(name) {
			return "must have required property '" + name + "'"
		}
	}
	for name := range q {
		if !slices.ContainsFunc(s.properties, func(p property) bool { return p.name == name }) {
			return "must NOT have additional properties"
		}
	}
	for _, p := range s.properties {
		_, err := number(q.Get(p.name))
		switch {
		case !q.Has(p.name):
		case p.nullable && len(q[p.name]) == 1 && q.Get(p.name) == "":
		case p.numeric && (len(q[p.name]) > 1 || err != nil):
			return "must be number"
		case len(q[p.name]) > 1:
			return "must be string"
		case p.values != nil && !slices.Contains(p.values, q.Get(p.name)):
			return "must be equal to one of the allowed values"
		}
	}
	return ""
}

// The forms of numbers that JavaScript reads, in ASCII.
var (
	decimal    = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`)
	ofBase     = regexp.MustCompile(`^0([xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)$`)
	infinities = regexp.MustCompile(`^[+-]?Infinity$`)
)

// number reads a text as JavaScript makes a number of one. Spaces alone are 0, nothing
// is none.
func number(s string) (float64, error) {
	trimmed := strings.TrimSpace(s)
	switch {
	case trimmed == "" && s != "":
		return 0, nil
	case decimal.MatchString(trimmed), infinities.MatchString(trimmed):
		n, _ := strconv.ParseFloat(trimmed, 64) // Out of range it is infinite.
		return n, nil
	case ofBase.MatchString(trimmed):
		n, _ := strconv.ParseUint(trimmed, 0, 64)
		return float64(n), nil
	}
	return 0, errors.New("not a number")
}

// period reads start and end, in milliseconds since the epoch.
func (c *call) period() (start, end int64, bad *answer) {
	for _, bound := range []struct {
		name string
		to   *int64
	}{{"start", &start}, {"end", &end}} {
		at, ok := parseDate(c.query.Get(bound.name), c.settings.Location)
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
	id = c.query.Get("departmentId")
	return id, id != "" && id != "undefined"
}
