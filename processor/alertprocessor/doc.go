// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package alertprocessor evaluates Prometheus rules on the metrics that pass
// through, and conditions on the spans and log records that pass through. Alerts
// leave, as log records, through the logs pipelines that name the processor; the
// series that rules write leave through its metrics pipelines.
//
// The instances of one processor ID share a core (see internal/sharedcore):
//
//	metrics ──► internal/ingest (samples, tsdb) ◄──── internal/evaluate (rules, PromQL)
//	                                                      │
//	                               series of rules ───────┤──► emitters of the metrics pipelines
//	                                        alerts ───────┴──► dispatcher ──► emitters of the logs pipelines
//	traces, logs ──► events (OTTL) ──► alerts ─────────────────────┘ │
//	                                                                 └──► notices.json
//
// The dispatcher asks internal/notification which alerts recipients are to be
// notified of, and persists its state; a dashboard extension shows all of it.
//
// The telemetry that passes through is never changed, and waits neither for an
// evaluation nor for a delivery.
package alertprocessor
