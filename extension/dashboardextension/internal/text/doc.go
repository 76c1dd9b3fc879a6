// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package text formats figures for display.
package text
