// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package budget

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Percent is a threshold as a text.
func Percent(percent float64) string { return strconv.FormatFloat(percent, 'f', -1, 64) }

// Reached remembers when budgets reached their thresholds. A threshold stays reached until the
// window is over although corrections may lower what is used: who was notified is not
// notified once more. It is safe for concurrent use.
type Reached struct {
	mu      sync.Mutex
	budgets map[string]*reachedBudget // by name
	changed bool                      // since it was persisted
}

// reachedBudget has the values of a budget that reached a threshold.
type reachedBudget struct {
	Of     string                   `json:"of"`     // ID of the budget
	Values map[string]*reachedValue `json:"values"` // by their JSON
}

// reachedValue is when a value reached thresholds of its limit, by percent.
type reachedValue struct {
	Limit float64              `json:"limit"`
	At    map[string]time.Time `json:"at"`
}

// Moment is when a budget is checked.
type Moment struct {
	Start, Now time.Time // of the running window, and now
	Kept       time.Time // what was reached before is forgotten
}

// within reports whether something was reached in the running window. The clock may have been
// set back since.
func (m *Moment) within(at time.Time) bool { return !at.Before(m.Start) && !at.After(m.Now) }

// of returns what the values of a budget reached; of another configuration nothing. It must be
// called with mu held.
func (r *Reached) of(b *Budget) *reachedBudget {
	known := r.budgets[b.Name]
	if known == nil || known.Of != b.ID {
		known = &reachedBudget{Of: b.ID, Values: map[string]*reachedValue{}}
	}
	return known
}

// Mark returns the spends of a budget with the thresholds that were reached so far. They are bounded by
// MaxValues: first come those that reached the highest threshold, or used the largest part of their
// limits.
func (r *Reached) Mark(b *Budget, spends []Spend, m Moment) []Spend {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.of(b).mark(b, spends, &m)
}

// Update is Mark, and remembers the thresholds that are reached now.
func (r *Reached) Update(b *Budget, spends []Spend, m Moment) []Spend {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.of(b)
	spends = known.mark(b, spends, &m)
	for i := range spends {
		s := &spends[i]
		for j, percent := range b.Thresholds {
			if s.Reached[j].IsZero() && s.Ratio() >= percent/100 {
				s.Reached[j] = m.Now
			}
		}
	}
	r.remember(b, known, spends, m.Kept)
	return spends
}

func (k *reachedBudget) mark(b *Budget, spends []Spend, m *Moment) []Spend {
	spends = k.addUnspent(b, spends, m)
	for i := range spends {
		s := &spends[i]
		s.Reached = make([]time.Time, len(b.Thresholds))
		value := k.Values[s.key()]
		if value == nil || value.Limit != s.Limit { // somebody raised the limit, say
			continue
		}
		for j, percent := range b.Thresholds {
			if at := value.At[Percent(percent)]; m.within(at) {
				s.Reached[j] = at
			}
		}
	}
	rank := func(s *Spend) float64 { return max(s.Ratio(), s.highest(b.Thresholds)/100) }
	slices.SortFunc(spends, func(x, y Spend) int {
		return cmp.Or(cmp.Compare(rank(&y), rank(&x)), cmp.Compare(y.Ratio(), x.Ratio()), slices.Compare(x.Values, y.Values))
	})
	return spends[:min(len(spends), MaxValues)]
}

// addUnspent adds the values that reached a threshold, and whose spend was corrected to nothing.
func (k *reachedBudget) addUnspent(b *Budget, spends []Spend, m *Moment) []Spend {
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
			json.Unmarshal([]byte(key), &values) != nil || len(values) != b.Dimensions {
			continue
		}
		spends = append(spends, Spend{Values: values, Limit: b.LimitOf(values)})
	}
	return spends
}

// remember keeps what was reached: of the values that are reported, and of those before kept.
func (r *Reached) remember(b *Budget, known *reachedBudget, spends []Spend, kept time.Time) {
	next := &reachedBudget{Of: known.Of, Values: map[string]*reachedValue{}}
	for i := range spends {
		s := &spends[i]
		key := s.key()
		at := map[string]time.Time{}
		if before := known.Values[key]; before != nil && before.Limit == s.Limit {
			for percent, time := range before.At {
				if !time.Before(kept) {
					at[percent] = time
				}
			}
		}
		for j, percent := range b.Thresholds {
			if !s.Reached[j].IsZero() {
				at[Percent(percent)] = s.Reached[j]
			}
		}
		if len(at) > 0 {
			next.Values[key] = &reachedValue{Limit: s.Limit, At: at}
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

// Load replaces what was reached by what Save wrote.
func (r *Reached) Load(content []byte) error {
	var budgets map[string]*reachedBudget
	if err := json.Unmarshal(content, &budgets); err != nil {
		return err
	}
	for name, b := range budgets {
		if b == nil || slices.Contains(slices.Collect(maps.Values(b.Values)), nil) {
			return fmt.Errorf("budget %q has no values", name)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.budgets = budgets
	return nil
}

// Save writes what was reached, if it has changed since it was written. What budgets reached that are
// not configured is left out.
func (r *Reached) Save(isConfigured func(name string) bool, write func(content []byte) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.changed {
		return nil
	}
	maps.DeleteFunc(r.budgets, func(name string, b *reachedBudget) bool { return len(b.Values) == 0 || !isConfigured(name) })
	content, err := json.Marshal(r.budgets)
	if err != nil {
		return err
	}
	if err := write(content); err != nil {
		return err
	}
	r.changed = false
	return nil
}
