// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"errors"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// errNotEvaluated is that of graphs before the storage is open, and of event rules.
var errNotEvaluated = errors.New("rules are not evaluated yet")

// Graph implements dashboard.Alerts. One is evaluated at a time, so that visitors of the
// dashboard do not take the processor from the rules.
func (b *dashboardSource) Graph(ctx context.Context, expr string, from, to time.Time) (dashboard.Graph, error) {
	in := b.core.currentBackend()
	if in == nil {
		return dashboard.Graph{}, errNotEvaluated
	}
	ctx, cancel := b.until(ctx)
	defer cancel()
	select {
	case b.graphs <- struct{}{}:
		defer func() { <-b.graphs }()
	case <-ctx.Done():
		return dashboard.Graph{}, ctx.Err()
	}
	return in.evaluator.Graph(ctx, expr, from, to)
}

// Intervals implements dashboard.Alerts.
func (b *dashboardSource) Intervals(ctx context.Context, rule *dashboard.Rule, from, to time.Time) ([]dashboard.StateInterval, error) {
	in := b.core.currentBackend()
	if in == nil {
		return nil, errNotEvaluated
	}
	ctx, cancel := b.until(ctx)
	defer cancel()
	return in.evaluator.Intervals(ctx, rule.Name, rule.Labels, from, to)
}

// until is a context that ends with the request, or the evaluations.
func (b *dashboardSource) until(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(b.ctx, cancel)
	return ctx, func() { stop(); cancel() }
}
