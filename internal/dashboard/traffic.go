// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboard

// TrafficSource is a source of usage that knows what telemetry has passed through it.
type TrafficSource interface {
	Traffic() Traffic
	Arrivals() Arrivals
}

// Traffic is what has passed since the start.
type Traffic struct {
	Spans, LogRecords, DataPoints int64
	// Outcomes counts the records that report calls by what became of them: priced,
	// unpriced, duplicate, aggregate, or why they cannot be read.
	Outcomes map[string]int64
}
