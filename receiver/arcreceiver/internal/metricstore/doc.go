// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package metricstore keeps the cumulative values of counters, histograms and
// gauges.
//
// A change is applied in two steps, because what a pipeline has refused will be
// sent again and must not count twice: [Store.Stage] works out the values that
// changes lead to and leaves the store alone, [Store.Commit] makes them the
// store's own. Label sets are bounded for each metric: what comes with one too
// many is counted in the metric's overflow series.
package metricstore
