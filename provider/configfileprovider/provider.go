// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package configfileprovider

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/loadlog"
)

type provider struct {
	confmap.Provider
	logger *zap.Logger
}

// NewFactory returns the factory of the provider of the scheme file.
func NewFactory() confmap.ProviderFactory {
	return confmap.NewProviderFactory(func(settings confmap.ProviderSettings) confmap.Provider {
		return &provider{fileprovider.NewFactory().Create(settings), loadlog.New(settings.Logger, os.Args, os.Stderr)}
	})
}

// Retrieve reads a file.
func (p *provider) Retrieve(ctx context.Context, uri string, watcher confmap.WatcherFunc) (*confmap.Retrieved, error) {
	retrieved, err := p.Provider.Retrieve(ctx, uri, watcher)
	if err != nil {
		return nil, err
	}
	raw, err := retrieved.AsRaw()
	if err != nil {
		return nil, err
	}
	conf, ok := raw.(map[string]any)
	if !ok { // a file that is a value of a key
		return retrieved, nil
	}
	file := strings.TrimPrefix(uri, p.Scheme()+":")
	for _, missing := range unsetVariables(conf, os.LookupEnv) {
		p.logger.Warn("A variable is not set, and has no default", zap.String("variable", missing.name), zap.String("key", missing.key), zap.String("file", file))
	}
	for _, old := range resolveRuleFiles(conf, filepath.Dir(file)) {
		p.logger.Warn("Found rule files from the working directory; a future version looks for them from the directory of the configuration file alone",
			zap.String("key", old.key), zap.String("pattern", old.pattern), zap.String("file", file))
	}
	return retrieved, nil
}
