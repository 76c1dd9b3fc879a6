// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What agents of versions before had queued while gateways were away is sent by the shipped agents of
// today, once. testdata/agent-state/README.md has what is in it.
func TestAgentQueuesOfTheVersionBefore(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob(filepath.Join("testdata", "agent-state", "*.tar.gz"))
	require.NoError(t, err)
	require.NotEmpty(t, archives)
	for _, archive := range archives {
		t.Run(filepath.Base(archive), func(t *testing.T) {
			gateways := startGateways(t, 2, nil)
			requireCounted := func() {
				require.EventuallyWithT(t, func(c *assert.CollectT) {
					var calls, orders float64
					for _, g := range gateways {
						found := scrape(c, "http://"+g.ports.page+"/metrics")
						calls += found.sum("arc_llm_calls_total")
						orders += found.sum("shop_orders")
					}
					assert.EqualValues(c, 40, calls)
					assert.EqualValues(c, 20, orders)
				}, 60*time.Second, 100*time.Millisecond)
			}
			state := t.TempDir()
			extract(t, archive, state)
			agent := newAgent(t, "config/scale/agent.yaml", append(sendsTo(addressesOf(gateways)...), "OTELCOL_ARC_STATE="+state))
			requireCounted()
			const moving = "queue of the version before"
			assert.Len(t, agent.process.Lines(moving), 3, "one for each signal")
			agent.restart(t)
			assert.Empty(t, agent.process.Lines(moving), "they are empty")
			requireCounted()

			cluster, gateways, _ := startBehindKafka(t, 1, 0)
			state = t.TempDir()
			extract(t, archive, state)
			newAgent(t, "config/scale/kafka-agent.yaml", []string{"KAFKA_BROKER=" + cluster.ListenAddrs()[0], "OTELCOL_ARC_STATE=" + state})
			require.EventuallyWithT(t, func(c *assert.CollectT) {
				assert.EqualValues(c, 20, scrape(c, "http://"+gateways[0].ports.page+"/metrics").sum("shop_orders"))
			}, 60*time.Second, 100*time.Millisecond)
		})
	}
}
