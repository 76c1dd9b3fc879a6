// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboard

import "github.com/otelcol-arc/otelcol-arc/internal/usage"

// Tariff is what a model costs at a time, for each kind of usage: dollars per unit, at
// the standard tier and for calls of ordinary length. A kind without a price has 0.
type Tariff struct {
	// Provider is whose price it is, as price files name it; that of the calls, where no
	// price is known.
	Provider string
	// List are the prices of the list, Contracted with the adjustments of the user's
	// price files.
	List, Contracted [usage.Count]float64
}
