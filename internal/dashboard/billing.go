// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// Billing compares what was counted with what providers billed, as far as a receiver
// llm_billing reports it.
type Billing struct {
	// Lines are by day, the newest first, then by provider and model.
	Lines []BillingLine
	// Contracts are prices that constant ratios point to.
	Contracts []BillingContract
}

// BillingLine is a model, or another item of a bill, on a day (UTC).
type BillingLine struct {
	Day      time.Time
	Provider string
	// Model is as calls are counted; "" for another Item of the bill.
	Model, Item     string
	Counted, Billed float64 // dollars
	// Calls are those that were counted; Unpriced, those of them without a price.
	Calls, Unpriced int64
	CountedAmounts  usage.Amounts
	// BilledAmounts and BilledRequests are what the provider's usage report has; it has
	// none unless HasUsage.
	HasUsage       bool
	BilledAmounts  usage.Amounts
	BilledRequests int64
	// Ratio is the difference, billed less counted, as a part of the larger of both.
	Ratio float64
	// Cause is the likely cause of the difference; "" for none.
	Cause string
}

// BillingContract is a price that the bill points to.
type BillingContract struct {
	Provider string
	Models   []string // none: all
	Percent  string   // up or down
	Days     int      // that had the same ratio
	// Adjustment is an entry for a file of prices::files.
	Adjustment string
}

// CostLine is what a model, or another item of a bill, cost by all who know.
type CostLine struct {
	Provider string
	// Model is as calls are counted; "" for another Item of the bill.
	Model, Item     string
	Calls, Unpriced int64
	// Counted is the cost in the ledger, in dollars; Estimated is the part that is an estimate.
	Counted, Estimated float64
	// ReportedCalls are those whose application reported a cost and that have a price: Reported is
	// what it reported of them, Computed what they cost by the price table.
	ReportedCalls      int64
	Reported, Computed float64
	// Billed is what the provider billed, if HasBill.
	HasBill bool
	Billed  float64
}
