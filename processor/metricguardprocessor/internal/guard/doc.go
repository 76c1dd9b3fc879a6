// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package guard decides which metric points may pass to a Prometheus exposition, and
// repairs those that can be repaired. It has no clock, network or state.
package guard
