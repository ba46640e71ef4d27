package main

import (
	"context"
	"fmt"
	"log/slog"
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
type evaluator struct {
	rules    []rules.Rule // in their order
	memory   *memory
	query    rules.QueryFunc
	interval time.Duration
}

// newEvaluator takes the group of a rule file that has the judged alerts.
func newEvaluator(file string, m *memory, interval time.Duration) (*evaluator, error) {
	p := parser.NewParser(parser.Options{})
	parsed, errs := rulefmt.ParseFile(file, false, model.LegacyValidation, p, slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		return nil, fmt.Errorf("%s: %w", file, errs[0])
	}
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 50_000_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute,
		EnableAtModifier: true, EnableNegativeOffset: true, Parser: p,
	})
	e := &evaluator{memory: m, query: rules.EngineQueryFunc(engine, m), interval: interval}
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
			labels.FromMap(r.Annotations), labels.EmptyLabels(), "http://prometheus.example.com", true, slog.New(slog.DiscardHandler)), nil
	default:
		return nil, nil //nolint:nilnil // There is nothing to judge.
	}
}

// evaluate evaluates the rules at a time, and returns the alerts that fire.
func (e *evaluator) evaluate(ctx context.Context, at time.Time) ([]labels.Labels, error) {
	var firing []labels.Labels
	for _, rule := range e.rules {
		vector, err := rule.Eval(ctx, 0, at, e.query, nil, 0)
		if err != nil {
			return nil, fmt.Errorf("%s at %s: %w", rule.Name(), at, err)
		}
		for _, s := range vector {
			e.memory.record(s.Metric, at, e.interval, s.F)
		}
		if alert, ok := rule.(*rules.AlertingRule); ok {
			for _, a := range alert.ActiveAlerts() {
				if a.State == rules.StateFiring {
					firing = append(firing, a.Labels)
				}
			}
		}
	}
	e.memory.markStale(at)
	return firing, nil
}
