// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/confmap"
)

// unsetVariables are the variables that a configuration names without a default, and
// that the environment does not have. What they cause is an error elsewhere, such as
// an exporter without its address.
type unsetVariables struct {
	mu    sync.Mutex
	names []string
}

// observe returns the factory of a provider that notes what is not set.
func (u *unsetVariables) observe(factory confmap.ProviderFactory) confmap.ProviderFactory {
	return confmap.NewProviderFactory(func(settings confmap.ProviderSettings) confmap.Provider {
		return &observedProvider{factory.Create(settings), u}
	})
}

func (u *unsetVariables) list() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.names)
}

type observedProvider struct {
	confmap.Provider
	unset *unsetVariables
}

// Retrieve reads a part of the configuration.
func (p *observedProvider) Retrieve(ctx context.Context, uri string, watcher confmap.WatcherFunc) (*confmap.Retrieved, error) {
	if name, ok := strings.CutPrefix(uri, "env:"); ok && !strings.Contains(name, ":-") {
		if _, set := os.LookupEnv(name); !set {
			p.unset.mu.Lock()
			if !slices.Contains(p.unset.names, name) {
				p.unset.names = append(p.unset.names, name)
			}
			p.unset.mu.Unlock()
		}
	}
	return p.Provider.Retrieve(ctx, uri, watcher)
}
