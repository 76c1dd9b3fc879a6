// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package period reads and divides periods of time as a calendar has them: hours, days,
// weeks, months and quarters in a time zone.
package period
