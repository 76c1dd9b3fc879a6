// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package retrieval observes how the parts of a configuration are retrieved.
package retrieval

import (
	"context"

	"go.opentelemetry.io/collector/confmap"
)

// Observe has a function called before each part of a configuration is retrieved, with its
// address and with what has the configuration read again.
func Observe(resolver *confmap.ResolverSettings, before func(uri string, watcher confmap.WatcherFunc)) {
	factories := make([]confmap.ProviderFactory, len(resolver.ProviderFactories))
	for i, factory := range resolver.ProviderFactories {
		factories[i] = confmap.NewProviderFactory(func(settings confmap.ProviderSettings) confmap.Provider {
			return provider{factory.Create(settings), before}
		})
	}
	resolver.ProviderFactories = factories
}

type provider struct {
	confmap.Provider
	before func(uri string, watcher confmap.WatcherFunc)
}

// Retrieve retrieves a part of the configuration.
func (p provider) Retrieve(ctx context.Context, uri string, watcher confmap.WatcherFunc) (*confmap.Retrieved, error) {
	p.before(uri, watcher)
	return p.Provider.Retrieve(ctx, uri, watcher)
}
