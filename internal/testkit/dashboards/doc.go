// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package dashboards holds sources for the dashboard that keep single calls and
// rules in memory and answer in the plainest way, for tests of what is shown.
package dashboards
