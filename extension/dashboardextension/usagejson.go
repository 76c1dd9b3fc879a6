// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// totalsJSON are sums over calls. A ratio without a denominator is null.
type totalsJSON struct {
	Calls          int64         `json:"calls"`
	Errors         int64         `json:"errors"`
	Timeouts       int64         `json:"timeouts"`
	Unpriced       int64         `json:"unpriced"`
	Estimated      int64         `json:"estimated"`
	EstimatedCost  dollars       `json:"estimated_cost_dollars"`
	ErrorRatio     *float64      `json:"error_ratio"`
	Tokens         tokensJSON    `json:"tokens"`
	Amounts        amountsJSON   `json:"amounts"`
	CacheReadRatio *float64      `json:"cache_read_ratio"`
	Cost           dollars       `json:"cost_dollars"`
	AverageCost    *dollars      `json:"average_cost_dollars"`
	Saved          dollars       `json:"cache_saved_dollars"`
	Duration       *durationJSON `json:"duration_seconds"`
}

type tokensJSON struct {
	Input      int64 `json:"input"`
	Output     int64 `json:"output"`
	CacheRead  int64 `json:"cache_read"`
	CacheWrite int64 `json:"cache_write"`
	Reasoning  int64 `json:"reasoning"`
}

// durationJSON describes the calls whose duration is known. Quantiles are
// estimated from a histogram, and are its largest bound at most.
type durationJSON struct {
	Calls   int64   `json:"calls"`
	Average float64 `json:"average"`
	P50     float64 `json:"p50"`
	P95     float64 `json:"p95"`
	P99     float64 `json:"p99"`
}

func newTotalsJSON(t *dashboard.Totals) totalsJSON {
	j := totalsJSON{
		Calls: t.Calls, Errors: t.Errors, Timeouts: t.Timeouts, Unpriced: t.Unpriced,
		Tokens: newTokensJSON(t.Tokens), Amounts: newAmountsJSON(&t.Amounts),
		Cost: dollars(t.Dollars), Saved: dollars(t.SavedDollars),
		Estimated: t.Estimated, EstimatedCost: dollars(t.EstimatedDollars),
	}
	j.ErrorRatio = orNull(spend.ErrorRate(t))
	j.CacheReadRatio = orNull(spend.CacheReadShare(t))
	j.AverageCost = (*dollars)(orNull(spend.AverageDollars(t)))
	if average, ok := spend.AverageSeconds(t); ok {
		j.Duration = &durationJSON{Calls: t.Timed, Average: average}
		for q, to := range map[float64]*float64{.5: &j.Duration.P50, .95: &j.Duration.P95, .99: &j.Duration.P99} {
			*to, _, _ = spend.Quantile(t, q)
		}
	}
	return j
}

func newTokensJSON(t dashboard.Tokens) tokensJSON {
	return tokensJSON{Input: t.Input, Output: t.Output, CacheRead: t.CacheRead, CacheWrite: t.CacheWrite, Reasoning: t.Reasoning}
}

// amountsJSON has what was used by kind, in units of the kind: those of which
// anything was. Kinds are disjoint.
type amountsJSON map[string]float64

func newAmountsJSON(amounts *usage.Amounts) amountsJSON {
	j := amountsJSON{}
	for _, kind := range usage.Kinds() {
		if n := amounts[kind]; n != 0 {
			j[kind.String()] = float64(n) / float64(kind.Scale())
		}
	}
	return j
}

func orNull(v float64, ok bool) *float64 {
	if !ok {
		return nil
	}
	return &v
}

// groupJSON is a group of calls; group is null for the sum of the groups that were
// left out.
type groupJSON struct {
	Start *time.Time        `json:"start,omitempty"`
	Group map[string]string `json:"group"`
	Share *float64          `json:"share,omitempty"`
	totalsJSON
}

type rangeJSON struct {
	From time.Time   `json:"from"`
	To   time.Time   `json:"to"`
	By   []string    `json:"by"`
	Rows []groupJSON `json:"rows"`
}

type summaryJSON struct {
	Now   time.Time  `json:"now"`
	Hour  totalsJSON `json:"hour"`
	Today totalsJSON `json:"today"`
	Month totalsJSON `json:"month"`
	// Yesterday is until the same time; the running hour's share is estimated.
	Yesterday struct {
		Hour  dollars `json:"hour_cost_dollars"`
		Today dollars `json:"today_cost_dollars"`
	} `json:"yesterday"`
	Budgets []budgetJSON `json:"budgets"`
}

type budgetJSON struct {
	Name   string            `json:"name"`
	Window string            `json:"window"`
	Where  map[string]string `json:"where"`
	Values []string          `json:"values,omitempty"`
	Start  time.Time         `json:"start"`
	End    time.Time         `json:"end"`
	Used   dollars           `json:"used_dollars"`
	Limit  dollars           `json:"limit_dollars"`
	Ratio  *float64          `json:"used_ratio"`
	// Thresholds are in ascending order.
	Thresholds []thresholdJSON `json:"thresholds"`
}

type thresholdJSON struct {
	Percent float64    `json:"percent"`
	Reached *time.Time `json:"reached"` // null: not in the running window
}

func newBudgetsJSON(budgets []dashboard.Budget) []budgetJSON {
	list := []budgetJSON{}
	for _, budget := range budgets {
		thresholds := []thresholdJSON{}
		for _, threshold := range budget.Thresholds {
			thresholds = append(thresholds, thresholdJSON{threshold.Percent, timeOrNil(threshold.Reached)})
		}
		list = append(list, budgetJSON{
			Name: budget.Name, Window: budget.Window, Where: orEmpty(budget.Where), Values: budget.Values, Start: budget.Start.UTC(), End: budget.End.UTC(),
			Used: dollars(budget.Used), Limit: dollars(budget.Limit), Ratio: orNull(spend.Ratio(budget.Used, budget.Limit)), Thresholds: thresholds,
		})
	}
	return list
}

type callJSON struct {
	ID       string            `json:"id"`
	Time     time.Time         `json:"time"`
	TraceID  string            `json:"trace_id"`
	SpanID   string            `json:"span_id"`
	TraceURL string            `json:"trace_url,omitempty"`
	Values   map[string]string `json:"values"`
	Status   string            `json:"status"`
	Tokens   tokensJSON        `json:"tokens"`
	Cost     *dollars          `json:"cost_dollars"`
	Reported *dollars          `json:"reported_cost_dollars"`
	Computed *dollars          `json:"computed_cost_dollars"`
	// CostStatus is priced, estimated, reported or unpriced.
	CostStatus string   `json:"cost_status"`
	Seconds    *float64 `json:"duration_seconds"`

	Amounts    amountsJSON  `json:"amounts"`
	Provider   string       `json:"provider"`
	Convention string       `json:"convention"`
	Reading    string       `json:"reading"`
	Estimated  string       `json:"estimated"`
	Problem    string       `json:"problem"`
	Merged     []mergedJSON `json:"merged"`

	ResponseID   string   `json:"response_id"`
	User         string   `json:"user"`
	Session      string   `json:"session"`
	Agent        string   `json:"agent"`
	ParentID     string   `json:"parent_span_id"`
	Operation    string   `json:"operation"`
	RequestModel string   `json:"request_model"`
	ErrorType    string   `json:"error_type"`
	ServiceTier  string   `json:"service_tier"`
	Scope        string   `json:"scope"`
	FirstToken   *float64 `json:"time_to_first_token_seconds"`
}

// mergedJSON is another record that reports the call.
type mergedJSON struct {
	TraceID string `json:"trace_id"`
	SpanID  string `json:"span_id"`
	Scope   string `json:"scope"`
	Rule    string `json:"rule"`
}

func newMergedJSON(records []dashboard.MergedRecord) []mergedJSON {
	list := []mergedJSON{}
	for _, record := range records {
		list = append(list, mergedJSON(record))
	}
	return list
}

type unpricedJSON struct {
	Model    string     `json:"model"`
	Provider string     `json:"provider"`
	Calls    int64      `json:"calls"`
	Tokens   tokensJSON `json:"tokens"`
	LastSeen time.Time  `json:"last_seen"`
	Entry    string     `json:"entry"`
}

type estimateJSON struct {
	Model    string  `json:"model"`
	Provider string  `json:"provider"`
	Reason   string  `json:"reason"`
	Calls    int64   `json:"calls"`
	Cost     dollars `json:"cost_dollars"`
}

type disagreementJSON struct {
	Model      string  `json:"model"`
	Calls      int64   `json:"calls"`
	Reported   dollars `json:"reported_dollars"`
	Computed   dollars `json:"computed_dollars"`
	Difference dollars `json:"difference_dollars"`
}

type sourcesJSON struct {
	Usage    []usageSourceJSON `json:"usage"`
	Alerts   []string          `json:"alerts"`
	Writable bool              `json:"writable"`
}

type usageSourceJSON struct {
	ID         string     `json:"id"`
	Dimensions []string   `json:"dimensions"`
	Prices     pricesJSON `json:"prices"`
}

// knownTime is nil for no time.
func knownTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// values are the values of dimensions, by dimension.
func values(dimensions, of []string) map[string]string {
	named := make(map[string]string, len(dimensions))
	for i, dimension := range dimensions {
		if i < len(of) {
			named[dimension] = of[i]
		}
	}
	return named
}
