// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package dimension makes the values of dimensions: by tables that map what telemetry
// has to what is counted, and by hashes that hide it.
package dimension
