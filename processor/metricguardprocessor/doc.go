// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package metricguardprocessor keeps metric points that no Prometheus could read,
// and points under names that are ours, out of the metrics pipelines.
package metricguardprocessor
