// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package invoice compares what was counted with what providers billed: by provider, model
// and day, with the likely cause of each difference, and the contract price that a constant
// ratio points to.
package invoice
