// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// explanation is what is written.
type explanation struct {
	*explainer
	out io.Writer
	// numbers are those of the calls, in the order of their first records.
	numbers map[uint64]int
	found   Explained
}

// write writes what the records are, once all are counted.
func (e *explainer) write(out io.Writer) Explained {
	x := explanation{explainer: e, out: out, numbers: map[uint64]int{}}
	for _, r := range e.records {
		if standing, known := e.standing(r); known && standing.Call != 0 && x.numbers[standing.Call] == 0 {
			x.numbers[standing.Call] = len(x.numbers) + 1
		}
	}
	for _, r := range e.records {
		x.write(r)
	}
	x.found.Calls += len(x.numbers)
	return x.found
}

func (e *explainer) standing(r *explained) (identity.Standing, bool) {
	if r.outcome != convention.IsCall {
		return identity.Standing{}, false
	}
	return e.core.calls.Standing(&r.record)
}

func (x *explanation) write(r *explained) {
	x.found.Records++
	fmt.Fprintf(x.out, "%s %q", r.kind, r.name)
	if !r.trace.IsEmpty() {
		fmt.Fprintf(x.out, " trace %s span %s", r.trace, r.span)
	}
	if name := r.scope.Name(); name != "" {
		fmt.Fprintf(x.out, " scope %s %s", name, r.scope.Version())
	}
	fmt.Fprintln(x.out)
	switch r.outcome {
	case convention.NotACall:
		x.line("not a call", dashboard.ReasonOf(r.why).Text)
	case convention.Aggregate:
		x.line("not a call", fmt.Sprintf("convention %s: %s", r.call.Convention, dashboard.ReasonOf(r.why).Text))
		x.attribution(&r.call)
	case convention.Invalid:
		x.line("not counted", fmt.Sprintf("convention %s: %s", r.call.Convention, r.reason))
	case convention.IsCall:
		x.found.Reports++
		x.call(r)
	}
	fmt.Fprintln(x.out)
}

func (x *explanation) line(name, text string) { fmt.Fprintf(x.out, "  %-13s %s\n", name+":", text) }

func (x *explanation) call(r *explained) {
	c := &r.found.call
	x.line("call", fmt.Sprintf("convention %s, operation %s, %s", c.Convention, or(c.Operation), callStatuses[c.Status]))
	x.line("model", fmt.Sprintf("%s, provider %s%s", c.Model, or(c.Provider), describeRequest(c)))
	x.attribution(c)
	if c.ResponseID != "" {
		x.line("response ID", c.ResponseID)
	}
	if c.Problem != "" {
		x.line("problem", c.Problem+": what makes no sense was left out")
	}
	x.reading(c)
	x.cost(&r.found)
	x.identity(r)
}

// because has for each rule what the records have in common.
var because = map[identity.Rule]string{
	identity.SameSpan:   "both are of one span",
	identity.ResponseID: "both have the provider's response ID and are of one resource, or of two at the same time with usage that agrees",
	identity.Nested:     "one span is around the other, with no other call between, and their usage agrees",
	identity.Stream:     "one is the request of a stream, the other its end, of one scope",
	identity.Concurrent: "they are of different scopes of one resource, or its span and its log record, at the same time, with equal usage: a heuristic that dedup::pair_by_time switches off",
}

// identity writes which call the record is counted as, and what else reports it.
func (x *explanation) identity(r *explained) {
	standing, known := x.standing(r)
	if !known {
		x.found.Calls++
		x.line("counted", "as a call; it has no ID, span or time that another record could share")
		return
	}
	if standing.Rule == identity.Aggregate {
		x.line("not counted", "aggregate: it repeats the sum of the calls within it")
		return
	}
	if standing.Rule != identity.Alone {
		x.line("counted", fmt.Sprintf("as call %d, by %s, which reports more", x.numbers[standing.Call], nameOf(standing.Winner.Trace, standing.Winner.Span, standing.Winner.Scope)))
		x.line("merged by", string(standing.Rule)+": "+because[standing.Rule])
		return
	}
	x.line("counted", fmt.Sprintf("as call %d", x.numbers[standing.Call]))
	for _, m := range standing.Counted.Merged() {
		x.line("merged with", fmt.Sprintf("%s, %s: %s", nameOf(m.Trace, m.Span, m.Scope), m.Rule, because[m.Rule]))
	}
	if standing.Counted.Unnamed && standing.Counted.Amended != "" {
		counted, cost := parseCounted(standing.Counted), "unpriced"
		if !counted.Unpriced {
			cost = "$" + dollarsOf(counted.Cost)
		}
		x.line("counted as", fmt.Sprintf("model %s, which the record does not name: %s", counted.Model, cost))
	}
	if caller := standing.Counted.Caller(); caller != "" {
		if values := describeAttribution(x.core.dimensions.names, parsePayload(caller).Dimensions[:]); len(values) > 0 {
			x.line("made by", strings.Join(values, ", ")+": the record of another resource that lasted longest")
		}
	}
	if values := describeAttribution(x.core.dimensions.names, standing.Counted.Values()); len(values) > 0 {
		x.line("counted for", strings.Join(values, ", "))
	}
}

func describeAttribution(dimensions, values []string) (parts []string) {
	for i, value := range values {
		if i == modelValue && value != "" {
			_, model, _ := strings.Cut(value, "\x00")
			parts = append(parts, "model "+model)
		} else if i < len(dimensions) && value != "" {
			parts = append(parts, dimensions[i]+" "+value)
		}
	}
	return parts
}

func nameOf(trace [16]byte, span [8]byte, scope string) string {
	text := "the record"
	if hex := hexOf(span[:]); hex != "" {
		text = "span " + hex
		if id := hexOf(trace[:]); id != "" {
			text += " of trace " + id
		}
	}
	if scope != "" {
		text += " of scope " + scope
	}
	return text
}

// reading writes what the counts were read as, and by which evidence.
func (x *explanation) reading(c *convention.Call) {
	if !c.HasUsage {
		x.line("usage", "unknown")
		return
	}
	t := c.Totals
	x.line("reported", fmt.Sprintf("input %d, output %d, total %s", t.Input, t.Output, number(t.All)))
	var kinds []string
	for _, kind := range usage.Kinds() {
		if n := c.Usage[kind]; n != 0 {
			kinds = append(kinds, kind.String()+" "+amount(kind, n))
		}
	}
	if len(kinds) == 0 {
		kinds = []string{"nothing"}
	}
	x.line("usage", strings.Join(kinds, ", "))
	evidence := c.Rule.String()
	if c.Rule == convention.ByNothing {
		evidence = "the numbers can be read in one way only"
	}
	x.line("evidence", evidence)
}

// cost writes the entry of the price table and what each kind costs by it.
func (x *explanation) cost(d *detectedCall) {
	c := &d.call
	if c.HasReported {
		x.line("reported cost", fmt.Sprintf("$%v", c.Reported))
	}
	match := findModel(x.core.prices.Load(), d)
	model := match.Model
	switch {
	case c.Free:
		x.line("cost", "$0, free: the response came from a cache of the application")
		return
	case d.charge.outcome == outcomeFree && c.Status != convention.Success && !c.HasUsage:
		x.line("cost", "$0, free: it failed before it used anything")
		return
	case d.charge.outcome == outcomeFree:
		x.line("cost", "$0, free: its capacity is paid for, whether it is used or not")
		return
	case d.charge.outcome == outcomeReported:
		x.line("cost", "$"+dollarsOf(d.charge.cost)+", as reported")
		return
	case model == nil:
		x.line("cost", "unpriced: the price table has no such model of that provider")
		return
	}
	x.line("price", fmt.Sprintf("entry %s of %s, tier %s, source %s", or(model.Name), or(model.Provider), c.Tier, or(model.Source())))
	switch {
	case !c.HasUsage:
		x.line("cost", "unpriced: what it used is unknown")
		return
	case d.charge.outcome == outcomeUnpriced && d.charge.reason != "":
		x.line("cost", "unpriced: "+d.charge.reason)
		return
	case d.charge.outcome == outcomeUnpriced:
		x.line("cost", "unpriced: the entry has no price for that usage at that time")
		return
	}
	for _, line := range model.Lines(price.Ask{Usage: &c.Usage, Stated: c.Stated, Tier: c.Tier, At: d.at, Variant: d.variant}) {
		fmt.Fprintf(x.out, "    %-16s %12s  $%s\n", line.Kind, amount(line.Kind, line.Amount), dollarsOf(line.Cost))
	}
	text := "$" + dollarsOf(d.charge.cost)
	if d.charge.reason != "" {
		text += ", estimated: " + d.charge.reason
	}
	x.line("cost", text)
}

func (x *explanation) attribution(c *convention.Call) {
	var parts []string
	for _, part := range [...]struct{ name, value string }{{"agent", c.Attribution.Agent}, {"user", c.Attribution.User}, {"session", c.Attribution.Session}} {
		if part.value != "" {
			parts = append(parts, part.name+" "+part.value)
		}
	}
	if len(parts) > 0 {
		x.line("attribution", strings.Join(parts, ", "))
	}
}

var callStatuses = [...]string{convention.Success: "success", convention.Error: "error", convention.Timeout: "timeout"}

func describeRequest(c *convention.Call) string {
	if c.RequestModel == "" {
		return ""
	}
	return ", requested " + c.RequestModel
}

func or(text string) string {
	if text == "" {
		return "(none)"
	}
	return text
}

func number(n int64) string {
	if n == 0 {
		return "(none)"
	}
	return strconv.FormatInt(n, 10)
}

// amount writes an amount in units of its kind.
func amount(kind usage.Kind, n int64) string {
	return strconv.FormatFloat(float64(n)/float64(kind.Scale()), 'f', -1, 64)
}

// dollarsOf writes an amount of money in full.
func dollarsOf(amount money.Pico) string {
	const decimals = 12
	digits := fmt.Sprintf("%0*d", decimals+1, int64(amount))
	whole, fraction := digits[:len(digits)-decimals], strings.TrimRight(digits[len(digits)-decimals:], "0")
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction
}
