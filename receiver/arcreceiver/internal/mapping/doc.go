// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package mapping makes telemetry of events: a log record of every event, a span
// of those that took time, and changes of metrics. The README of the receiver
// has the table.
package mapping
