// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// Spans and records of a call are on two topics.
func scaleKafkaEvents(t *testing.T) {
	t.Helper()
	_, gateways, agents := startBehindKafka(t, 2, 2)
	apps := newApplications()
	for range 20 {
		for _, a := range agents {
			apps.callEvents(t, 15, a)
		}
	}
	apps.requireExact(t, gateways)
}

func scaleKafkaKill(t *testing.T) {
	t.Helper()
	cluster, gateways, agents := startBehindKafka(t, 2, 1)
	apps := newApplications()
	for _, g := range gateways {
		apps.sendFor(t, time.Second, agents...)
		g.process.Kill()
		apps.sendFor(t, time.Second, agents...)
		g.process = collector.Start(t, g.options)
	}
	for _, g := range gateways {
		// One that is stopped while the group divides the partitions waits for it:
		// scaleKafkaStop.
		waitForReaders(t, cluster.ListenAddrs(), 2)
		apps.sendFor(t, 500*time.Millisecond, agents...)
		g.restart(t)
	}
	apps.callEvents(t, 10, agents[0])
	apps.requireExact(t, gateways)
}

// A trace of 3 MB is one message.
func scaleKafkaLarge(t *testing.T) {
	t.Helper()
	_, gateways, agents := startBehindKafka(t, 2, 1)
	apps := newApplications()
	apps.send(t, 1, prompts(3_000_000), agents...)
	apps.sendFor(t, time.Second, agents...)
	apps.requireExact(t, gateways)
	assert.Empty(t, agents[0].process.Lines("Dropping data"))
}

// A gateway joins while another hangs, so that the broker waits for that one. Whoever is
// stopped meanwhile waits for the broker, and is ended after 9 seconds.
func scaleKafkaStop(t *testing.T) {
	t.Helper()
	cluster, gateways, agents := startBehindKafka(t, 2, 1)
	apps := newApplications()
	apps.sendFor(t, time.Second, agents...)
	hangs := gateways[0]
	require.NoError(t, syscall.Kill(hangs.process.PID(), syscall.SIGSTOP))
	gateways = append(gateways, startGateway(t, 2, []string{"KAFKA_BROKER=" + cluster.ListenAddrs()[0]}, "config/scale/kafka-gateway.yaml"))
	waitForState(t, cluster.ListenAddrs(), "PreparingRebalance")
	for _, g := range gateways[1:] {
		assert.False(t, g.process.TerminateOrKill(t, 60*time.Second), "it ends by itself")
		g.process = collector.Start(t, g.options)
	}
	require.NoError(t, syscall.Kill(hangs.process.PID(), syscall.SIGCONT))
	apps.sendFor(t, time.Second, agents...)
	apps.requireExact(t, gateways)
}

// A gateway joins, and partitions move: what one gateway has counted and not committed
// would count again.
func scaleKafkaJoin(t *testing.T) {
	t.Helper()
	cluster, gateways, agents := startBehindKafka(t, 2, 1)
	apps := newApplications()
	apps.sendFor(t, time.Second, agents...)
	gateways = append(gateways, startGateway(t, 2, []string{"KAFKA_BROKER=" + cluster.ListenAddrs()[0]}, "config/scale/kafka-gateway.yaml"))
	apps.sendFor(t, 2*time.Second, agents...)
	waitForReaders(t, cluster.ListenAddrs(), 3)
	apps.sendFor(t, time.Second, agents...)
	apps.requireExact(t, gateways)
}
