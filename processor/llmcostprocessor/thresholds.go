// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// maxThresholds bounds those of a budget: each is a series for each of its values.
	maxThresholds = 10
	// maxThreshold is the highest, in percent.
	maxThreshold = 1000

	// keyReached has which thresholds of budgets were reached in their running windows.
	keyReached = "budget_thresholds"
)

// defaultThresholds are those of a budget without others, in percent.
var defaultThresholds = []float64{50, 80, 100}

func (b *BudgetConfig) thresholds() []float64 {
	if b.Thresholds == nil {
		return defaultThresholds
	}
	return b.Thresholds
}

func validateThresholds(i int, thresholds []float64) []error {
	var errs []error
	if len(thresholds) > maxThresholds {
		errs = append(errs, fmt.Errorf("budgets::%d::thresholds: there are %d, more than %d", i, len(thresholds), maxThresholds))
	}
	for j, percent := range thresholds {
		if !(percent > 0 && percent <= maxThreshold) { // NaN, too
			errs = append(errs, fmt.Errorf("budgets::%d::thresholds::%d: must be above 0 and at most %d, is %v", i, j, maxThreshold, percent))
		} else if j > 0 && percent <= thresholds[j-1] {
			errs = append(errs, fmt.Errorf("budgets::%d::thresholds::%d: must be above the one before, %v, is %v", i, j, thresholds[j-1], percent))
		}
	}
	return errs
}

func percentLabel(percent float64) string { return strconv.FormatFloat(percent, 'f', -1, 64) }

// reached remembers when budgets reached their thresholds. A threshold stays reached until the
// window is over although corrections may lower what is used: who was notified is not
// notified once more.
type reached struct {
	mu      sync.Mutex
	budgets map[string]*reachedBudget // by name
	changed bool                      // since it was persisted
}

// reachedBudget has the values of a budget that reached a threshold.
type reachedBudget struct {
	// Of is the budget's configuration but for limits. What another one reached does not count.
	Of     string                   `json:"of"`
	Values map[string]*reachedValue `json:"values"` // by their JSON
}

// reachedValue is when a value reached thresholds of its limit, by percent.
type reachedValue struct {
	Limit float64              `json:"limit"`
	At    map[string]time.Time `json:"at"`
}

// moment is when a budget is checked.
type moment struct {
	start, now time.Time // of the running window, and now
	kept       time.Time // what was reached before is forgotten
}

// within reports whether something was reached in the running window. The clock may have been
// set back since.
func (m *moment) within(at time.Time) bool { return !at.Before(m.start) && !at.After(m.now) }

// of returns what the values of a budget reached; of another configuration nothing. It must be
// called with mu held.
func (r *reached) of(b *BudgetConfig) *reachedBudget {
	of := b.fingerprint()
	known := r.budgets[b.Name]
	if known == nil || known.Of != of {
		known = &reachedBudget{Of: of, Values: map[string]*reachedValue{}}
	}
	return known
}

// mark adds to spends of a budget which thresholds were reached. With latch, it remembers those
// that are reached now. What is returned is bounded: first come those that reached the highest
// threshold, or used the largest part of their limits.
func (r *reached) mark(b *BudgetConfig, spends []spend, m moment, latch bool) []spend {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.of(b)
	thresholds := b.thresholds()
	spends = known.addUnspent(b, spends, &m)
	for i := range spends {
		s := &spends[i]
		s.reached = make([]time.Time, len(thresholds))
		value := known.Values[s.key()]
		if value != nil && value.Limit != s.limit {
			value = nil // somebody raised the limit, say
		}
		for j, percent := range thresholds {
			if value != nil && m.within(value.At[percentLabel(percent)]) {
				s.reached[j] = value.At[percentLabel(percent)]
			} else if latch && s.ratio() >= percent/100 {
				s.reached[j] = m.now
			}
		}
	}
	rank := func(s *spend) float64 { return max(s.ratio(), s.highest(thresholds)/100) }
	slices.SortFunc(spends, func(x, y spend) int {
		return cmp.Or(cmp.Compare(rank(&y), rank(&x)), cmp.Compare(y.ratio(), x.ratio()), slices.Compare(x.values, y.values))
	})
	spends = spends[:min(len(spends), maxBudgetValues)]
	if latch {
		r.remember(b, known, spends, m.kept)
	}
	return spends
}

// addUnspent adds the values that reached a threshold, and whose spend was corrected to nothing.
func (k *reachedBudget) addUnspent(b *BudgetConfig, spends []spend, m *moment) []spend {
	if len(k.Values) == 0 {
		return spends
	}
	there := map[string]bool{}
	for i := range spends {
		there[spends[i].key()] = true
	}
	for key, value := range k.Values {
		var values []string
		if there[key] || !slices.ContainsFunc(slices.Collect(maps.Values(value.At)), m.within) ||
			json.Unmarshal([]byte(key), &values) != nil || len(values) != len(b.By) {
			continue
		}
		spends = append(spends, spend{values: values, limit: b.limitOf(strings.Join(values, "/"))})
	}
	return spends
}

// remember keeps what was reached: of the values that are reported, and of those before kept.
func (r *reached) remember(b *BudgetConfig, known *reachedBudget, spends []spend, kept time.Time) {
	next := &reachedBudget{Of: known.Of, Values: map[string]*reachedValue{}}
	for i := range spends {
		s := &spends[i]
		key := s.key()
		at := map[string]time.Time{}
		if before := known.Values[key]; before != nil && before.Limit == s.limit {
			for percent, time := range before.At {
				if !time.Before(kept) {
					at[percent] = time
				}
			}
		}
		for j, percent := range b.thresholds() {
			if !s.reached[j].IsZero() {
				at[percentLabel(percent)] = s.reached[j]
			}
		}
		if len(at) > 0 {
			next.Values[key] = &reachedValue{Limit: s.limit, At: at}
		}
	}
	if r.budgets == nil {
		r.budgets = map[string]*reachedBudget{}
	}
	if !maps.EqualFunc(next.Values, known.Values, func(x, y *reachedValue) bool {
		return x.Limit == y.Limit && maps.EqualFunc(x.At, y.At, time.Time.Equal)
	}) {
		r.changed = true
	}
	r.budgets[b.Name] = next
}

func (b *BudgetConfig) fingerprint() string {
	content, _ := json.Marshal([]any{b.Window, b.TimeZone, b.By, b.Where})
	return string(content)
}

// key is that of the values of a spend.
func (s *spend) key() string {
	content, _ := json.Marshal(s.values)
	return string(content)
}

// highest is the highest threshold that was reached; 0 for none.
func (s *spend) highest(thresholds []float64) (percent float64) {
	for i, at := range s.reached {
		if !at.IsZero() {
			percent = math.Max(percent, thresholds[i])
		}
	}
	return percent
}

// loadReached loads what was reached. It is for Start.
func (c *core) loadReached(ctx context.Context) error {
	if c.store == nil {
		return nil
	}
	return c.store.Read(ctx, keyReached, func(content []byte) error {
		var budgets map[string]*reachedBudget
		if err := json.Unmarshal(content, &budgets); err != nil {
			return err
		}
		for name, b := range budgets {
			if b == nil || slices.Contains(slices.Collect(maps.Values(b.Values)), nil) {
				return fmt.Errorf("budget %q has no values", name)
			}
		}
		c.reached.budgets = budgets
		return nil
	})
}

// saveReached persists what was reached. It is called before metrics of it are emitted, with
// mu held.
func (c *core) saveReached(ctx context.Context) error {
	c.reached.mu.Lock()
	defer c.reached.mu.Unlock()
	if !c.reached.changed {
		return nil
	}
	maps.DeleteFunc(c.reached.budgets, func(name string, b *reachedBudget) bool {
		return len(b.Values) == 0 || !slices.ContainsFunc(c.cfg.Budgets, func(b BudgetConfig) bool { return b.Name == name })
	})
	content, err := json.Marshal(c.reached.budgets)
	if err == nil {
		err = c.store.Client().Set(ctx, keyReached, content)
	}
	if err != nil {
		return fmt.Errorf("thresholds of budgets: %w", err)
	}
	c.reached.changed = false
	return nil
}
