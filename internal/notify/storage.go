// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-arc/otelcol-arc/internal/checkedstorage"
)

// OpenStorage opens the storage extension of a queue, for what else of a channel
// is persisted across restarts. The name keeps that apart from the queue. Values have
// checksums; onDamage is called with the key of one that is damaged, which reads as if
// there were none.
func OpenStorage(ctx context.Context, host component.Host, extension, owner component.ID, name string, onDamage func(key string)) (*checkedstorage.Client, error) {
	found, ok := host.GetExtensions()[extension]
	if !ok {
		return nil, fmt.Errorf("storage: there is no extension %q", extension)
	}
	provider, ok := found.(storage.Extension)
	if !ok {
		return nil, fmt.Errorf("storage: extension %q is not a storage", extension)
	}
	client, err := provider.GetClient(ctx, component.KindExporter, owner, name)
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	return checkedstorage.New(client, func(key string, _ []byte) { onDamage(key) }), nil
}
