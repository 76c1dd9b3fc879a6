// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package ingest turns OTLP metrics into samples and stores them in an embedded
// Prometheus tsdb. The translation is Prometheus' own OTLP translation; a cache
// holds the labels of each data point that has been translated before.
package ingest
