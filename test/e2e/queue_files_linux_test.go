// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

const (
	outageRequests = 32
	outageBytes    = outageRequests * 3_500_000
	// maxDrained is what files of wal_storage may take when next to nothing is stored.
	maxDrained = 64 << 20
)

// What an outage has queued on disk is freed while the process runs, when it is sent: in an
// agent whose gateways are away, and in a gateway whose backend is.
func TestQueueFilesShrinkAfterAnOutage(t *testing.T) {
	t.Parallel()
	t.Run("agent", func(t *testing.T) {
		gateways := startGateways(t, 2, nil)
		state := t.TempDir()
		agent := newAgent(t, "config/scale/agent.yaml", append(sendsTo(addressesOf(gateways)...), "OTELCOL_ARC_STATE="+state))
		apps := newApplications()
		for _, g := range gateways {
			g.process.Kill()
		}
		for range outageRequests {
			apps.send(t, 100, prompts(35_000), agent)
		}
		assert.Greater(t, sizeOf(t, state), int64(outageBytes))
		for _, g := range gateways {
			g.process = collector.Start(t, g.options)
		}
		requireShrinks(t, state)
		agent.restart(t)
		requireShrinks(t, state)
		apps.requireExact(t, gateways)
	})
	t.Run("gateway", func(t *testing.T) {
		s := newSite(t)
		state := t.TempDir()
		jaeger := newLink(t, s.jaeger.Endpoint)
		jaeger.setCut(true)
		s.options.Configs = append(s.options.Configs, "config/scale/gateway.yaml")
		s.options.Env = append(s.options.Env, "OTELCOL_ARC_STATE="+state, "OTELCOL_ARC_INSTANCE=gateway-0", "JAEGER_ENDPOINT="+jaeger.address)
		process := collector.Start(t, s.options)
		connection, err := grpc.NewClient(s.grpc, grpc.WithTransportCredentials(credentials.NewTLS(s.security.tls())))
		require.NoError(t, err)
		defer func() { assert.NoError(t, connection.Close()) }()
		client := ptraceotlp.NewGRPCClient(connection)
		ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token)
		for i := range outageRequests {
			request := ptraceotlp.NewExportRequest()
			require.NoError(t, request.UnmarshalProto(callBatch(t, uint32(i), 100)))
			prompts(35_000)(request)
			require.Eventually(t, func() bool {
				_, err := client.Export(ctx, request)
				return err == nil
			}, 60*time.Second, 20*time.Millisecond)
		}
		assert.Greater(t, sizeOf(t, state), int64(outageBytes))
		jaeger.setCut(false)
		requireShrinks(t, state)
		require.Eventually(t, func() bool { return len(s.jaeger.Spans()) >= outageRequests*100 }, 60*time.Second, 100*time.Millisecond)
		process.Terminate(t, 20*time.Second)
		process = collector.Start(t, s.options)
		requireShrinks(t, state)
		process.Kill()
	})
}

func requireShrinks(t *testing.T, state string) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.Less(c, sizeOf(c, state), int64(maxDrained))
	}, 90*time.Second, 100*time.Millisecond)
}

// sizeOf is what the files in a directory take.
func sizeOf(t require.TestingT, directory string) (sum int64) {
	err := filepath.WalkDir(directory, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("walk: %w", err)
		}
		info, err := entry.Info()
		if err == nil && info.Mode().IsRegular() {
			sum += info.Size()
		}
		return err
	})
	require.NoError(t, err)
	return sum
}
