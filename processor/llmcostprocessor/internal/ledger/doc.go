// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package ledger records what calls to language models used and cost: a row for
// each hour (UTC), model and set of dimensions, and running totals for each
// model. It has no clock; the caller passes the time.
package ledger
