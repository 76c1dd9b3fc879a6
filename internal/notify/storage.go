// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"

	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-arc/otelcol-arc/internal/checkedstorage"
)

// OpenStorage opens the storage extension of a queue, for what else of a channel
// is persisted across restarts. The name keeps that apart from the queue. Values have
// checksums; onDamage is called with the key of one that is damaged, which reads as if
// there were none.
func OpenStorage(ctx context.Context, host component.Host, extension, owner component.ID, name string, onDamage func(key string)) (*checkedstorage.Client, error) {
	return checkedstorage.Open(ctx, host, extension, component.KindExporter, owner, name, func(key string, _ []byte) { onDamage(key) })
}
