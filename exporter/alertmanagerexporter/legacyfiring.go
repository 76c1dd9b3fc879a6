// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertmanagerexporter

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-arc/otelcol-arc/internal/checkedstorage"
)

// legacyName is the name of the storage in which the version before had the firing
// alerts, as OTLP logs below the keys 00 to ff. They are read once.
const legacyName = "firing"

// readLegacyFiring returns the firing alerts of the version before, and what removes
// them.
func readLegacyFiring(ctx context.Context, host component.Host, extension, owner component.ID) (left []plog.Logs, remove func() error, err error) {
	client, err := checkedstorage.Open(ctx, host, extension, checkedstorage.Owner{Kind: component.KindExporter, ID: owner, Name: legacyName}, func(string, []byte) {}) // it had no checksums
	if err != nil {
		return nil, nil, err
	}
	var reads, deletes []*storage.Operation
	for i := range 256 {
		reads = append(reads, storage.GetOperation(fmt.Sprintf("%02x", i)))
	}
	if err := client.Batch(ctx, reads...); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("storage: %w", err), client.Close(ctx))
	}
	for _, read := range reads {
		if read.Value == nil {
			continue
		}
		deletes = append(deletes, storage.DeleteOperation(read.Key))
		// What is damaged is reported again by the alert processor.
		if ld, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(read.Value); err == nil {
			left = append(left, ld)
		}
	}
	return left, func() error { return errors.Join(client.Batch(ctx, deletes...), client.Close(ctx)) }, nil
}
