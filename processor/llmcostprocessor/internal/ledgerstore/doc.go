// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package ledgerstore persists what the processor counts in a storage extension: the ledger,
// the series of the metrics by dimension and the single calls as snapshots, and what was
// counted since the last snapshot as a journal. A process that is killed continues with what
// it has acknowledged.
package ledgerstore
