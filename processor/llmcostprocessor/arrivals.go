// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/datapoint"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/sender"
)

// hiddenService stands for services that are not to be known.
const hiddenService = "(hidden)"

// arrivals lists who sends what.
type arrivals struct {
	*sender.Senders
	hidesService bool // since a dimension does
}

func newArrivals(dimensions []DimensionConfig) arrivals {
	var serviceIn []string
	hides := false
	for i := range dimensions {
		if d := &dimensions[i]; slices.Contains(d.keys(), attrService) {
			serviceIn = append(serviceIn, d.String())
			hides = hides || d.hides()
		}
	}
	return arrivals{sender.New(serviceIn), hides}
}

// note notes what a scope of a resource has.
func (a *arrivals) note(resource pcommon.Map, scope pcommon.InstrumentationScope, arrived *sender.Tally, now time.Time) {
	id := sender.ID{Service: hiddenService, Scope: scope.Name(), Version: scope.Version()}
	if !a.hidesService {
		id.Service = text(resource, attrService)
	}
	a.Add(id, arrived, now)
}

// noteMetrics notes who sends metrics.
func (a *arrivals) noteMetrics(md pmetric.Metrics, now time.Time) {
	for _, resource := range md.ResourceMetrics().All() {
		for _, scope := range resource.ScopeMetrics().All() {
			var arrived sender.Tally
			for _, m := range scope.Metrics().All() {
				arrived.DataPoints += int64(datapoint.Count(m))
			}
			arrived.Add(dashboard.DataPoint, arrived.DataPoints)
			a.note(resource.Resource().Attributes(), scope.Scope(), &arrived, now)
		}
	}
}

// Arrivals are the senders since the start.
func (b usageSource) Arrivals() dashboard.Arrivals { return b.arrivals.Arrivals(time.Now()) }

// whyNot is why a record is not a call; "" if it is one. known: it has a key of a convention.
func whyNot(outcome convention.Outcome, reason string, known bool) string {
	switch outcome {
	case convention.IsCall:
		return ""
	case convention.Aggregate:
		return dashboard.Aggregate
	case convention.Invalid:
		return reason
	}
	if known {
		return dashboard.NoMatch
	}
	return dashboard.NoKeys
}
