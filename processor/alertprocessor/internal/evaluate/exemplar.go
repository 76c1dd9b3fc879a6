// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/prometheus/otlptranslator"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/ingest"
)

// exemplars are those of the series that a rule looks at.
type exemplars struct {
	found   []exemplar.QueryResult
	related *relatedSeries // of found
}

// findExemplars looks as far back as the rule does.
func (e *Evaluator) findExemplars(ctx context.Context, rule *rules.AlertingRule, at time.Time) exemplars {
	source, ok := e.Store.(storage.ExemplarQueryable)
	if !ok {
		return exemplars{}
	}
	matchers, window := selectorsOf(rule.Query())
	if len(matchers) == 0 {
		return exemplars{}
	}
	querier, err := source.ExemplarQuerier(ctx)
	if err != nil {
		return exemplars{}
	}
	start := at.Add(-window - rule.HoldDuration())
	found, err := querier.Select(start.UnixMilli(), at.UnixMilli(), matchers...)
	if err != nil {
		return exemplars{}
	}
	related := newRelatedSeries(rule.Labels())
	for i := range found {
		related.add(i, found[i].SeriesLabels)
	}
	return exemplars{found: found, related: related}
}

// selectorsOf returns the matchers of the selectors of an expression, and the
// longest time that one of them looks back.
func selectorsOf(expr parser.Expr) (matchers [][]*labels.Matcher, window time.Duration) {
	window = ingest.Lookback
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			matchers = append(matchers, n.LabelMatchers)
			window = max(window, ingest.Lookback+n.OriginalOffset)
		case *parser.MatrixSelector:
			window = max(window, n.Range)
		case *parser.SubqueryExpr:
			window = max(window, n.Range)
		}
		return nil
	})
	return matchers, window
}

// setTrace gives an alert the trace of the latest example from a series of which
// it may be: one that has no other values for the labels that both have.
func (x exemplars) setTrace(a *alertevent.Alert) {
	var latest int64
	if x.related == nil {
		return
	}
	for i := range x.related.of(a.Labels) {
		for _, example := range x.found[i].Exemplars {
			traceID, spanID, ok := traceOf(example.Labels)
			if ok && example.Ts >= latest {
				latest, a.TraceID, a.SpanID = example.Ts, traceID, spanID
			}
		}
	}
}

func traceOf(example labels.Labels) (traceID pcommon.TraceID, spanID pcommon.SpanID, ok bool) {
	raw, err := hex.DecodeString(example.Get(otlptranslator.ExemplarTraceIDKey))
	if err != nil || len(raw) != len(traceID) {
		return traceID, spanID, false
	}
	copy(traceID[:], raw)
	if raw, err = hex.DecodeString(example.Get(otlptranslator.ExemplarSpanIDKey)); err == nil && len(raw) == len(spanID) {
		copy(spanID[:], raw)
	}
	return traceID, spanID, true
}
