// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/configfile"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/dimension"
)

func validateTables(dimensions []DimensionConfig) error {
	_, err := loadTables(dimensions)
	return err
}

// loadTables reads the table of each dimension: nil for those without.
func loadTables(dimensions []DimensionConfig) ([]*dimension.Table, error) {
	tables := make([]*dimension.Table, len(dimensions))
	var errs []error
	for i := range dimensions {
		if dimensions[i].Table == "" {
			continue
		}
		var err error
		if tables[i], err = loadTable(dimensions[i].Table, dimensions[i].String()); err != nil {
			errs = append(errs, fmt.Errorf("dimensions::%d::table: %w", i, err))
		}
	}
	return tables, errors.Join(errs...)
}

func loadTable(file, column string) (*dimension.Table, error) {
	content, err := configfile.ReadFile(file, dimension.MaxFileSize)
	if err != nil {
		return nil, err
	}
	return dimension.ParseTable(file, content, column)
}

// tableFiles are the files of the tables, each once.
func tableFiles(dimensions []DimensionConfig) (files []string) {
	for i := range dimensions {
		if file := dimensions[i].Table; file != "" && !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	return files
}

// reloadTables has the tables used that are valid. Calls are counted by the previous
// ones of the others.
func (c *core) reloadTables(ctx context.Context) {
	var errs []error
	for _, r := range c.dimensions.all {
		if r.file == "" {
			continue
		}
		table, err := loadTable(r.file, r.name)
		outcome := "success"
		if err != nil {
			outcome = "failure"
			err = fmt.Errorf("%s::table: %w", r.key, err)
			errs = append(errs, err)
			c.logger.Error("Reloading the table of a dimension failed; the previous one stays active", zap.String("dimension", r.name), zap.Error(err))
		} else {
			r.table.Store(table)
			c.logger.Info("Reloaded the table of a dimension", zap.String("dimension", r.name), zap.String("file", r.file), zap.Int("values", table.Len()))
		}
		c.telemetry.ProcessorLlmCostTableReloads.Add(ctx, 1, metric.WithAttributes(attribute.String("dimension", r.name), attribute.String("outcome", outcome)))
	}
	c.health.Set(problemTables, errors.Join(errs...), "", "") // each change is logged
}
