// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package event reads the events that Arc applications write: a request body
// into single JSON objects ([Items]), and a JSON object into an [Event]
// ([Decoder]). It knows nothing of telemetry, HTTP or the time of day.
package event
