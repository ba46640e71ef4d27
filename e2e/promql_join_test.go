package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// labelSet is a set of labels.
type labelSet map[string]bool

func labelSetOf(names ...string) labelSet {
	s := make(labelSet)
	for _, name := range names {
		s[name] = true
	}
	return s
}

func (s labelSet) has(name string) bool { return s[name] }

func (s labelSet) with(names ...string) labelSet {
	grown := maps.Clone(s)
	maps.Copy(grown, labelSetOf(names...))
	return grown
}

func (s labelSet) without(names ...string) labelSet {
	rest := maps.Clone(s)
	maps.DeleteFunc(rest, func(name string, _ bool) bool { return slices.Contains(names, name) })
	return rest
}

func (s labelSet) only(names ...string) labelSet {
	rest := maps.Clone(s)
	maps.DeleteFunc(rest, func(name string, _ bool) bool { return !slices.Contains(names, name) })
	return rest
}

func (s labelSet) String() string {
	return strings.Join(slices.Sorted(maps.Keys(s)), ", ")
}

// isScalarLike says whether an expression is one number without labels.
func isScalarLike(n *node) bool {
	switch n.Type {
	case "numberLiteral", "stringLiteral":
		return true
	case "parenExpr", "unaryExpr":
		return isScalarLike(n.Expr)
	case "call":
		return n.Func.Name == "time" || n.Func.Name == "vector"
	case "binaryExpr":
		return isScalarLike(n.LHS) && isScalarLike(n.RHS)
	}
	return false
}

// allLabels are the labels that an expression's series have.
func allLabels(n *node) labelSet { return labelsIn(n, false) }

// varyingLabels are those by which they differ: a label with one value tells no
// series from another.
func varyingLabels(n *node) labelSet { return labelsIn(n, true) }

func labelsIn(n *node, varying bool) labelSet {
	switch n.Type {
	case "vectorSelector", "matrixSelector":
		labels := labelSetOf(n.labels()...)
		if varying {
			maps.DeleteFunc(labels, func(name string, _ bool) bool { return n.fixes(name) })
		}
		return labels
	case "parenExpr", "unaryExpr", "subquery":
		return labelsIn(n.Expr, varying)
	case "call":
		return labelsOfCall(n, varying)
	case "aggregation":
		inside := labelsIn(n.Expr, varying)
		switch {
		case n.Op == "topk" || n.Op == "bottomk":
			return inside
		case n.Without:
			return inside.without(n.Grouping...)
		}
		return inside.only(n.Grouping...)
	case "binaryExpr":
		return labelsOfBinary(n, varying)
	}
	return labelSet{}
}

func labelsOfCall(n *node, varying bool) labelSet {
	if len(n.Args) == 0 || isScalarLike(n) {
		return labelSet{}
	}
	switch n.Func.Name {
	case "label_replace":
		var name string
		if json.Unmarshal(n.Args[1].Val, &name) != nil {
			return labelSet{}
		}
		return labelsIn(n.Args[0], varying).with(name)
	case "histogram_quantile":
		return labelsIn(n.Args[1], varying).without("le")
	}
	return labelsIn(n.Args[0], varying)
}

func labelsOfBinary(n *node, varying bool) labelSet {
	switch {
	case isScalarLike(n.LHS):
		return labelsIn(n.RHS, varying)
	case isScalarLike(n.RHS), n.Op == "and", n.Op == "unless":
		return labelsIn(n.LHS, varying)
	case n.Op == "or":
		return labelsIn(n.LHS, varying).with(slices.Collect(maps.Keys(labelsIn(n.RHS, varying)))...)
	}
	left := labelsIn(n.LHS, varying)
	filters := slices.Contains([]string{"==", "!=", "<", "<=", ">", ">="}, n.Op) && !n.Bool
	switch {
	case n.Matching.Card == "many-to-one":
		return left.with(n.Matching.Include...)
	case n.Matching.On && !filters:
		return left.only(n.Matching.Labels...)
	}
	return left
}

// joinError says what is wrong with how the two sides of an expression find each
// other, if something is.
func joinError(n *node) error {
	m := n.Matching
	left, right := varyingLabels(n.LHS), varyingLabels(n.RHS)
	if m.On && (!slices.Contains(m.Labels, "job") || !slices.Contains(m.Labels, "instance")) {
		return fmt.Errorf("%s on (%s) mixes workspaces", n.Op, strings.Join(m.Labels, ", "))
	}
	if m.On {
		for _, label := range m.Labels {
			if !allLabels(n.LHS).has(label) || !allLabels(n.RHS).has(label) {
				return fmt.Errorf("%s on (%s): one side has no %s", n.Op, strings.Join(m.Labels, ", "), label)
			}
		}
	}
	set := n.Op == "and" || n.Op == "or" || n.Op == "unless"
	switch {
	case set && m.On:
		return nil
	case !m.On:
		if len(m.Labels) > 0 {
			return fmt.Errorf("%s ignoring (%s): name what is matched on", n.Op, strings.Join(m.Labels, ", "))
		}
		if n.Op != "or" && !maps.Equal(left, right) {
			return fmt.Errorf("%s of series with (%s) and with (%s): none matches", n.Op, left, right)
		}
		return nil
	}
	one := []labelSet{right}
	if m.Card == "one-to-one" {
		one = append(one, left)
	}
	for _, side := range one {
		rest := side.without(m.Labels...)
		if side.has("department_id") && slices.Contains(m.Labels, "department_id") {
			rest = rest.without("department") // Each id has one name.
		}
		if len(rest) > 0 {
			return fmt.Errorf("%s on (%s): several series of one side have these, they differ in %s", n.Op, strings.Join(m.Labels, ", "), rest)
		}
	}
	return nil
}
