// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package prometheussource has the sums of several collectors: it reads the usage metrics that they
// sent to Prometheus, Mimir or another server with the same API, and answers queries as a ledger does.
//
// Counters become rows of hours by the last sample of each hour, less the last sample of the hour
// before, so that nothing is extrapolated. increments.go has the rules for the first samples and
// for resets.
package prometheussource
