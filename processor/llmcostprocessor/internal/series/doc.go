// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package series adds up calls by provider, model and dimensions for cumulative
// counters: of a bounded number, that never decrease and continue after a restart.
package series
