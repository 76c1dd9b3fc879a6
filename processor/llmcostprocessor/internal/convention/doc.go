// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package convention recognizes calls of language models in telemetry, whatever
// convention the instrumentation follows.
package convention
