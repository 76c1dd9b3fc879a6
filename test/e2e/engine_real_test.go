//go:build e2e

// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import "testing"

// The shipped tables, views and dashboard, on ClickHouse's engine: each call counts once,
// however its records were spread over collectors, and every panel has data.
func TestRealClickHouse(t *testing.T) {
	ch := startClickHouse(t)
	collectors := startCounted(t, 3, ch)
	apps := newApplications()
	apps.spread(t, 30, collectors)
	apps.scatter(t, 60, collectors)
	collectors[1].process.Kill()
	apps.spread(t, 10, []*agentProcess{collectors[0], collectors[2]})
	apps.requireExactInEngine(t, ch)
	requireDashboard(t, ch)
}
