// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package compatibility has the problems of instrumentations that were measured: those of
// docs/compatibility.md, by the name of the instrumentation scope.
package compatibility
