// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package spend adds up, ranks and compares what calls of models cost.
package spend
