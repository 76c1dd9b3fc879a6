// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/calls"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

var _ dashboard.CallSource = usageSource{}

// singleCall is a call that is kept, as it was counted.
type singleCall struct {
	*ledger.Call
	id     uint64
	merged []calls.Merged
	calls.Detail
	uncut *ledger.Call // before adjustments by dimension
}

func parseCall(k *calls.Call) *singleCall {
	whole, rest := parseWhole(k.Payload)
	overlay(&whole.Dimensions, k.Values)
	detail, err := calls.ParseDetail(rest)
	if err != nil {
		detail = calls.Detail{} // a later version wrote it
	}
	return &singleCall{whole.Adjusted(), k.ID, k.Merged, detail, whole}
}

// Calls are the single calls that are kept. A filter by a key that is not a dimension finds
// none.
func (b usageSource) Calls(q dashboard.CallQuery) []dashboard.Call {
	where, err := whereOf(b.dimensions.names, q.Where)
	if err != nil {
		return nil
	}
	kept := b.candidates(&q)
	slices.SortFunc(kept, func(x, y calls.Call) int {
		if q.MostExpensive {
			if order := cmp.Compare(y.Cost, x.Cost); order != 0 {
				return order
			}
		}
		return cmp.Or(cmp.Compare(y.End, x.End), cmp.Compare(x.ID, y.ID))
	})
	size := len(kept)
	if q.Limit > 0 {
		size = min(size, q.Limit)
	}
	out := make([]dashboard.Call, 0, size)
	for i := range kept {
		if q.Limit > 0 && len(out) == q.Limit {
			break
		}
		call := parseCall(&kept[i])
		if !matches(call, where) {
			continue
		}
		if made := b.call(call); isChosen(&made, &q) {
			out = append(out, made)
		}
	}
	return out
}

// candidates are the calls that may be chosen, as far as that can be found without parsing
// them.
func (b usageSource) candidates(q *dashboard.CallQuery) []calls.Call {
	from, to := int64(math.MinInt64), int64(math.MaxInt64)
	if !q.From.IsZero() {
		from = q.From.UnixNano()
	}
	if !q.To.IsZero() {
		to = q.To.UnixNano()
	}
	trace, _ := hex.DecodeString(q.TraceID)
	id, _ := strconv.ParseUint(q.ID, 16, 64)
	return slices.DeleteFunc(b.kept.Between(from, to), func(k calls.Call) bool {
		return q.ID != "" && k.ID != id ||
			q.ResponseID != "" && !strings.Contains(k.Payload, q.ResponseID) ||
			q.TraceID != "" && len(k.Merged) == 0 && !strings.Contains(k.Payload, string(trace)) ||
			q.MergedBy != "" && len(k.Merged) == 0 || q.Problems && k.Cost != 0 ||
			q.MinDollars != nil && k.Cost.Dollars() < *q.MinDollars || q.MaxDollars != nil && k.Cost.Dollars() > *q.MaxDollars
	})
}

func matches(call *singleCall, where map[int]string) bool {
	if len(where) == 0 {
		return true
	}
	key := ledger.Key{Provider: call.Provider, Model: call.Model, Dimensions: call.Dimensions}
	for column, value := range where {
		if key.Value(column) != value {
			return false
		}
	}
	return true
}

// isChosen reports whether a query chooses a call, besides its time and dimensions.
func isChosen(c *dashboard.Call, q *dashboard.CallQuery) bool {
	for _, each := range [...]struct{ want, has string }{
		{q.ResponseID, c.ResponseID},
		{q.User, c.User},
		{q.Session, c.Session},
		{q.Agent, c.Agent},
		{q.ErrorType, c.ErrorType},
		{q.CostStatus, c.CostStatus},
	} {
		if each.want != "" && each.want != each.has {
			return false
		}
	}
	if q.Find != "" && !slices.Contains([]string{c.TraceID, c.SpanID, c.ResponseID, c.Session, c.User, c.ID}, q.Find) &&
		!slices.ContainsFunc(c.Merged, func(m dashboard.MergedRecord) bool { return m.TraceID == q.Find || m.SpanID == q.Find }) {
		return false
	}
	failed := c.Status != ledger.Statuses[ledger.Success]
	switch {
	case q.Status == "failed" && !failed, q.Status != "" && q.Status != "failed" && q.Status != c.Status,
		q.Problems && c.Problem == "",
		(q.MinDollars != nil || q.MaxDollars != nil) && c.Dollars == nil,
		q.MergedBy != "" && !slices.ContainsFunc(c.Merged, func(m dashboard.MergedRecord) bool { return m.Rule == q.MergedBy }),
		q.TraceID != "" && c.TraceID != q.TraceID && !slices.ContainsFunc(c.Merged, func(m dashboard.MergedRecord) bool { return m.TraceID == q.TraceID }):
		return false
	}
	return true
}

func (b usageSource) call(c *singleCall) dashboard.Call {
	out := dashboard.Call{
		ID: callID(c.id), Time: c.Ended(), Values: b.valuesOf(c),
		Status: ledger.Statuses[c.Status],
		Tokens: dashboard.TokensOf(c.Usage.Amounts()), Amounts: *c.Usage.Amounts(),
		Provider: c.Provider, Convention: c.Convention, Reading: c.Reading, Estimated: c.Estimated,
		Merged: mergedOf(c.merged),
		User:   c.User, Session: c.Session, Agent: c.Agent, ResponseID: c.ResponseID, ParentID: hexOf(c.Parent[:]), Operation: c.Operation,
		RequestModel: c.RequestModel, ErrorType: c.ErrorType, ServiceTier: c.ServiceTier, Scope: c.Scope,
	}
	for _, has := range [...]struct {
		dimension int
		to        *string
	}{{b.dimensions.user, &out.User}, {b.dimensions.session, &out.Session}, {b.dimensions.agent, &out.Agent}} {
		if has.dimension >= 0 {
			*has.to = c.Dimensions[has.dimension]
		}
	}
	if out.Session == "" && b.dimensions.session < 0 && c.Trace != [16]byte{} {
		out.Session = b.kept.Session(c.Trace) // of the agent around it
	}
	out.TraceID, out.SpanID = hexOf(c.Trace[:]), hexOf(c.Span[:])
	out.CostStatus = statusOfCost(c.Call)
	if !c.Unpriced {
		out.Dollars = dollars(c.Cost)
	} else {
		out.Problem, out.Estimated = c.Estimated, ""
	}
	switch {
	case c.HasComputed:
		out.Computed = dollars(c.Computed)
	case !c.Unpriced && !c.CostReported:
		out.Computed = dollars(c.Cost)
	}
	if c.HasReported {
		out.Reported = dollars(c.Reported)
	}
	if c.Timed {
		out.Seconds = secondsOf(c.Duration)
	}
	if c.FirstToken > 0 {
		out.FirstToken = secondsOf(c.FirstToken)
	}
	return out
}

func secondsOf(d time.Duration) *float64 {
	seconds := d.Seconds()
	return &seconds
}

func callID(id uint64) string { return fmt.Sprintf("%016x", id) }

// valuesOf are the values of the Dimensions.
func (b usageSource) valuesOf(c *singleCall) []string {
	all := make([]string, 0, 2+len(b.dimensions.names))
	all = append(append(all, c.Model), c.Dimensions[:len(b.dimensions.names)]...)
	if !slices.Contains(b.dimensions.names, dashboard.Provider) {
		all = append(all, c.Provider)
	}
	return all
}

// statusOfCost is how the cost of a call is known: one of the outcomes of pricing.
func statusOfCost(c *ledger.Call) string {
	switch {
	case c.Unpriced:
		return outcomeUnpriced
	case c.CostReported:
		return outcomeReported
	case c.IsEstimate:
		return outcomeEstimated
	default:
		return outcomePriced
	}
}

func mergedOf(records []calls.Merged) (out []dashboard.MergedRecord) {
	for _, m := range records {
		out = append(out, dashboard.MergedRecord{TraceID: hexOf(m.Trace[:]), SpanID: hexOf(m.Span[:]), Scope: m.Scope, Rule: m.Rule})
	}
	return out
}

// Steps are the spans of agents, chains and tools of a trace.
func (b usageSource) Steps(traceID string) (steps []dashboard.Step) {
	var trace [16]byte
	if id, err := hex.DecodeString(traceID); err != nil || copy(trace[:], id) != len(trace) {
		return nil
	}
	for _, step := range b.kept.Steps(trace) {
		steps = append(steps, dashboard.Step{
			SpanID: hexOf(step.Span[:]), ParentID: hexOf(step.Parent[:]), Name: step.Name, Agent: step.Agent,
			Start: time.Unix(0, step.Start).UTC(), End: time.Unix(0, step.End).UTC(), Failed: step.Failed,
		})
	}
	return steps
}

// CountCalls is how many calls a query chooses.
func (b usageSource) CountCalls(q dashboard.CallQuery) int {
	q.Limit, q.MostExpensive = 0, false
	if every := (dashboard.CallQuery{From: q.From, To: q.To, Where: q.Where}); len(q.Where) == 0 && reflect.DeepEqual(q, every) {
		return len(b.candidates(&q))
	}
	return len(b.Calls(q))
}

// CallsKept is how many calls are kept.
func (b usageSource) CallsKept() dashboard.CallsKept {
	extent := b.kept.Extent()
	kept := dashboard.CallsKept{
		Newest: extent.Newest, NewestLimit: b.cfg.Calls.MaxEntries,
		MostExpensive: extent.MostExpensive, ExpensivePerDay: b.cfg.Calls.MostExpensivePerDay, Dropped: extent.Dropped,
	}
	if extent.Since != 0 {
		kept.Since = time.Unix(0, extent.Since).UTC()
	}
	return kept
}

// CallPrice is how a call was priced.
func (b usageSource) CallPrice(id string) (dashboard.CallPrice, bool) {
	for _, k := range b.candidates(&dashboard.CallQuery{ID: id}) {
		return b.priceOf(parseCall(&k)), true
	}
	return dashboard.CallPrice{}, false
}

func (b usageSource) priceOf(c *singleCall) dashboard.CallPrice {
	tier := price.Tier(c.Tier)
	out := dashboard.CallPrice{Entry: c.Entry, Provider: c.EntryProvider, List: c.List, Region: c.Region, Tier: tier.String()}
	if c.Entry == "" && c.EntryProvider == "" {
		return out
	}
	match := b.prices.Load().Resolve(price.Query{Provider: c.EntryProvider, Model: c.Entry, Region: c.Region})
	if match.Model == nil || match.Model.Name != c.Entry {
		out.Changed = true
		return out
	}
	out.Source, out.Checked = match.Model.Source(), match.Model.Checked()
	counted := c.uncut.Cost
	if c.CostReported {
		counted = c.uncut.Computed
	}
	if c.Unpriced || c.CostReported && !c.HasComputed {
		return out
	}
	ask := price.Ask{
		Usage: c.Usage.Amounts(), Stated: usage.Set(c.Stated), Tier: tier, At: time.Unix(0, c.End), Variant: price.Variant{Size: c.Size, Quality: c.Quality},
	}
	for _, line := range match.Model.Lines(ask) {
		out.Lines = append(out.Lines, dashboard.PriceLine{Kind: line.Kind, Amount: line.Amount, Dollars: line.Cost.Dollars()})
	}
	quote, known := match.Model.Quote(ask)
	out.Changed = !known || quote.Cost != counted
	for i := range c.uncut.Adjustments {
		if a := &c.uncut.Adjustments[i]; a.Holds(&c.Dimensions) {
			out.Adjustments = append(out.Adjustments, b.describeAdjustment(a))
		}
	}
	return out
}

// describeAdjustment writes an adjustment: team=research: × 0.9.
func (c *core) describeAdjustment(a *ledger.Adjustment) string {
	var of []string
	for _, condition := range a.Conditions {
		if at := condition.Dimension; at < len(c.dimensions.names) {
			of = append(of, c.dimensions.names[at]+"="+condition.Value)
		}
	}
	return strings.Join(of, ", ") + ": × " + strconv.FormatFloat(float64(a.Factor)/ledger.Million, 'f', -1, 64)
}
