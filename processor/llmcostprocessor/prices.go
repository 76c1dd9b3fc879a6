// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/configfile"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/dimension"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// filesInterval is how often price files and the tables of dimensions are checked for
// changes. Their content is compared, which also finds changes that file systems do not
// notify of: symbolic links of Kubernetes, network mounts.
const filesInterval = 10 * time.Second

// watchFiles reloads files when they change, until ctx is done. loaded is the checksum of
// the files as they were loaded.
func watchFiles(ctx context.Context, files []string, loaded [sha256.Size]byte, reload func(context.Context)) {
	if len(files) == 0 {
		return
	}
	ticker := time.NewTicker(filesInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if sum := sumFiles(files); sum != loaded {
				loaded = sum
				reload(ctx)
			}
		}
	}
}

// reloadPrices loads a new table. Until it is loaded, and if any of the files is
// invalid, calls are priced by the previous one.
func (c *core) reloadPrices(ctx context.Context) {
	table, err := c.loadFiles()
	outcome := "success"
	if err != nil {
		outcome = "failure"
		err = fmt.Errorf("prices::files: %w", err)
		c.logger.Error("Reloading price files failed; previous prices stay active", zap.Error(err))
	} else {
		c.logger.Info("Reloaded price files", zap.String("version", table.Version()), zap.Int("models", table.Len()))
	}
	c.health.Set(problemPrices, err, "", "") // each change is logged, not the first wrong one alone
	c.telemetry.ProcessorLlmCostPriceReloads.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcome)))
}

// loadFiles makes a table of the files as they are now.
func (c *core) loadFiles() (*price.Table, error) {
	files, err := c.cfg.readPriceFiles()
	c.lists.mu.Lock()
	defer c.lists.mu.Unlock()
	table, invalid := price.LoadLayers(c.lists.layers(nil, nil, files))
	if err == nil && invalid == nil {
		invalid = table.CheckDimensions(c.dimensions.names)
		if c.lists.complete() {
			invalid = errors.Join(invalid, table.MissingAliases())
		}
	}
	if err := errors.Join(err, invalid); err != nil {
		return nil, err
	}
	c.lists.files = files
	c.swapPrices(table)
	return table, nil
}

// sumFiles returns a checksum of the files, by which changes are found. A file that
// cannot be read contributes its error.
func sumFiles(files []string) (sum [sha256.Size]byte) {
	hash := sha256.New()
	for _, name := range files {
		_, _ = fmt.Fprintf(hash, "%q", name)
		content, err := configfile.ReadFile(name, max(price.MaxFileSize, dimension.MaxFileSize))
		_, _ = fmt.Fprintf(hash, "%x %v", sha256.Sum256(content), err)
	}
	return [sha256.Size]byte(hash.Sum(nil))
}
