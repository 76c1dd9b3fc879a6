// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

func (e *Explainer) write(r *record) {
	e.found.Records++
	fmt.Fprintf(e.out, "%s %q", r.kind, r.name)
	if !r.trace.IsEmpty() {
		fmt.Fprintf(e.out, " trace %s span %s", r.trace, r.span)
	}
	if name := r.scope.Name(); name != "" {
		fmt.Fprintf(e.out, " scope %s %s", name, r.scope.Version())
	}
	fmt.Fprintln(e.out)
	switch r.outcome {
	case convention.NotACall:
		e.line("not a call", "no convention knows its keys")
	case convention.Aggregate:
		e.line("not a call", fmt.Sprintf("convention %s: an aggregate, or one of several records of a call", r.call.Convention))
		e.attribution(&r.call)
	case convention.Invalid:
		e.line("not counted", fmt.Sprintf("convention %s: %s", r.call.Convention, r.reason))
	case convention.IsCall:
		e.found.Calls++
		e.call(r)
	}
	fmt.Fprintln(e.out)
}

func (e *Explainer) line(name, text string) { fmt.Fprintf(e.out, "  %-13s %s\n", name+":", text) }

func (e *Explainer) call(r *record) {
	c := &r.call
	e.line("call", fmt.Sprintf("convention %s, operation %s, %s", c.Convention, or(c.Operation), statuses[c.Status]))
	e.line("model", fmt.Sprintf("%s, provider %s%s", c.Model, or(c.Provider), requested(c)))
	e.attribution(c)
	if c.ResponseID != "" {
		e.line("response ID", c.ResponseID)
	}
	if c.Problem != "" {
		e.line("problem", c.Problem+": what makes no sense was left out")
	}
	at := e.now
	if r.at != 0 {
		at = time.Unix(0, int64(r.at))
	}
	match := e.prices.Resolve(price.Query{
		Provider: c.Provider, Model: c.Model, RequestModel: text(r.attributes, "gen_ai.request.model"),
		Server: text(r.attributes, "server.address"), Region: text(r.attributes, "cloud.region"),
	})
	if c.HasReported && c.Currency != "" {
		e.line("reported cost", fmt.Sprintf("%v %s", c.Reported, c.Currency))
		if c.Reported, c.HasReported = e.prices.Dollars(c.Reported, c.Currency, at); !c.HasReported {
			e.line("reported cost", "not used: there is no exchange rate")
		}
	}
	c.Decide(func(amounts *usage.Amounts) (money.Pico, bool) {
		if match.Model == nil {
			return 0, false
		}
		return match.Model.Cost(amounts, c.Tier, at)
	})
	e.reading(c)
	e.cost(c, match, at)
}

// reading writes what the counts were read as, and by which evidence.
func (e *Explainer) reading(c *convention.Call) {
	if !c.HasUsage {
		e.line("usage", "unknown")
		return
	}
	t := c.Totals
	e.line("reported", fmt.Sprintf("input %d, output %d, total %s", t.Input, t.Output, number(t.All)))
	var kinds []string
	for _, kind := range usage.Kinds() {
		if n := c.Usage[kind]; n != 0 {
			kinds = append(kinds, kind.String()+" "+amount(kind, n))
		}
	}
	if len(kinds) == 0 {
		kinds = []string{"nothing"}
	}
	e.line("usage", strings.Join(kinds, ", "))
	evidence := c.Rule.String()
	if c.Rule == convention.ByNothing {
		evidence = "the numbers can be read in one way only"
	}
	e.line("evidence", evidence)
}

// cost writes the entry of the price table and what each kind costs by it.
func (e *Explainer) cost(c *convention.Call, match *price.Match, at time.Time) {
	if c.HasReported {
		e.line("reported cost", fmt.Sprintf("$%v", c.Reported))
	}
	model := match.Model
	switch {
	case c.Free:
		e.line("cost", "$0, free: the response came from a cache of the application")
		return
	case !c.HasUsage && c.Status != convention.Success && !c.HasReported:
		e.line("cost", "$0, free: it failed before it used anything")
		return
	case model == nil:
		e.line("cost", "unpriced: the price table has no such model of that provider")
		return
	}
	e.line("price", fmt.Sprintf("entry %s of %s, tier %s, source %s", or(model.Name), or(model.Provider), c.Tier, or(model.Source())))
	if !c.HasUsage {
		e.line("cost", "unpriced: what it used is unknown")
		return
	}
	ask := price.Ask{Usage: &c.Usage, Stated: c.Stated, Tier: c.Tier, At: at}
	quote, known := model.Quote(ask)
	if !known {
		text := "unpriced: the entry has no price for that usage at that time"
		if quote.Missing != "" {
			text = "unpriced: " + quote.Missing
		}
		e.line("cost", text)
		return
	}
	for _, line := range model.Lines(ask) {
		fmt.Fprintf(e.out, "    %-16s %12s  $%s\n", line.Kind, amount(line.Kind, line.Amount), dollars(line.Cost))
	}
	for _, a := range model.ByDimension(c.Tier, at) {
		var of []string
		for _, condition := range a.Conditions {
			of = append(of, condition.Dimension+"="+condition.Value)
		}
		e.line("adjustment", fmt.Sprintf("not applied here: × %s for calls that the ledger counts with %s", strconv.FormatFloat(float64(a.Factor)/1e6, 'f', -1, 64), strings.Join(of, ", ")))
	}
	text := "$" + dollars(quote.Cost)
	if quote.Estimated != "" {
		text += ", estimated: " + quote.Estimated
	}
	if match.Doubt != "" {
		text += ", estimated: " + match.Doubt
	}
	e.line("cost", text)
}

func (e *Explainer) attribution(c *convention.Call) {
	var parts []string
	for _, part := range [...]struct{ name, value string }{{"agent", c.Attribution.Agent}, {"user", c.Attribution.User}, {"session", c.Attribution.Session}} {
		if part.value != "" {
			parts = append(parts, part.name+" "+part.value)
		}
	}
	if len(parts) > 0 {
		e.line("attribution", strings.Join(parts, ", "))
	}
}

var statuses = [...]string{convention.Success: "success", convention.Error: "error", convention.Timeout: "timeout"}

func requested(c *convention.Call) string {
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

// dollars writes an amount of money in full.
func dollars(amount money.Pico) string {
	const decimals = 12
	digits := fmt.Sprintf("%0*d", decimals+1, int64(amount))
	whole, fraction := digits[:len(digits)-decimals], strings.TrimRight(digits[len(digits)-decimals:], "0")
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction
}

func text(attributes pcommon.Map, key string) string {
	if value, ok := attributes.Get(key); ok && value.Type() == pcommon.ValueTypeStr {
		return value.Str()
	}
	return ""
}
