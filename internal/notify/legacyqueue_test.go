// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// What a queue of exporterhelper has left in the storage, waiting and under way, is
// sent, once, and removed.
func TestLegacyQueueIsRead(t *testing.T) {
	host := &storageHost{}
	set := exportertest.NewNopSettings(component.MustNewType("notify"))
	queue := exporterhelper.NewDefaultQueueConfig()
	queue.StorageID, queue.NumConsumers = &storageID, 1
	queue.Batch = configoptional.None[exporterhelper.BatchConfig]()
	tried := make(chan struct{}, 1)
	before, err := exporterhelper.NewLogs(t.Context(), set, &struct{}{}, func(context.Context, plog.Logs) error {
		select {
		case tried <- struct{}{}:
		default:
		}
		return errors.New("down")
	}, exporterhelper.WithQueue(configoptional.Some(queue)), exporterhelper.WithRetry(configretry.NewDefaultBackOffConfig()))
	require.NoError(t, err)
	require.NoError(t, before.Start(t.Context(), host))
	for _, name := range []string{"A", "B", "C"} {
		require.NoError(t, before.ConsumeLogs(t.Context(), logs(alert(name, "critical", alertevent.Firing))))
	}
	<-tried
	require.NoError(t, before.Shutdown(t.Context()))

	v := vendor{}
	for range 2 {
		delivery := NewDeliveryConfig()
		delivery.Storage = &storageID
		e, err := NewExporter(set, Settings{
			Delivery: &delivery, Channels: []Channel{{Deliver: v.deliver, Individually: true}}, Outcomes: NewOutcomes(newCounter(t)),
		})
		require.NoError(t, err)
		require.NoError(t, e.Start(t.Context(), host))
		require.Eventually(t, func() bool { return e.Waiting() == 0 }, 10*time.Second, time.Millisecond)
		require.NoError(t, e.Shutdown(t.Context()))
	}
	assert.ElementsMatch(t, []string{"A firing", "B firing", "C firing"}, v.accepted())
	assert.Empty(t, host.clients[legacyQueueName].values)
}

func FuzzLegacyIndices(f *testing.F) {
	f.Add([]byte{0x19, 1, 0, 0, 0, 0, 0, 0, 0, 0x21, 3, 0, 0, 0, 0, 0, 0, 0, 0x2a, 8, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, content []byte) {
		indices, err := legacyIndices(content)
		if err != nil {
			assert.Nil(t, indices)
		}
	})
}
