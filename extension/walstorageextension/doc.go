// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package walstorageextension is a storage extension on a write-ahead log: the queues of
// exporters, the ledger and the notification state of a collector are in one log, whose
// values have checksums, and which takes one sync for each request that is acknowledged.
package walstorageextension
