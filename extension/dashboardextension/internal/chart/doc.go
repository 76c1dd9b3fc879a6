// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package chart lays out stacked bars in percent of the available space, so that the
// chart fits every screen without a script.
package chart
