// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package gatewaysexporter sends telemetry to several gateways, all of a trace to the
// same one, with a queue and retries for each gateway.
//
// Contrib's load-balancing exporter has one queue before the split, so that a gateway
// that is away delays the others, and they are sent again what they have accepted. Its
// exporters behind the split cannot have queues on disk: they share one ID. Here each
// gateway has its own.
package gatewaysexporter
