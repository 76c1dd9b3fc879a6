// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package spend sums, ranks and compares the cost of calls.
package spend
