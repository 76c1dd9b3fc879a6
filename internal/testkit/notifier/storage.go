// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notifier

import (
	"context"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensiontest"
)

// Host is a collector that has extensions.
type Host map[component.ID]component.Component

// GetExtensions returns the extensions.
func (h Host) GetExtensions() map[component.ID]component.Component { return h }

// WithStorage calls do with a host that has a storage extension in a directory. It
// starts the extension before, and shuts it down after.
func WithStorage(t *testing.T, dir string, do func(host component.Host, storage component.ID)) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	factory := filestorage.NewFactory()
	cfg := factory.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory = dir
	extension, err := factory.Create(ctx, extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	id := component.NewID(factory.Type())
	all := Host{id: extension}
	require.NoError(t, extension.Start(ctx, all))
	do(all, id)
	require.NoError(t, extension.Shutdown(ctx))
}
