// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// kindOfUsage is the kind that a member of `usage` names. Input and output tokens have
// fields of their own.
func kindOfUsage(name string) (usage.Kind, bool) {
	kind, ok := usage.Named(name)
	return kind, ok && kind != usage.Input && kind != usage.Output
}

// hasUsage reports whether there is an object `usage` that names a kind.
func (f *fields) hasUsage() bool {
	members, ok := f.peek(keyUsage).object()
	if !ok {
		return false
	}
	for name := range members {
		if _, known := kindOfUsage(name); known {
			return true
		}
	}
	return false
}

// decodeUsage takes the kinds of usage that `usage` has, in the order of their names.
// Other members stay with the context.
func decodeUsage(f *fields) (all []Used) {
	if !f.hasUsage() {
		return nil
	}
	members, _ := f.peek(keyUsage).object()
	rest := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		kind, known := kindOfUsage(name)
		if !known || members[name] == nil {
			rest[name] = members[name]
			continue
		}
		amount, problem := amountOf(kind, members[name])
		if problem != "" {
			f.failNamed("usage."+name, "%s", problem)
			continue
		}
		if amount > 0 {
			all = append(all, Used{kind, amount})
		}
	}
	f.use(keyUsage)
	if len(rest) > 0 {
		f.left = append(f.left, field{keyUsage.String(), valueOf(rest)})
	}
	return all
}

// amountOf reads an amount of a kind. Kinds whose unit is coarse may have fractions.
func amountOf(kind usage.Kind, value any) (amount float64, problem string) {
	var text string
	switch v := value.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = v
	default:
		return 0, "must be a number"
	}
	amount, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || math.IsNaN(amount):
		return 0, "must be a number"
	case amount < 0:
		return 0, "must not be negative"
	case amount > maxCount:
		return 0, "must be at most " + strconv.FormatInt(maxCount, 10)
	case kind.Scale() == 1 && amount != math.Trunc(amount):
		return 0, "must be a whole number"
	}
	return amount, ""
}
