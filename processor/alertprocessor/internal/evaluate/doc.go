// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package evaluate runs Prometheus' rule manager on a store of samples. A [Result]
// is what all rules report at a time; the series that rules write leave as
// [Sample]s.
package evaluate
