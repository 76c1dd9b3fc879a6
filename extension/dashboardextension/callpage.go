// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	kinds "github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// oneCallView shows one call.
type oneCallView struct {
	shell
	callView
	Moment   string
	Reported string
	Computed string
	Price    *dashboard.CallPrice // nil: the source does not know
	Lines    []priceLineView
	Sum      string
	Because  string // how the counts were read
	Facts    []fact // what it was
	Whose    []fact // for whom it was made
	Others   []mergedView
	Billed   string
	JSON     string
}

// fact is a name and a value, with a link to the calls that share it.
type fact struct {
	Name, Value, URL, Link string
}

type priceLineView struct {
	Kind, Amount, Rate, Cost string
}

type mergedView struct {
	dashboard.MergedRecord
	Because, URL string
}

// readings explain the evidence by which the counts of a record are read.
var readings = map[string]string{
	"":           "The counts can be read in one way only.",
	"arithmetic": "The counts were read in the only way in which they are possible.",
	"total":      "The total that the record reports decided whether the counts include each other.",
	"cost":       "The cost that the record reports decided whether the counts include each other.",
	"object":     "The provider's own object of counts decided how they are read.",
	"scope":      "It is known how this instrumentation counts, in this version.",
	"provider":   "It is known how this provider counts.",
	"convention": "The counts were read as the convention defines them.",
}

// rules explain how another record came to belong to a call.
var mergeRules = map[string]string{
	"same_span":   "Both are of one span.",
	"response_id": "Both have the provider's response ID.",
	"nested":      "One span is around the other, and their usage agrees.",
	"stream":      "One is the request of a stream, the other its end.",
	"concurrent":  "They are of one process, at the same time, with equal usage: a heuristic, which dedup::pair_by_time switches off.",
	"aggregate":   "It repeats the sum of calls.",
}

// oneThing reads a request for a single call or trace.
func (b *dashboardServer) oneThing(r *http.Request) (usage dashboard.Usage, c selection, err error) {
	p := newParams(r.URL.Query())
	if usage, err = b.usageOf(p); err != nil {
		return nil, c, err
	}
	c = selection{
		source: p.text("source"), tz: p.text("tz"), page: 1, callPage: 1, by: []string{dashboard.Model}, preset: presets[0].name, dimensions: usage.Dimensions(),
	}
	c.now = b.now().In(p.zone(b.zone))
	return usage, c, p.err()
}

// oneCall finds a call.
func (b *dashboardServer) oneCall(r *http.Request) (usage dashboard.Usage, c selection, call dashboard.Call, err error) {
	if usage, c, err = b.oneThing(r); err != nil {
		return nil, c, call, err
	}
	found := usage.Calls(dashboard.CallQuery{ID: r.PathValue("id")})
	if len(found) == 0 {
		return nil, c, call, &failure{notFound, errors.New("there is no such call, or it is no longer kept")}
	}
	return usage, c, found[0], nil
}

func (b *dashboardServer) callPage(r *http.Request) (content, error) {
	usage, c, call, err := b.oneCall(r)
	if err != nil {
		return content{}, err
	}
	view := oneCallView{shell: b.newShell("Call", "calls"), callView: b.newCallView(&call, c), Because: readings[call.Reading]}
	view.Moment = call.Time.In(c.now.Location()).Format("Monday, January 2, 2006, 15:04:05.000 MST")
	view.JSON = c.apiURL("/api/calls/"+url.PathEscape(call.ID), url.Values{})
	view.Reported, view.Computed = dollarsOr(call.Reported), dollarsOr(call.Computed)
	if source, ok := usage.(dashboard.CallSource); ok {
		if price, known := source.CallPrice(call.ID); known {
			view.Price, view.Lines, view.Sum = &price, linesOf(&call, &price), sumOf(price.Lines)
		}
	}
	if view.Lines == nil {
		view.Lines = linesOf(&call, &dashboard.CallPrice{})
	}
	view.addFacts(usage.Dimensions(), c)
	view.Billed = billedNote(usage, &call)
	for _, m := range call.Merged {
		view.Others = append(view.Others, mergedView{m, mergeRules[m.Rule], traceURL(b.cfg.TraceURL, m.TraceID, m.SpanID)})
	}
	return content{template: "call.html", data: view}, nil
}

func dollarsOr(v *float64) string {
	if v == nil {
		return "–"
	}
	return "$" + decimalOf(*v)
}

// linesOf are what was used, with what each kind costs where that is known.
func linesOf(call *dashboard.Call, price *dashboard.CallPrice) (lines []priceLineView) {
	for _, kind := range kinds.Kinds() {
		n := call.Amounts[kind]
		line := priceLineView{Kind: kind.String(), Amount: decimalOf(float64(n) / float64(kind.Scale())), Rate: "–", Cost: "–"}
		at := slices.IndexFunc(price.Lines, func(l dashboard.PriceLine) bool { return l.Kind == kind })
		if n == 0 && at < 0 {
			continue
		}
		if at >= 0 && !price.Changed {
			line.Cost = dollarsOr(&price.Lines[at].Dollars)
			if n > 0 {
				line.Rate = rateOf(kind, price.Lines[at].Dollars/float64(n)*float64(kind.Scale()))
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// rateOf writes the price of a unit, of tokens that of a million.
func rateOf(kind kinds.Kind, dollars float64) string {
	if kind.Info().Unit == kinds.Token {
		return "$" + fmt.Sprintf("%.6g", dollars*1e6) + " per million"
	}
	return "$" + fmt.Sprintf("%.6g", dollars) + " each"
}

func sumOf(lines []dashboard.PriceLine) string {
	sum := 0.0
	for _, line := range lines {
		sum += line.Dollars
	}
	return fmt.Sprintf("$%.12g", sum)
}

// addFacts adds what is known of a call, with links to the calls that share it.
func (v *oneCallView) addFacts(dimensions []string, c selection) {
	call := &v.Call
	day := call.Time.In(c.now.Location()).Format(time.DateOnly)
	calls := c.callsPage()
	calls.preset, calls.from, calls.to = "", day, day
	add := func(to *[]fact, name, value, url string) {
		if value != "" {
			*to = append(*to, fact{Name: name, Value: text.Cut(value, shownDimRunes), URL: url})
		}
	}
	for i, dimension := range dimensions {
		to := &v.Whose
		if dimension == dashboard.Model || dimension == dashboard.Provider {
			to = &v.Facts
		}
		add(to, label(dimension), valueLabel(call.Values[i]), calls.only(dimension, call.Values[i]).url())
	}
	for _, of := range [][3]string{{"Agent", "agent", call.Agent}, {"Session", "session", call.Session}, {"User", "user", call.User}} {
		if of[2] != "" && !slices.Contains(call.Values, of[2]) {
			add(&v.Whose, of[0], of[2], calls.withFilter(of[1], of[2]).url())
		}
	}
	add(&v.Facts, "Requested model", call.RequestModel, "")
	add(&v.Facts, "Operation", call.Operation, "")
	add(&v.Facts, "Response ID", call.ResponseID, "")
	add(&v.Facts, "Service tier, as reported", call.ServiceTier, "")
	if call.FirstToken != nil {
		add(&v.Facts, "First token after", text.Seconds(*call.FirstToken), "")
	}
	if call.ErrorType != "" {
		add(&v.Facts, "Error", call.ErrorType, calls.withFilter("error_type", call.ErrorType).url())
	}
	if call.TraceID != "" {
		v.Facts = append(v.Facts, fact{Name: "Trace", Value: call.TraceID, URL: tracePage(call.TraceID, c.source), Link: v.URL})
	}
	add(&v.Facts, "Span", call.SpanID, "")
	add(&v.Facts, "Span around it", call.ParentID, "")
}

// billedNote reports what the provider billed for the model on the day of the call: bills
// have no single calls.
func billedNote(usage dashboard.Usage, call *dashboard.Call) string {
	day := call.Time.UTC().Truncate(24 * time.Hour)
	for _, line := range usage.Billing(day, day.Add(24*time.Hour)).Lines {
		if line.Day.Equal(day) && line.Model == call.Values[0] {
			return "On that day (UTC) " + line.Provider + " billed " + text.Dollars(line.Billed) + " for " + line.Model + ", where " + text.Dollars(line.Counted) +
				" was counted. A bill has no single calls."
		}
	}
	return ""
}
