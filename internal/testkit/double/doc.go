// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package double holds servers that stand in for the systems that telemetry
// and alerts are sent to. Each speaks the protocol that its vendor documents,
// refuses what the vendor would refuse, and keeps what it accepted.
package double
