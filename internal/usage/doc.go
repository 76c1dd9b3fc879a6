// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package usage has the one table of what a call of a model can consume: tokens
// of several kinds, images, seconds, characters, pages, searches and more.
// Reading, pricing, the ledger, its files, the API and the metrics derive from it.
package usage
