// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

// NoData is what a [Evaluator.Reason] begins with when there are no series.
const NoData = "There is no data for "

// reasonTimeout bounds the queries that find the reason of one rule.
const reasonTimeout = time.Second

// Reason is a sentence about why a rule does not fire, or yields nothing.
func (e *Evaluator) Reason(ctx context.Context, rule rules.Rule, at time.Time) string {
	switch {
	case rule.Health() == rules.HealthUnknown:
		return "It has not been evaluated yet."
	case rule.LastError() != nil:
		return "It could not be evaluated."
	}
	if alerting, ok := rule.(*rules.AlertingRule); ok {
		if oldest, ok := oldestPending(alerting); ok {
			held := model.Duration(at.Sub(oldest).Round(time.Second))
			return fmt.Sprintf("It has held for %v of %v.", held, model.Duration(alerting.HoldDuration()))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, reasonTimeout)
	defer cancel()
	text, err := NewExplainer(ctx, e, at).WhyEmpty(rule.Query())
	if err != nil {
		return ""
	}
	return text
}

func oldestPending(rule *rules.AlertingRule) (time.Time, bool) {
	var oldest time.Time
	rule.ForEachActiveAlert(func(active *rules.Alert) {
		if active.State == rules.StatePending && (oldest.IsZero() || active.ActiveAt.Before(oldest)) {
			oldest = active.ActiveAt
		}
	})
	return oldest, !oldest.IsZero()
}

// Explainer finds out why an expression yields no series, from its parts.
type Explainer struct {
	query func(expr string) (promql.Vector, error)
}

// NewExplainer makes an explainer of expressions at a time.
func NewExplainer(ctx context.Context, e *Evaluator, at time.Time) Explainer {
	return Explainer{query: func(expr string) (promql.Vector, error) { return e.Query(ctx, expr, at) }}
}

// WhyEmpty returns a sentence, or "" when the expression yields something.
func (x Explainer) WhyEmpty(expr parser.Expr) (string, error) {
	expr = unwrap(expr)
	result, err := x.query(expr.String())
	if err != nil || len(result) > 0 {
		return "", err
	}
	switch e := expr.(type) {
	case *parser.BinaryExpr:
		return x.whyBinaryEmpty(e)
	case *parser.Call:
		if e.Func.Name == "absent" || e.Func.Name == "absent_over_time" {
			return fmt.Sprintf("There is data for %s.", e.Args[0]), nil
		}
	}
	return x.whyNoData(expr)
}

func (x Explainer) whyBinaryEmpty(e *parser.BinaryExpr) (string, error) {
	if e.Op == parser.LOR {
		left, err := x.WhyEmpty(e.LHS)
		if err != nil {
			return "", err
		}
		right, err := x.WhyEmpty(e.RHS)
		return strings.TrimSpace(left + " " + right), err
	}
	for _, side := range []parser.Expr{e.LHS, e.RHS} {
		if side == e.RHS && e.Op == parser.LUNLESS {
			return fmt.Sprintf("All of %s is excluded.", e.LHS), nil
		}
		if text, err := x.WhyEmpty(side); text != "" || err != nil {
			return text, err
		}
	}
	if !e.Op.IsComparisonOperator() {
		return "The series of both sides do not go together.", nil
	}
	return x.whyNotMet(e)
}

// whyNotMet is for a comparison whose sides both have series.
func (x Explainer) whyNotMet(e *parser.BinaryExpr) (string, error) {
	value, limit, op := e.LHS, e.RHS, e.Op
	if limit.Type() != parser.ValueTypeScalar {
		if value.Type() != parser.ValueTypeScalar {
			return fmt.Sprintf("%s is nowhere %s %s.", e.LHS, e.Op, e.RHS), nil
		}
		value, limit, op = limit, value, mirrorOf(op)
	}
	values, err := x.query(value.String())
	if err != nil {
		return "", err
	}
	limits, err := x.query(limit.String())
	if err != nil || len(limits) == 0 || len(values) == 0 {
		return "", err
	}
	nearest := values[0].F
	for _, sample := range values[1:] {
		if closer(op, sample.F, nearest, limits[0].F) {
			nearest = sample.F
		}
	}
	return fmt.Sprintf("The value is %s, not %s %s.", number(nearest), op, number(limits[0].F)), nil
}

// closer reports whether a is nearer than b to meeting the comparison with limit.
func closer(op parser.ItemType, a, b, limit float64) bool {
	switch op {
	case parser.GTR, parser.GTE:
		return a > b || math.IsNaN(b)
	case parser.LSS, parser.LTE:
		return a < b || math.IsNaN(b)
	default:
		return math.Abs(a-limit) < math.Abs(b-limit) || math.IsNaN(b)
	}
}

// mirrorOf is the comparison with its sides exchanged.
func mirrorOf(op parser.ItemType) parser.ItemType {
	switch op {
	case parser.GTR:
		return parser.LSS
	case parser.GTE:
		return parser.LTE
	case parser.LSS:
		return parser.GTR
	case parser.LTE:
		return parser.GTE
	default:
		return op
	}
}

// whyNoData names the first selector that finds nothing.
func (x Explainer) whyNoData(expr parser.Expr) (string, error) {
	for _, selector := range selectors(expr) {
		found, err := x.query(selector.window)
		if err != nil {
			return "", err
		}
		if len(found) == 0 {
			return NoData + selector.text + ".", nil
		}
	}
	return "It yields no series.", nil
}

// selector is a selector of series, and an expression that yields those which
// it finds, over its range if it has one.
type selector struct{ text, window string }

func selectors(expr parser.Expr) []selector {
	var out []selector
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		vector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		window := vector.String()
		if len(path) > 0 {
			if matrix, ok := path[len(path)-1].(*parser.MatrixSelector); ok {
				window = "last_over_time(" + matrix.String() + ")"
			}
		}
		bare := *vector
		bare.OriginalOffset, bare.Offset, bare.Timestamp, bare.StartOrEnd = 0, 0, nil, 0
		out = append(out, selector{text: bare.String(), window: window})
		return nil
	})
	return out
}

func unwrap(expr parser.Expr) parser.Expr {
	for {
		switch e := expr.(type) {
		case *parser.ParenExpr:
			expr = e.Expr
		case *parser.StepInvariantExpr:
			expr = e.Expr
		default:
			return expr
		}
	}
}

// number is short enough to be read, and exact for what is written short.
func number(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

// RecordedValue is the largest value that a recording rule wrote last.
func (e *Evaluator) RecordedValue(group *rules.Group, name string) *float64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	state, ok := e.groups.byGroup[groupKey(group)]
	if !ok {
		return nil
	}
	value, ok := state.values[name]
	if !ok {
		return nil
	}
	return &value
}
