// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// gateway is one of several collectors that count together.
type gateway struct {
	ports   ports
	options collector.Options
	process *collector.Process
}

// startGateways starts so many of config/scale/gateway.yaml, with what is added.
func startGateways(tb testing.TB, n int, env []string, added ...string) []*gateway {
	tb.Helper()
	gateways := make([]*gateway, n)
	for i := range gateways {
		gateways[i] = startGateway(tb, i, env, added...)
	}
	return gateways
}

func startGateway(tb testing.TB, i int, env []string, added ...string) *gateway {
	tb.Helper()
	p, set := quick(tb)
	g := &gateway{ports: p, options: collector.Options{
		Configs: append([]string{"config/default.yaml", "config/policies/state.yaml", "config/scale/gateway.yaml"}, added...),
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
		Env:     append([]string{fmt.Sprintf("OTELCOL_ARC_INSTANCE=gateway-%d", i), "OTELCOL_ARC_STATE=" + tb.TempDir()}, env...),
	}}
	g.process = collector.Start(tb, g.options)
	return g
}

const (
	scaleBatches = 120
	scaleCalls   = 5
	callDollars  = 0.0075 // of callBatch
)

// sendCalls sends batches, each of a trace of its own, one in ten of them twice.
func sendCalls(t *testing.T, url string, meanwhile func(batch int)) {
	t.Helper()
	for batch := range scaleBatches {
		body := callBatch(t, uint32(batch), scaleCalls)
		times := 1
		if batch%10 == 0 {
			times = 2
		}
		for range times {
			require.Eventually(t, func() bool { return postTraces(t.Context(), url, body) }, 30*time.Second, 20*time.Millisecond)
		}
		meanwhile(batch)
	}
}

// requireSums waits until the gateways have counted each call once, together.
func requireSums(t *testing.T, gateways []*gateway) {
	t.Helper()
	const all = scaleBatches * scaleCalls
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		var calls, cost float64
		for i, g := range gateways {
			found := scrape(c, "http://"+g.ports.page+"/metrics")
			share := found.sum("arc_llm_calls_total")
			assert.Positive(c, share, "each has a share")
			calls += share
			cost += found.sum("arc_llm_cost_dollars")
			_, body := fetch(c, "http://"+g.ports.page+"/metrics")
			assert.Contains(c, body, fmt.Sprintf(`instance="gateway-%d"`, i), "distinguished by their names")
		}
		assert.EqualValues(c, all, calls)
		assert.InDelta(c, all*callDollars, cost, 1e-9)
	}, 60*time.Second, 200*time.Millisecond)
}

// An agent hands traces to three gateways. One of them is killed in the middle of
// it, and comes back: together they have counted every call, and each once.
func TestThreeGateways(t *testing.T) {
	gateways := startGateways(t, 3, nil)
	agent := newAgent(t, "config/scale/agent.yaml", sendsTo(addressesOf(gateways)...)).ports

	var back sync.WaitGroup
	sendCalls(t, "http://"+agent.http+"/v1/traces", func(batch int) {
		switch batch {
		case scaleBatches / 3:
			gateways[1].process.Kill()
		case scaleBatches / 2:
			back.Go(func() { gateways[1].process = collector.Start(t, gateways[1].options) })
		}
	})
	back.Wait()
	requireSums(t, gateways)

	// What an Arc application posts at the agent reaches a gateway, too.
	got := postEvents(t, "http://"+agent.arc, security{}, lines(
		`{"model":"gpt-4o-mini","prompt_tokens":1000,"completion_tokens":500,"duration_seconds":0.7,"status":"success"}`))
	require.Equal(t, arcResponse{Status: 200, Accepted: 1}, got)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		var calls float64
		for _, g := range gateways {
			calls += scrape(c, "http://"+g.ports.page+"/metrics").sum(`arc_llm_calls_total`)
		}
		assert.EqualValues(c, scaleBatches*scaleCalls+1, calls)
	}, 30*time.Second, 200*time.Millisecond)
}

// waitForReaders waits until so many readers have partitions of the traces' topic,
// so that the first of them does not read it all alone.
func waitForReaders(tb testing.TB, brokers []string, n int) {
	tb.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	require.NoError(tb, err)
	defer client.Close()
	require.EventuallyWithT(tb, func(c *assert.CollectT) {
		groups, err := kadm.NewClient(client).DescribeGroups(tb.Context(), "otelcol-arc")
		require.NoError(c, err)
		readers := 0
		for _, member := range groups["otelcol-arc"].Members {
			if assigned, ok := member.Assigned.AsConsumer(); ok {
				for _, topic := range assigned.Topics {
					if topic.Topic == "otlp_spans" && len(topic.Partitions) > 0 {
						readers++
					}
				}
			}
		}
		assert.Equal(c, n, readers)
		assert.Equal(c, "Stable", groups["otelcol-arc"].State)
	}, 60*time.Second, 100*time.Millisecond)
}

// waitForState waits until the group of the readers is in a state.
func waitForState(t *testing.T, brokers []string, state string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	require.NoError(t, err)
	defer client.Close()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		groups, err := kadm.NewClient(client).DescribeGroups(t.Context(), "otelcol-arc")
		require.NoError(c, err)
		assert.Equal(c, state, groups["otelcol-arc"].State)
	}, 60*time.Second, 100*time.Millisecond)
}

// By way of Kafka: two gateways share the partitions.
func TestGatewaysBehindKafka(t *testing.T) {
	_, gateways, agents := startBehindKafka(t, 2, 1)
	sendCalls(t, "http://"+agents[0].ports.http+"/v1/traces", func(int) {})
	requireSums(t, gateways)
	// An Arc call is a span and a log record, on two topics.
	apps := newApplications()
	apps.callEvents(t, 40, agents[0])
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		var calls float64
		for _, g := range gateways {
			calls += scrape(c, "http://"+g.ports.page+"/metrics").sum("arc_llm_calls_total")
		}
		assert.EqualValues(c, scaleBatches*scaleCalls+40, calls)
	}, 60*time.Second, 200*time.Millisecond)
}
