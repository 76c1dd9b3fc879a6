// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

const (
	// graphTimeout bounds the queries of one graph, which the dashboard waits for.
	graphTimeout = 5 * time.Second
	// graphPoints is how many points a series of a graph has, and graphSeries how many
	// series are returned.
	graphPoints = 240
	graphSeries = 7
)

// Graph evaluates what an expression compares with a threshold, or the expression itself, over
// a time. The series that are returned are those that came nearest to the threshold, or without
// one those with the largest values.
func (e *Evaluator) Graph(ctx context.Context, expr string, from, to time.Time) (dashboard.Graph, error) {
	e.reading.RLock()
	defer e.reading.RUnlock()
	if e.closed {
		return dashboard.Graph{}, ErrClosed
	}
	ctx, cancel := context.WithTimeout(ctx, graphTimeout)
	defer cancel()
	parsed, err := Parser.ParseExpr(expr)
	if err != nil {
		return dashboard.Graph{}, err
	}
	shown, limit, operator := splitThreshold(parsed)
	g := dashboard.Graph{Expr: shown.String(), Step: max(to.Sub(from)/graphPoints, time.Second).Round(time.Second)}
	g.From = from.Truncate(g.Step)
	if limit != nil {
		if g.Limit, err = e.scalar(ctx, limit.String(), to); err != nil {
			return dashboard.Graph{}, err
		}
		g.Operator = operator.String()
	}
	query, err := e.engine.NewRangeQuery(ctx, e.Store, nil, g.Expr, g.From, to, g.Step)
	if err != nil {
		return dashboard.Graph{}, err
	}
	defer query.Close()
	result := query.Exec(ctx)
	matrix, err := result.Matrix()
	if err != nil {
		return dashboard.Graph{}, err
	}
	slices.SortFunc(matrix, func(a, b promql.Series) int {
		return cmp.Or(cmp.Compare(nearest(b, operator), nearest(a, operator)), labels.Compare(a.Metric, b.Metric))
	})
	g.More = max(0, len(matrix)-graphSeries)
	for i := range matrix[:min(len(matrix), graphSeries)] {
		g.Series = append(g.Series, alignSeries(&g, &matrix[i], to))
	}
	return g, nil
}

// scalar evaluates an expression that is one number.
func (e *Evaluator) scalar(ctx context.Context, expr string, at time.Time) (float64, error) {
	query, err := e.engine.NewInstantQuery(ctx, e.Store, nil, expr, at)
	if err != nil {
		return 0, err
	}
	defer query.Close()
	switch result := query.Exec(ctx); v := result.Value.(type) {
	case promql.Scalar:
		return v.V, result.Err
	default:
		return 0, errors.Join(errors.New("the threshold is not a number"), result.Err)
	}
}

// alignSeries puts the points of a series at the steps of a graph.
func alignSeries(g *dashboard.Graph, of *promql.Series, to time.Time) dashboard.GraphSeries {
	s := dashboard.GraphSeries{Labels: of.Metric.Map(), Values: make([]float64, to.Sub(g.From)/g.Step+1)}
	for i := range s.Values {
		s.Values[i] = math.NaN()
	}
	for _, p := range of.Floats {
		if i := (p.T - g.From.UnixMilli()) / g.Step.Milliseconds(); 0 <= i && int(i) < len(s.Values) {
			s.Values[i] = p.F
		}
	}
	return s
}

// nearest is the value of a series that comes nearest to meeting a comparison, as a number
// that is the larger the nearer it is.
func nearest(s promql.Series, operator parser.ItemType) float64 {
	most := math.Inf(-1)
	for _, p := range s.Floats {
		v := p.F
		if operator == parser.LSS || operator == parser.LTE {
			v = -v
		}
		if !math.IsNaN(v) {
			most = max(most, v)
		}
	}
	return most
}

// splitThreshold returns what an expression compares with a number, and the number; or the
// expression. Further conditions (and, unless) are left out.
func splitThreshold(expr parser.Expr) (shown, limit parser.Expr, operator parser.ItemType) {
	binary, ok := unwrap(expr).(*parser.BinaryExpr)
	switch {
	case !ok || binary.ReturnBool:
		return expr, nil, 0
	case binary.Op == parser.LAND || binary.Op == parser.LUNLESS:
		return splitThreshold(binary.LHS)
	case !binary.Op.IsComparisonOperator():
		return expr, nil, 0
	case binary.RHS.Type() == parser.ValueTypeScalar && binary.LHS.Type() != parser.ValueTypeScalar:
		return binary.LHS, binary.RHS, binary.Op
	case binary.LHS.Type() == parser.ValueTypeScalar && binary.RHS.Type() != parser.ValueTypeScalar:
		return binary.RHS, binary.LHS, mirrorOf(binary.Op)
	case binary.LHS.Type() == parser.ValueTypeVector:
		return binary.LHS, nil, 0 // it is compared with other series
	default:
		return expr, nil, 0
	}
}
