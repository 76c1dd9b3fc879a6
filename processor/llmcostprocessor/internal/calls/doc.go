// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package calls keeps single calls: the newest, and the most expensive of each day. A call
// is kept as the ledger writes it, with the details that only single calls have behind it.
package calls
