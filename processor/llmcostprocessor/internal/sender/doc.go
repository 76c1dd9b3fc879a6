// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package sender lists who sends telemetry, by service and instrumentation scope: how much, how
// many calls are found in it, and why other records are not calls. It has no clock; the caller
// passes the time.
package sender
