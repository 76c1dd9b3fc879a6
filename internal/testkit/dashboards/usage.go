// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// Call is a call, and the cost that caching saved.
type Call struct {
	dashboard.Call
	Saved float64 // dollars
}

// Usage is a source of usage that holds single calls. Only Add may change it while it
// is in use.
type Usage struct {
	HoursSince time.Time    // zero: hours are kept of all calls
	mu         sync.RWMutex // guards All

	Keys         []string // dimensions, dashboard.Model first
	All          []Call
	BudgetList   []dashboard.Budget
	UnpricedList []dashboard.UnpricedModel
	EstimateList []dashboard.Estimate
	DisagreeList []dashboard.Disagreement
	Table        dashboard.PriceTable
	Bill         dashboard.Billing
	CostList     []dashboard.CostLine
	ArrivalsOf   dashboard.Arrivals
	Err          error                       // of Usage
	Dropped      int64                       // calls that are not kept
	StepsOf      map[string][]dashboard.Step // by trace
}

var _ dashboard.Usage = (*Usage)(nil)

// Dimensions are the keys.
func (u *Usage) Dimensions() []string { return u.Keys }

// Tariff has a price for input and output tokens.
func (u *Usage) Tariff(provider, _ string, _ time.Time) dashboard.Tariff {
	t := dashboard.Tariff{Provider: provider}
	t.List[usage.Input], t.List[usage.Output] = 2e-6, 8e-6
	t.Contracted[usage.Input], t.Contracted[usage.Output] = 1e-6, 4e-6
	return t
}

// Billing is the Bill.
func (u *Usage) Billing(_, _ time.Time) dashboard.Billing { return u.Bill }

// Costs is the list.
func (u *Usage) Costs(_, _ time.Time) []dashboard.CostLine { return u.CostList }

// Add adds a call.
func (u *Usage) Add(call Call) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.All = append(u.All, call)
}

// Usage goes through all calls.
func (u *Usage) Usage(q dashboard.Query) ([]dashboard.Row, error) {
	if u.Err != nil {
		return nil, u.Err
	}
	u.mu.RLock()
	defer u.mu.RUnlock()
	from, to := q.From.Truncate(time.Hour), q.To.Add(time.Hour-1).Truncate(time.Hour)
	var rows []dashboard.Row
	for i := range u.All {
		call := &u.All[i]
		if call.Time.Before(from) || !call.Time.Before(to) || !u.chosen(&call.Call, q.Where) {
			continue
		}
		start := from
		if len(q.Steps) > 0 {
			at, found := slices.BinarySearchFunc(q.Steps, call.Time, time.Time.Compare)
			if !found {
				at--
			}
			start = q.Steps[max(at, 0)]
		}
		group := make([]string, 0, len(q.GroupBy))
		for _, key := range q.GroupBy {
			group = append(group, call.Values[slices.Index(u.Keys, key)])
		}
		at, found := slices.BinarySearchFunc(rows, dashboard.Row{Start: start, Group: group}, compareRows)
		if !found {
			rows = slices.Insert(rows, at, dashboard.Row{Start: start, Group: group})
		}
		count(&rows[at].Usage, call)
	}
	return rows, nil
}

func compareRows(a, b dashboard.Row) int {
	return cmp.Or(a.Start.Compare(b.Start), slices.Compare(a.Group, b.Group))
}

func count(t *dashboard.Totals, call *Call) {
	t.Calls++
	switch call.Status {
	case "error":
		t.Errors++
	case "timeout":
		t.Timeouts++
	}
	for kind, n := range call.Amounts {
		t.Amounts[kind] += n
	}
	t.Tokens.Input += call.Tokens.Input
	t.Tokens.Output += call.Tokens.Output
	t.Tokens.CacheRead += call.Tokens.CacheRead
	t.Tokens.CacheWrite += call.Tokens.CacheWrite
	t.Tokens.Reasoning += call.Tokens.Reasoning
	t.SavedDollars += call.Saved
	if call.Dollars == nil {
		t.Unpriced++
	} else {
		t.Dollars += *call.Dollars
	}
	if call.CostStatus == "estimated" {
		t.Estimated++
		t.EstimatedDollars += dollars(call.Call)
	}
	if call.Seconds != nil {
		t.Timed++
		t.Seconds += *call.Seconds
		if t.Buckets == nil {
			t.Buckets = make([]uint64, len(dashboard.DurationBounds)+1)
		}
		bucket, _ := slices.BinarySearch(dashboard.DurationBounds, *call.Seconds)
		t.Buckets[bucket]++
	}
}

func (u *Usage) chosen(call *dashboard.Call, where map[string]string) bool {
	for key, value := range where {
		if call.Values[slices.Index(u.Keys, key)] != value {
			return false
		}
	}
	return true
}

// Calls are those chosen, in the order asked for.
func (u *Usage) Calls(q dashboard.CallQuery) []dashboard.Call {
	u.mu.RLock()
	defer u.mu.RUnlock()
	var calls []dashboard.Call
	for i := range u.All {
		call := &u.All[i].Call
		if !u.chosen(call, q.Where) || call.Time.Before(q.From) || !q.To.IsZero() && !call.Time.Before(q.To) {
			continue
		}
		found := *call
		if found.ID == "" {
			found.ID = fmt.Sprintf("%016x", i+1)
		}
		switch {
		case found.CostStatus != "":
		case found.Dollars == nil:
			found.CostStatus = "unpriced"
		default:
			found.CostStatus, found.Computed = "priced", found.Dollars
		}
		if matches(&found, &q) {
			calls = append(calls, found)
		}
	}
	slices.SortStableFunc(calls, func(a, b dashboard.Call) int {
		if q.MostExpensive {
			return cmp.Compare(dollars(b), dollars(a))
		}
		return b.Time.Compare(a.Time)
	})
	if q.Limit > 0 && len(calls) > q.Limit {
		calls = calls[:q.Limit]
	}
	return calls
}

func matches(c *dashboard.Call, q *dashboard.CallQuery) bool {
	for want, has := range map[*string]string{
		&q.ID: c.ID, &q.TraceID: c.TraceID, &q.ResponseID: c.ResponseID, &q.User: c.User, &q.Session: c.Session, &q.Agent: c.Agent,
		&q.ErrorType: c.ErrorType, &q.CostStatus: c.CostStatus,
	} {
		if *want != "" && *want != has {
			return false
		}
	}
	switch {
	case q.Find != "" && !slices.Contains([]string{c.TraceID, c.SpanID, c.ResponseID, c.Session, c.User, c.ID}, q.Find),
		q.Status == "failed" && c.Status == "success", q.Status != "" && q.Status != "failed" && q.Status != c.Status,
		q.MinDollars != nil && dollars(*c) < *q.MinDollars, q.MaxDollars != nil && (c.Dollars == nil || *c.Dollars > *q.MaxDollars),
		q.Problems && c.Problem == "",
		q.MergedBy != "" && !slices.ContainsFunc(c.Merged, func(record dashboard.MergedRecord) bool { return record.Rule == q.MergedBy }):
		return false
	}
	return true
}

// Steps are those of the trace.
func (u *Usage) Steps(traceID string) []dashboard.Step { return u.StepsOf[traceID] }

// CountCalls counts those chosen.
func (u *Usage) CountCalls(q dashboard.CallQuery) int {
	q.Limit = 0
	return len(u.Calls(q))
}

// CallsKept is all of them.
func (u *Usage) CallsKept() dashboard.CallsKept {
	u.mu.RLock()
	defer u.mu.RUnlock()
	return dashboard.CallsKept{Newest: len(u.All), NewestLimit: 50_000, ExpensivePerDay: 1_000, Dropped: u.Dropped}
}

// CallPrice has all of the cost in the tokens of the input.
func (u *Usage) CallPrice(id string) (dashboard.CallPrice, bool) {
	found := u.Calls(dashboard.CallQuery{ID: id})
	if len(found) == 0 {
		return dashboard.CallPrice{}, false
	}
	price := dashboard.CallPrice{Tier: "standard"}
	if call := &found[0]; call.Dollars != nil {
		price.Entry, price.Provider, price.List, price.Source = call.Values[0], "openai", "built-in", "https://openai.com/api/pricing/"
		price.Lines = []dashboard.PriceLine{{Kind: usage.Input, Amount: call.Amounts[usage.Input], Dollars: *call.Dollars}}
	}
	return price, true
}

func dollars(call dashboard.Call) float64 {
	if call.Dollars == nil {
		return -1
	}
	return *call.Dollars
}

// Extent is that of the calls.
func (u *Usage) Extent() dashboard.Extent {
	u.mu.RLock()
	defer u.mu.RUnlock()
	extent := dashboard.Extent{Rows: len(u.All), RowsLimit: 1_000_000, DayRowsLimit: 4_000_000, Zone: time.UTC, Overflow: "otel.metric.overflow"}
	for i := range u.All {
		if at := u.All[i].Time.Truncate(time.Hour); extent.Since.IsZero() || at.Before(extent.Since) {
			extent.Since, extent.HoursSince = at, at
		}
	}
	if !u.HoursSince.IsZero() {
		extent.HoursSince = u.HoursSince
	}
	return extent
}

// Budgets is the list.
func (u *Usage) Budgets() []dashboard.Budget { return u.BudgetList }

// Unpriced is the list.
func (u *Usage) Unpriced() []dashboard.UnpricedModel { return u.UnpricedList }

// Estimates is the list.
func (u *Usage) Estimates() []dashboard.Estimate { return u.EstimateList }

// Disagreements is the list.
func (u *Usage) Disagreements() []dashboard.Disagreement { return u.DisagreeList }

// Prices is the table.
func (u *Usage) Prices() dashboard.PriceTable { return u.Table }
