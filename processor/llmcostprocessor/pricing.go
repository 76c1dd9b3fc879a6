// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// charge is what a call costs.
type charge struct {
	outcome string
	// name is that of the model in the table, if it is listed, or as written.
	name   string
	listed bool
	// unknown: the table has no price of the model, and the call needs one.
	unknown     bool
	cost, saved money.Pico
	// reason is why the cost is an estimate, empty when it is not.
	reason string
	// computed is the cost by the table where the reported one counts, if hasComputed.
	computed    money.Pico
	hasComputed bool
	// adjustments change the cost with the dimensions of the call.
	adjustments []price.DimensionAdjustment
}

// priceSum prices the sum of calls.
func (c *core) priceSum(d *detectedCall, at time.Time) charge {
	return priceCall(&d.call, findModel(c.prices.Load(), d), price.Variant{}, true, at)
}

// problems are why a call whose values make no sense is unpriced.
var problems = map[string]string{
	convention.ReasonBadTokens:    "a count of tokens makes no sense",
	convention.ReasonEmptyModel:   "the call does not name its model",
	convention.ReasonModelTooLong: "the name of the model is too long",
}

// priceCall prices a call, or a sum of calls, by the entry that its names mean.
func priceCall(call *convention.Call, match *price.Match, variant price.Variant, sum bool, at time.Time) charge {
	v := charge{name: call.Model}
	if v.listed = match.Model != nil && match.Model.Name != ""; v.listed {
		v.name = match.Model.Name
	}
	switch {
	case call.Free, match.Provisioned, call.Tier == price.Scale,
		!call.HasUsage && call.Status != convention.Success && call.Reported == 0:
		v.outcome = outcomeFree
		return v
	}
	v.outcome, v.unknown = outcomeUnpriced, match.Model == nil
	if call.Problem != "" {
		v.reason = problems[call.Problem]
	}
	if match.Model == nil || !call.HasUsage {
		return v
	}
	quote, known := match.Model.Quote(price.Ask{Usage: &call.Usage, Stated: call.Stated, Tier: call.Tier, At: at, Sum: sum, Variant: variant})
	if !known {
		if v.unknown = quote.Missing == ""; !v.unknown {
			v.reason = quote.Missing
		}
		return v
	}
	v.outcome, v.cost = outcomePriced, quote.Cost
	if v.reason = quote.Estimated; match.Doubt != "" {
		v.reason = match.Doubt
	}
	if v.reason != "" {
		v.outcome = outcomeEstimated
	}
	v.adjustments = match.Model.ByDimension(call.Tier, at)
	if !sum { // what caches saved depends on the length of each call
		v.saved = quote.Saved
	}
	return v
}

// When the reported cost of a call counts, besides the names of providers.
const (
	reportedNever    = "never"
	reportedUnpriced = "unpriced"
)

// takeReported takes the cost that the application reported, where the configuration
// lets it count. A cost of nothing is what many write that know no price.
func (v *charge) takeReported(call *convention.Call, seller string, when []string) {
	if !call.HasReported || call.Reported <= 0 || v.outcome == outcomeFree {
		return
	}
	cost, ok := money.FromDollars(call.Reported)
	if !ok {
		return
	}
	for _, each := range when {
		switch {
		case each == reportedNever:
		case each == reportedUnpriced && v.outcome == outcomeUnpriced, each != reportedUnpriced && isSeller(each, seller):
			v.computed, v.hasComputed = v.cost, v.outcome != outcomeUnpriced
			v.outcome, v.cost, v.saved, v.reason = outcomeReported, cost, 0, ""
			return
		}
	}
}

func isSeller(name, seller string) bool {
	id, _ := price.SellerOf(name)
	return id != "" && id == seller
}

// write puts the cost and its status on the span or record, and keeps what the
// application reported apart, so that the cost that is there is the one that was
// counted. What another collector wrote is replaced.
func write(s *detectedCall, v *charge) {
	written, had := s.attributes.Get(attrCost)
	costs := v.outcome == outcomePriced || v.outcome == outcomeEstimated || v.outcome == outcomeReported
	same := costs && had && written.Type() == pcommon.ValueTypeDouble && written.Double() == v.cost.Dollars()
	if s.call.HasReported && (!same || v.outcome == outcomeReported) {
		if _, set := s.attributes.Get(attrReported); !set {
			s.attributes.PutDouble(attrReported, s.call.Reported)
		}
	}
	writeProposed(s.attributes, v, costs)
	switch {
	case same:
	case costs:
		s.attributes.PutDouble(attrCost, v.cost.Dollars())
	case had:
		s.attributes.Remove(attrCost)
	}
	switch v.outcome {
	case outcomeEstimated, outcomeUnpriced, outcomeFree, outcomeReported:
		s.attributes.PutStr(attrStatus, v.outcome)
	case outcomePriced: // it has the cost alone
		s.attributes.Remove(attrStatus)
	}
	if v.reason != "" {
		s.attributes.PutStr(attrReason, v.reason)
	}
}
