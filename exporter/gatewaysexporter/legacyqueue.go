// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package gatewaysexporter

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pipeline"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/persistentqueue"
)

// legacyType is the type of the exporter that agents of version 0.1 had, of the same name, with one
// queue for all gateways. What is in it is moved to the queues of the gateways. Remove this
// with the release after the next.
var legacyType = component.MustNewType("loadbalancing")

// startLegacyQueue starts to move what the queue of the version before holds, in its order,
// while the exporter runs: as much as the queues of the gateways have space for.
func (r *router[T]) startLegacyQueue(ctx context.Context, host component.Host) error {
	queue := r.config.Queue.Get()
	if queue == nil || queue.StorageID == nil {
		return nil
	}
	set := r.set
	set.ID = component.NewIDWithName(legacyType, set.ID.Name())
	if isUsed(host, r.pipeline, set.ID) {
		return nil // it sends what its queue holds by itself
	}
	holds, err := holdsRequests(ctx, host, *queue.StorageID, set.ID, r.pipeline)
	if err != nil {
		set.Logger.Error("The queue of the version before cannot be read; what it holds is not sent", zap.Stringer("exporter", set.ID), zap.Error(err))
		return nil
	}
	if !holds {
		return nil
	}
	set.Logger.Info("Moving the requests that the queue of the version before holds to the queues of the gateways", zap.Stringer("exporter", set.ID))
	set.MeterProvider, set.TracerProvider = metricnoop.NewMeterProvider(), tracenoop.NewTracerProvider()
	from := exporterhelper.NewDefaultQueueConfig()
	from.StorageID, from.NumConsumers = queue.StorageID, 1
	from.Batch = configoptional.None[exporterhelper.BatchConfig]()
	retry := configretry.NewDefaultBackOffConfig()
	retry.MaxElapsedTime = 0
	legacy, err := r.newQueue(ctx, set, r.config, r.send,
		exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{}),
		exporterhelper.WithRetry(retry),
		exporterhelper.WithQueue(configoptional.Some(from)),
	)
	if err != nil {
		return err
	}
	r.legacy = legacy
	return legacy.Start(ctx, host)
}

func isUsed(host component.Host, signal pipeline.Signal, id component.ID) bool {
	h, ok := host.(interface {
		GetExporters() map[pipeline.Signal]map[component.ID]component.Component
	})
	if !ok {
		return false
	}
	_, used := h.GetExporters()[signal][id]
	return used
}

func holdsRequests(ctx context.Context, host component.Host, storageID, exporterID component.ID, signal pipeline.Signal) (bool, error) {
	extension, ok := host.GetExtensions()[storageID].(storage.Extension)
	if !ok {
		return false, nil // which the queues of the gateways report
	}
	client, err := extension.GetClient(ctx, component.KindExporter, exporterID, signal.String())
	if err != nil {
		return false, err
	}
	holds, err := persistentqueue.HoldsRequests(ctx, client)
	return holds, errors.Join(err, client.Close(ctx))
}
