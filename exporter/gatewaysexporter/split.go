// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package gatewaysexporter

import (
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// The functions below divide telemetry into n parts. choose returns the part of an item.
// Resources and scopes are repeated in each part that has items of them.

func splitTraces(td ptrace.Traces, n int, choose func(ptrace.Span) int) []ptrace.Traces {
	parts := make([]ptrace.Traces, n)
	for i := range parts {
		parts[i] = ptrace.NewTraces()
	}
	for _, rs := range td.ResourceSpans().All() {
		resources := make([]ptrace.ResourceSpans, n)
		for _, ss := range rs.ScopeSpans().All() {
			scopes := make([]ptrace.ScopeSpans, n)
			for _, span := range ss.Spans().All() {
				i := choose(span)
				if resources[i] == (ptrace.ResourceSpans{}) {
					resources[i] = parts[i].ResourceSpans().AppendEmpty()
					rs.Resource().CopyTo(resources[i].Resource())
					resources[i].SetSchemaUrl(rs.SchemaUrl())
				}
				if scopes[i] == (ptrace.ScopeSpans{}) {
					scopes[i] = resources[i].ScopeSpans().AppendEmpty()
					ss.Scope().CopyTo(scopes[i].Scope())
					scopes[i].SetSchemaUrl(ss.SchemaUrl())
				}
				span.CopyTo(scopes[i].Spans().AppendEmpty())
			}
		}
	}
	return parts
}

func splitLogs(ld plog.Logs, n int, choose func(plog.LogRecord, plog.ResourceLogs) int) []plog.Logs {
	parts := make([]plog.Logs, n)
	for i := range parts {
		parts[i] = plog.NewLogs()
	}
	for _, rl := range ld.ResourceLogs().All() {
		resources := make([]plog.ResourceLogs, n)
		for _, sl := range rl.ScopeLogs().All() {
			scopes := make([]plog.ScopeLogs, n)
			for _, record := range sl.LogRecords().All() {
				i := choose(record, rl)
				if resources[i] == (plog.ResourceLogs{}) {
					resources[i] = parts[i].ResourceLogs().AppendEmpty()
					rl.Resource().CopyTo(resources[i].Resource())
					resources[i].SetSchemaUrl(rl.SchemaUrl())
				}
				if scopes[i] == (plog.ScopeLogs{}) {
					scopes[i] = resources[i].ScopeLogs().AppendEmpty()
					sl.Scope().CopyTo(scopes[i].Scope())
					scopes[i].SetSchemaUrl(sl.SchemaUrl())
				}
				record.CopyTo(scopes[i].LogRecords().AppendEmpty())
			}
		}
	}
	return parts
}

func splitMetrics(md pmetric.Metrics, n int, choose func(pmetric.Metric, pmetric.ResourceMetrics) int) []pmetric.Metrics {
	parts := make([]pmetric.Metrics, n)
	for i := range parts {
		parts[i] = pmetric.NewMetrics()
	}
	for _, rm := range md.ResourceMetrics().All() {
		resources := make([]pmetric.ResourceMetrics, n)
		for _, sm := range rm.ScopeMetrics().All() {
			scopes := make([]pmetric.ScopeMetrics, n)
			for _, metric := range sm.Metrics().All() {
				i := choose(metric, rm)
				if resources[i] == (pmetric.ResourceMetrics{}) {
					resources[i] = parts[i].ResourceMetrics().AppendEmpty()
					rm.Resource().CopyTo(resources[i].Resource())
					resources[i].SetSchemaUrl(rm.SchemaUrl())
				}
				if scopes[i] == (pmetric.ScopeMetrics{}) {
					scopes[i] = resources[i].ScopeMetrics().AppendEmpty()
					sm.Scope().CopyTo(scopes[i].Scope())
					scopes[i].SetSchemaUrl(sm.SchemaUrl())
				}
				metric.CopyTo(scopes[i].Metrics().AppendEmpty())
			}
		}
	}
	return parts
}

// half returns a choice that puts the first half of n items into part 0, the others into part 1.
func half(n int) func() int {
	i := 0
	return func() int {
		i++
		if i <= n/2 {
			return 0
		}
		return 1
	}
}
