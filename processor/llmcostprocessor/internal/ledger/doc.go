// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package ledger keeps what calls of language models used and cost: a row for
// each hour (UTC), model and set of dimensions, and running totals for each
// model. It has no clock; whoever uses it says what time it is.
package ledger
