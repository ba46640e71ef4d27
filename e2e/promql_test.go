package e2e

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// node is an expression of PromQL, as Prometheus' endpoint parse_query tells it.
type node struct {
	Type     string // such as vectorSelector
	Name     string // of a selector's metric
	Op       string // of an aggregation or a binary expression
	Func     struct{ Name string }
	Matchers []matcher
	Grouping []string
	Without  bool
	Bool     bool
	Range    int64 // of a matrix selector, in milliseconds
	Val      json.RawMessage
	Matching *struct {
		Card            string
		Labels, Include []string
		On              bool
	}

	Args                  []*node
	Expr, LHS, RHS, Param *node

	// metric is what a selector selects, nil if there is no such metric.
	metric *metric
}

type matcher struct{ Name, Type, Value string }

func (n *node) children() []*node {
	var list []*node
	for _, child := range append([]*node{n.Expr, n.LHS, n.RHS, n.Param}, n.Args...) {
		if child != nil {
			list = append(list, child)
		}
	}
	return list
}

// walk calls a function for an expression and all in it, with what is around each,
// the nearest last.
func (n *node) walk(visit func(n *node, around []*node)) {
	var down func(n *node, around []*node)
	down = func(n *node, around []*node) {
		visit(n, around)
		inside := slices.Concat(around, []*node{n})
		for _, child := range n.children() {
			down(child, inside)
		}
	}
	down(n, nil)
}

// isSelector says whether the expression is series of the store.
func (n *node) isSelector() bool {
	return n.Type == "vectorSelector" || n.Type == "matrixSelector"
}

// labels are those of a selector's series.
func (n *node) labels() []string {
	if n.metric == nil {
		return nil
	}
	return n.metric.labels
}

// matches says whether a selector has a matcher.
func (n *node) matches(m matcher) bool {
	return slices.Contains(n.Matchers, m)
}

// fixes says whether a selector takes one value of a label.
func (n *node) fixes(label string) bool {
	for _, has := range n.Matchers {
		if has.Name == label && has.Type == "=" {
			return true
		}
	}
	return false
}

// parser parses PromQL with a Prometheus, each expression once.
type parser struct {
	t          *testing.T
	prometheus *prometheus
	metrics    map[string]metric
	parsed     map[string]parsed
}

type parsed struct {
	root *node
	err  error
}

func newParser(t *testing.T, p *prometheus) *parser {
	t.Helper()
	return &parser{t: t, prometheus: p, metrics: queryableMetrics(t), parsed: make(map[string]parsed)}
}

// parse returns the expression, or what Prometheus has against it.
func (p *parser) parse(expr string) (*node, error) {
	p.t.Helper()
	if known, ok := p.parsed[expr]; ok {
		return known.root, known.err
	}
	var root node
	err := p.prometheus.call(p.t, "parse_query", url.Values{"query": {expr}}, &root)
	root.walk(func(n *node, _ []*node) {
		if known, ok := p.metrics[n.Name]; ok && n.isSelector() {
			n.metric = &known
		}
	})
	p.parsed[expr] = parsed{&root, err}
	return &root, err
}

// call asks an endpoint of Prometheus' HTTP API. The error is Prometheus' own.
func (p *prometheus) call(t *testing.T, endpoint string, parameters url.Values, data any) error {
	t.Helper()
	address := url.URL{Scheme: "http", Host: p.address, Path: "/api/v1/" + endpoint, RawQuery: parameters.Encode()}
	_, body, err := get(t.Context(), http.DefaultClient, address.String())
	if err != nil {
		t.Fatal(err)
	}
	answer := struct {
		Data  any
		Error string
	}{Data: data}
	if err := json.NewDecoder(strings.NewReader(body)).Decode(&answer); err != nil {
		t.Fatalf("%s: %v; body:\n%s", endpoint, err, body)
	}
	if answer.Error != "" {
		return errors.New(answer.Error)
	}
	return nil
}
