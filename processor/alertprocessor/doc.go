// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile ../../internal/tools/go.mod mdatagen metadata.yaml

// Package alertprocessor evaluates Prometheus rules on the metrics that pass,
// and conditions on the spans and log records that pass. Alerts leave, as log
// records, through the logs pipelines that name the processor; the series that
// rules make leave through its metrics pipelines.
//
// The instances of one processor ID share a core (see internal/sharedcore):
//
//	metrics ──► ingest ──► storage (tsdb) ◄──── evaluator (rules, promql)
//	                                              │
//	                            series of rules ──┤──► metrics outlets
//	                                     alerts ──┴──► notifier ──► logs outlets
//	traces, logs ──► events (OTTL) ──► alerts ────────────┘ │
//	                                                        └──► notices.json
//
// The notifier decides who is told what (see internal/notice); the page of a
// dashboard extension sees all of it.
//
// What passes is never changed and never waits for an evaluation or a delivery.
package alertprocessor
