// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
)

// off is the exporter of a channel that is switched off.
type off struct {
	component.ShutdownFunc
	logger    *zap.Logger
	key       string
	receivers []string
}

// Off returns an exporter that logs once that the channel is off because key
// is empty, and drops what it is given.
func Off[R any](set exporter.Settings, key string, receivers map[string]R) exporter.Logs {
	names := append(slices.Sorted(maps.Keys(receivers)), set.ID.String())
	return off{logger: set.Logger, key: key, receivers: names}
}

// Start logs it.
func (o off) Start(context.Context, component.Host) error {
	o.logger.Info("Switched off: "+o.key+" is empty", zap.String("key", o.key))
	return nil
}

// Receivers are the names that routes can address it by.
func (o off) Receivers() []string { return o.receivers }

// Capabilities: nothing is changed.
func (off) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// ConsumeLogs drops.
func (off) ConsumeLogs(context.Context, plog.Logs) error { return nil }
