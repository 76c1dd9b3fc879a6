// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package money holds amounts of dollars as integers, so that sums are exact
// whatever the order in which their parts arrive.
package money
