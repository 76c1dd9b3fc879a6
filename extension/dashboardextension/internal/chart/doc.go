// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package chart lays out stacked bars in percent of the space they are given,
// so that a drawing fits every screen without a script.
package chart
