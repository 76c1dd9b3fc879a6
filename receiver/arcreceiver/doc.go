// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package arcreceiver receives what the Arc framework writes about itself, log
// lines, LLM calls, agent runs, requests, cache lookups and gauges, as JSON
// over HTTP, and forwards it as log records, spans and metrics.
//
// A request passes through three packages: internal/event reads the body into
// typed events, internal/mapping makes log records, spans and metric changes of
// them, internal/metricstore adds the changes to what was counted before. The
// response is given after every pipeline has taken its part.
package arcreceiver
