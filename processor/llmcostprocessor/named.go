// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"cmp"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// A record may not name the model of its call, and another record of the call, or the
// span around it, does: the events of Google's ADK have none. The call then has that
// model, and its price, whichever of the two came first.

// modelValue is where the model is in the values of a span: behind all dimensions.
const modelValue = ledger.MaxDimensions

// joinModel makes one value of a model and its provider.
func joinModel(provider, model string) string { return provider + "\x00" + model }

// amend gives a call its model where its own record does not name it, and the values of whoever
// made it where that is not who reports most about it.
func (c *core) amend(counted *identity.Counted) {
	if counted.Amended != "" || !counted.Unnamed && counted.Caller() == "" {
		return
	}
	provider, model := modelOf(counted)
	if counted.Unnamed && model == "" {
		return
	}
	call, detail := parseWhole(counted.Payload)
	if counted.Unnamed {
		call.Provider = cmp.Or(call.Provider, provider)
		c.priceAs(call, model)
	}
	if caller := counted.Caller(); caller != "" {
		overlay(&call.Dimensions, parsePayload(caller).Dimensions[:])
	}
	counted.Amended = string(append(ledger.AppendCall(nil, call), detail...))
}

// modelOf is the model that another record of a call names, or a span around it.
func modelOf(counted *identity.Counted) (provider, model string) {
	if named := counted.Named(); named != "" {
		other := parsePayload(named)
		return other.Provider, other.Model
	}
	if values := counted.Values(); len(values) > modelValue {
		provider, model, _ = strings.Cut(values[modelValue], "\x00")
	}
	return provider, model
}

// priceAs prices a call whose model was unknown.
func (c *core) priceAs(call *ledger.Call, model string) {
	match := c.prices.Load().Resolve(price.Query{Provider: call.Provider, Model: model})
	if !call.Unpriced {
		call.Model, call.Listed = model, match.Model != nil && match.Model.Name != ""
		if call.Listed {
			call.Model = match.Model.Name
		}
		return
	}
	amounts := usage.Amounts(call.Usage)
	read := convention.Call{
		Provider: call.Provider, Model: model, Usage: amounts, Stated: amounts.Stated(), HasUsage: !amounts.IsZero(), Status: convention.Status(call.Status),
		Reported: call.Reported.Dollars(), HasReported: call.HasReported,
	}
	q := priceCall(&read, match, price.Variant{}, false, time.Unix(0, call.End))
	q.takeReported(&read, match.Seller, c.cfg.ReportedCost)
	c.fillCharge(call, &q)
}

// fillCharge sets what a call costs.
func (c *core) fillCharge(to *ledger.Call, q *charge) {
	to.Model, to.Listed = q.name, q.listed
	to.Cost, to.Saved, to.Unpriced, to.NoPrice = q.cost, q.saved, q.outcome == outcomeUnpriced, q.unknown
	to.Estimated, to.Adjustments = q.reason, c.adjustmentsOf(q)
	to.IsEstimate = q.outcome == outcomeEstimated
	to.CostReported, to.Computed, to.HasComputed = q.outcome == outcomeReported, q.computed, q.hasComputed
}

// parseCounted is the call that was counted, or is to be.
func parseCounted(counted *identity.Counted) *ledger.Call {
	call := parsePayload(counted.Current())
	overlay(&call.Dimensions, counted.Values())
	return call.Adjusted()
}

func parsePayload(payload string) *ledger.Call {
	call, _ := parseWhole(payload)
	return call
}

// parseWhole is a call, and its detail as it is written.
func parseWhole(payload string) (*ledger.Call, []byte) {
	call, detail, err := ledger.ParseCall([]byte(payload), nil)
	if err != nil {
		panic(err) // we have written it
	}
	return &call, detail
}
