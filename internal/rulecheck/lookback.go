// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package rulecheck

import (
	"fmt"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/prometheus/common/model"
)

// BeyondRetention returns the rules that query samples older than the retention: they
// load, but evaluate fewer samples than they select.
func (f *File) BeyondRetention(retention time.Duration) []*Problem {
	var out []*Problem
	for i := range f.rules {
		r := &f.rules[i]
		expr, err := promQL.ParseExpr(r.Expr)
		if err != nil {
			continue // which is one of the problems
		}
		if back := lookback(expr); back > retention {
			node := r.node
			if e, ok := r.fields["expr"]; ok {
				node = e.value
			}
			out = append(out, f.problem(r, finding{node, fmt.Errorf("looks back %v, beyond the %v that samples are kept",
				model.Duration(back), model.Duration(retention))}))
		}
	}
	return out
}

// lookback is how far before its evaluation an expression queries samples: the sum of
// the ranges and offsets around a selector. Selectors with an @ modifier do not count,
// since their lookback depends on the time of the evaluation.
// promQL parses expressions as Prometheus does without feature flags.
var promQL = parser.NewParser(parser.Options{})

func lookback(expr parser.Expr) time.Duration {
	var furthest time.Duration
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		back, fixed := selector.OriginalOffset, selector.Timestamp != nil || selector.StartOrEnd != 0
		for _, around := range path {
			switch n := around.(type) {
			case *parser.MatrixSelector:
				back += n.Range
			case *parser.SubqueryExpr:
				back += n.Range + n.OriginalOffset
				fixed = fixed || n.Timestamp != nil || n.StartOrEnd != 0
			}
		}
		if !fixed {
			furthest = max(furthest, back)
		}
		return nil
	})
	return furthest
}
