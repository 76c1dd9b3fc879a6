// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package conversation adds single calls up by session and by trace, and orders the calls of
// a trace as a tree.
package conversation
