// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package otlpreceiver is the otlp receiver of the Collector with a bound on what
// requests take when they are decoded.
//
// Upstream bounds the bytes of a request, and a request of 4 MiB can have two million
// empty messages, which take a gigabyte. Here the messages are counted first: a
// request with too many is rejected, and requests whose messages are too many together
// wait for each other.
package otlpreceiver
