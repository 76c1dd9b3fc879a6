// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package focus writes usage in the form of the FinOps Open Cost and Usage Specification
// (FOCUS), version 1.2, as CSV and Parquet.
// https://focus.finops.org/focus-specification/v1-2/
//
// A row of the ledger becomes one charge for each kind of usage: the SKU is the model and
// the kind. Its cost is divided among the kinds by their prices, in whole picodollars, so that
// the charges of a row add up to it exactly.
package focus
