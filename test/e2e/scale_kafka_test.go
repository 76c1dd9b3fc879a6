// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
)

// startBehindKafka starts a broker, gateways that share its partitions, and agents.
func startBehindKafka(tb testing.TB, gateways, agents int) (cluster *kfake.Cluster, readers []*gateway, senders []*agentProcess) {
	tb.Helper()
	const largest = "8388608"
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(8, "otlp_spans", "otlp_metrics", "otlp_logs"),
		kfake.BrokerConfigs(map[string]string{"message.max.bytes": largest}), kfake.GroupMaxSessionTimeout(30*time.Minute))
	require.NoError(tb, err)
	tb.Cleanup(cluster.Close)
	broker := "KAFKA_BROKER=" + cluster.ListenAddrs()[0]
	readers = startGateways(tb, gateways, []string{broker}, "config/scale/kafka-gateway.yaml")
	waitForReaders(tb, cluster.ListenAddrs(), gateways)
	for range agents {
		senders = append(senders, newAgent(tb, "config/scale/kafka-agent.yaml", []string{broker}))
	}
	return cluster, readers, senders
}

// callEvents sends events of calls, each of which becomes a span and a log record.
func (a *applications) callEvents(t *testing.T, calls int, to *agentProcess) {
	t.Helper()
	number, user := a.group(calls)
	var lines strings.Builder
	for n := range calls {
		fmt.Fprintf(&lines, `{"id":"call-%d-%d","user_id":%q,"model":"gpt-4o","prompt_tokens":1000,"completion_tokens":500,"duration_seconds":0.5,"status":"success"}`+"\n", number, n, user)
	}
	require.Eventually(t, func() bool {
		return postEvents(t, "http://"+to.ports.arc, security{}, lines.String()).Status == 200
	}, a.overtime, 20*time.Millisecond)
}
