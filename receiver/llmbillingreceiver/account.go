// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmbillingreceiver

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/health"
	"github.com/otelcol-arc/otelcol-arc/receiver/llmbillingreceiver/internal/report"
)

const (
	// restatedDays are asked for each time: providers correct the bill of the last days.
	// All days are asked for again once a day.
	restatedDays = 4
	// minRetry and maxRetry bound the time to the next attempt after a failure.
	minRetry, maxRetry = time.Minute, time.Hour
)

// others is the item of what is beyond max_items.
const others = "(others)"

// day is what an account was billed for a day.
type day struct {
	Costs []report.Cost  `json:"costs,omitempty"`
	Usage []report.Usage `json:"usage,omitempty"`
}

// account asks one account, and keeps what was reported.
type account struct {
	cfg      *AccountConfig
	provider *report.Provider
	client   report.Client // set in start
	owner    *billing

	mu    sync.Mutex // guards what follows
	state accountState
}

// accountState is what the storage has of an account.
type accountState struct {
	Days map[string]day `json:"days"`
	// Read is when the costs were last read completely, and Whole when those of all days
	// were.
	Read  time.Time `json:"read"`
	Whole time.Time `json:"whole"`
}

// run asks now, or when the time since the last report is over, and then at the interval,
// until ctx is done.
func (a *account) run(ctx context.Context) {
	a.mu.Lock()
	wait := time.Duration(0)
	if !a.state.Read.IsZero() {
		wait = min(max(a.state.Read.Add(a.cfg.Interval).Sub(a.owner.now()), 0), a.cfg.Interval)
	}
	a.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for failures := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		err := a.ask(ctx)
		if ctx.Err() != nil {
			return
		}
		wait := a.cfg.Interval
		if failures++; err == nil {
			failures = 0
		} else {
			wait = min(wait, retryIn(err, failures))
		}
		a.log(err, wait)
		timer.Reset(wait)
	}
}

// retryIn is the time to the next attempt after failures in a row.
func retryIn(err error, failures int) time.Duration {
	refused, ok := errors.AsType[*reportError](err)
	switch {
	case ok && refused.retryAfter > 0:
		return min(max(refused.retryAfter, minRetry), maxRetry)
	case ok && refused.outcome == outcomeUnauthorized:
		return maxRetry
	default:
		return min(minRetry<<min(failures-1, 6), maxRetry)
	}
}

// ask reads the costs and then the usage. What was reported before stays where a report
// is not read to its end.
func (a *account) ask(ctx context.Context) error {
	now := a.owner.now().UTC()
	today := now.Truncate(24 * time.Hour)
	api := report.API{Client: a.client, Endpoint: a.cfg.HTTP.Endpoint}
	days := report.Days{From: a.from(today), To: today.Add(24 * time.Hour)}
	costs, err := a.provider.Costs(ctx, api, days)
	a.count(ctx, "costs", err)
	if err != nil {
		return fmt.Errorf("costs: %w", err)
	}
	read := reported{costs: costs}
	var usageErr error
	if a.provider.Usage != nil {
		if read.usage, usageErr = a.provider.Usage(ctx, api, days); usageErr != nil {
			usageErr = fmt.Errorf("usage: %w", usageErr)
		}
		a.count(ctx, "usage", usageErr)
		read.noUsage = usageErr != nil
	}
	overflow := a.replace(days, now, read)
	if overflow > 0 {
		a.owner.countOverflow(ctx, a, overflow)
	}
	return errors.Join(usageErr, a.owner.persist(ctx, a))
}

// from is the first day to ask for: all days at first and once a day, else those that may
// have changed since the last report.
func (a *account) from(today time.Time) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	days := a.owner.cfg.Days
	first := today.AddDate(0, 0, 1-min(days, a.provider.MaxDays))
	if a.state.Whole.Before(today) {
		return first
	}
	since := a.state.Read.UTC().Truncate(24*time.Hour).AddDate(0, 0, -restatedDays)
	// The clock may have gone back since.
	if latest := today.AddDate(0, 0, -restatedDays); since.After(latest) {
		since = latest
	}
	if since.Before(first) {
		return first
	}
	return since
}

// reported is what an account was billed for some days.
type reported struct {
	costs   []report.Cost
	usage   []report.Usage
	noUsage bool // the usage was not read to its end
}

// replace replaces days with what was reported at a time. An item that has gone is kept
// with 0, so that whoever reads the metric learns of it.
func (a *account) replace(days report.Days, now time.Time, read reported) (overflow int64) {
	fresh := map[string]day{}
	for _, cost := range read.costs {
		of := fresh[cost.Day]
		of.Costs = append(of.Costs, cost)
		fresh[cost.Day] = of
	}
	for _, each := range read.usage {
		of := fresh[each.Day]
		of.Usage = append(of.Usage, each)
		fresh[each.Day] = of
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.state.Days == nil {
		a.state.Days = map[string]day{}
	}
	for at := days.From; at.Before(days.To); at = at.AddDate(0, 0, 1) {
		name := report.DayOf(at)
		next, before := fresh[name], a.state.Days[name]
		var more int64
		next.Costs, more = bound(withZeros(next.Costs, before.Costs), a.owner.cfg.MaxItems)
		overflow += more
		if read.noUsage {
			next.Usage = before.Usage
		}
		next.Usage = withZeroUsage(next.Usage, before.Usage)
		if limit := 8 * a.owner.cfg.MaxItems; len(next.Usage) > limit { // kinds and tiers of an item
			overflow += int64(len(next.Usage) - limit)
			next.Usage = next.Usage[:limit]
		}
		if len(next.Costs) > 0 || len(next.Usage) > 0 {
			a.state.Days[name] = next
		}
	}
	oldest := report.DayOf(days.To.AddDate(0, 0, -a.owner.cfg.Days))
	for name := range a.state.Days {
		if name < oldest {
			delete(a.state.Days, name)
		}
	}
	a.state.Read = now
	if days.From.Equal(days.To.AddDate(0, 0, -min(a.owner.cfg.Days, a.provider.MaxDays))) {
		a.state.Whole = now
	}
	return overflow
}

func withZeros(next, before []report.Cost) []report.Cost {
	for _, old := range before {
		if !slices.ContainsFunc(next, func(c report.Cost) bool { return c.Item == old.Item && c.Project == old.Project }) {
			old.Dollars = new(big.Rat)
			next = append(next, old)
		}
	}
	return next
}

func withZeroUsage(next, before []report.Usage) []report.Usage {
	known := map[report.Usage]bool{}
	for _, each := range next {
		each.Amount = 0
		known[each] = true
	}
	for _, old := range before {
		if old.Amount = 0; !known[old] {
			next = append(next, old)
		}
	}
	return next
}

// bound adds up all but the largest costs of a day.
func bound(costs []report.Cost, limit int) (bounded []report.Cost, overflow int64) {
	if len(costs) <= limit {
		return costs, 0
	}
	slices.SortStableFunc(costs, func(x, y report.Cost) int { return y.Dollars.Cmp(x.Dollars) })
	rest := report.Cost{Day: costs[0].Day, Item: others, Dollars: new(big.Rat)}
	for _, cost := range costs[limit-1:] {
		rest.Dollars.Add(rest.Dollars, cost.Dollars)
	}
	return append(costs[:limit-1:limit-1], rest), int64(len(costs) - limit + 1)
}

func (a *account) log(err error, wait time.Duration) {
	of := []zap.Field{zap.String("provider", a.cfg.Provider), zap.String("account", a.cfg.Name)}
	if err != nil {
		a.owner.logger.Warn("Reading the report of billed costs failed; what was reported before stays", append(of, zap.Error(err), zap.Duration("retry_in", wait))...)
		err = fmt.Errorf("%s, account %s: %w", a.cfg.Provider, a.cfg.Name, err)
	}
	a.owner.health.Set(health.Problem(a.id()), err, "", "") // each failure is logged
}

func (a *account) id() string { return a.cfg.Provider + "/" + a.cfg.Name }
