package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

// prefix begins the names of the alerts that are judged.
const prefix = "LivechatAbandonment"

// evaluator evaluates the alerts on abandoned chats, and the recorded series that they
// use, with Prometheus' rules and query engine.
//
// A rule is evaluated for the whole time before the next one: a query over a range takes
// a fraction of the time of as many queries of an instant. So a rule can only read what
// rules before it record, as those of a group do at the same time.
type evaluator struct {
	rules  []rules.Rule // in their order
	memory *memory
	engine *promql.Engine
	grid   grid
}

// newEvaluator takes the group of a rule file that has the judged alerts.
func newEvaluator(file string, m *memory, g grid) (*evaluator, error) {
	p := parser.NewParser(parser.Options{})
	parsed, errs := rulefmt.ParseFile(file, false, model.LegacyValidation, p, slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		return nil, fmt.Errorf("%s: %w", file, errs[0])
	}
	e := &evaluator{memory: m, grid: g, engine: promql.NewEngine(promql.EngineOpts{
		MaxSamples: math.MaxInt, Timeout: time.Hour, LookbackDelta: 5 * time.Minute,
		EnableAtModifier: true, EnableNegativeOffset: true, Parser: p,
	})}
	for _, g := range parsed.Groups {
		for _, r := range g.Rules {
			rule, err := newRule(g, r, p)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			if rule != nil {
				e.rules = append(e.rules, rule)
			}
		}
	}
	return e, nil
}

// newRule is nil for an alert that is not judged and for what only such alerts use.
func newRule(g rulefmt.RuleGroup, r rulefmt.Rule, p parser.Parser) (rules.Rule, error) {
	expr, err := p.ParseExpr(r.Expr)
	if err != nil {
		return nil, fmt.Errorf("%s%s: %w", r.Record, r.Alert, err)
	}
	set := rules.FromMaps(g.Labels, r.Labels)
	switch {
	case r.Record != "" && g.Name == "livechat-abandonment":
		return rules.NewRecordingRule(r.Record, expr, set), nil
	case strings.HasPrefix(r.Alert, prefix):
		return rules.NewAlertingRule(r.Alert, expr, time.Duration(r.For), time.Duration(r.KeepFiringFor), set,
			labels.EmptyLabels(), labels.EmptyLabels(), "http://prometheus.example.com", true, slog.New(slog.DiscardHandler)), nil
	default:
		return nil, nil //nolint:nilnil // There is nothing to judge.
	}
}

// firing evaluates the rules, and returns the alerts that fire at each sample of the grid.
func (e *evaluator) firing(ctx context.Context) ([][]labels.Labels, error) {
	firing := make([][]labels.Labels, e.grid.samples())
	for _, rule := range e.rules {
		found, err := e.query(ctx, rule.Query().String())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", rule.Name(), err)
		}
		if alert, ok := rule.(*rules.AlertingRule); ok {
			err = e.alert(ctx, alert, found, firing)
		} else {
			e.record(rule, found)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", rule.Name(), err)
		}
	}
	return firing, nil
}

// query evaluates an expression at each sample of the grid.
func (e *evaluator) query(ctx context.Context, expr string) (promql.Matrix, error) {
	query, err := e.engine.NewRangeQuery(ctx, e.memory, nil, expr, e.grid.from, e.grid.to, e.grid.step)
	if err != nil {
		return nil, err
	}
	return query.Exec(ctx).Matrix()
}

// record stores what a recording rule found.
func (e *evaluator) record(rule rules.Rule, found promql.Matrix) {
	for _, s := range found {
		name := labels.NewBuilder(s.Metric).Set(model.MetricNameLabel, rule.Name())
		rule.Labels().Range(func(l labels.Label) { name.Set(l.Name, l.Value) })
		recorded := e.grid.missing()
		for _, point := range s.Floats {
			recorded[e.grid.index(time.UnixMilli(point.T))] = point.F
		}
		e.memory.store(name.Labels(), e.grid.from, e.grid.step, recorded)
	}
}

// alert lets an alert pass through its states, stores its series, and adds it where it fires.
func (e *evaluator) alert(ctx context.Context, alert *rules.AlertingRule, found promql.Matrix, firing [][]labels.Labels) error {
	vectors := make([]promql.Vector, e.grid.samples())
	for _, s := range found {
		for _, point := range s.Floats {
			i := e.grid.index(time.UnixMilli(point.T))
			vectors[i] = append(vectors[i], promql.Sample{Metric: s.Metric, T: point.T, F: point.F})
		}
	}
	states := make(map[string]*series)
	for i, vector := range vectors {
		at := e.grid.from.Add(time.Duration(i) * e.grid.step)
		samples, err := alert.Eval(ctx, 0, at, func(context.Context, string, time.Time) (promql.Vector, error) { return vector, nil }, nil, 0)
		if err != nil {
			return err
		}
		for _, s := range samples {
			name := s.Metric.String()
			if states[name] == nil {
				states[name] = e.memory.store(s.Metric, e.grid.from, e.grid.step, e.grid.missing())
			}
			states[name].values[i] = s.F
		}
		for _, a := range alert.ActiveAlerts() {
			if a.State == rules.StateFiring {
				firing[i] = append(firing[i], a.Labels)
			}
		}
	}
	return nil
}
