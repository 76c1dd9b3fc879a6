// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package walstorageextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/otelcol-arc/otelcol-arc/extension/walstorageextension/internal/metadata"
)

// NewFactory makes the factory of the storage extension.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func createDefaultConfig() component.Config { return &Config{} }

func create(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
	return newStorage(cfg.(*Config), set)
}
