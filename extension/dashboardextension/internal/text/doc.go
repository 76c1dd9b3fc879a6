// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package text writes figures the way people read them.
package text
