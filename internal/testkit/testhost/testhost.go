// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package testhost has collectors that components are started with in tests.
package testhost

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

// StorageID is the ID of the extension that [StartStorage] starts.
var StorageID = component.NewID(filestorage.NewFactory().Type())

// StartStorage starts a storage extension in a directory, and returns a host that has
// it, and what shuts it down.
func StartStorage(t *testing.T, dir string) (host Host, stop func()) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	factory := filestorage.NewFactory()
	cfg := factory.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory = dir
	set := extensiontest.NewNopSettings(factory.Type())
	set.ID = StorageID
	extension, err := factory.Create(ctx, set, cfg)
	require.NoError(t, err)
	host = Host{StorageID: extension}
	require.NoError(t, extension.Start(ctx, host))
	return host, func() { require.NoError(t, extension.Shutdown(ctx)) }
}

// WithStorage calls do with a host that has a storage extension in a directory. It
// starts the extension before, and shuts it down after.
func WithStorage(t *testing.T, dir string, do func(host component.Host, storage component.ID)) {
	t.Helper()
	host, stop := StartStorage(t, dir)
	do(host, StorageID)
	stop()
}
