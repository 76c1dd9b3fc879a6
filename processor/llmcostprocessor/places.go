// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"

	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledgerstore"
)

// The ledger, the series and the journal have the values of a call by the places of their
// dimensions. A storage has the names of the places, so that a dimension has the same one
// whatever the order of the configured list.
const keyPlaces = "dimensions"

// assignPlaces returns the dimension of each place, given those that the storage has. A
// dimension that is no longer configured keeps its place, and its values of before, as long
// as there are others; replaced are those whose place another has taken.
func assignPlaces(stored, configured []string) (places, replaced []string) {
	places = slices.Clone(stored)
	isConfigured := func(name string) bool { return slices.Contains(configured, name) }
	for _, name := range configured {
		if slices.Contains(places, name) {
			continue
		}
		// One whose label in metrics is the same cannot be beside it.
		at := slices.IndexFunc(places, func(other string) bool {
			return dashboard.MetricLabel(other) == dashboard.MetricLabel(name) && !isConfigured(other)
		})
		if at < 0 && len(places) < ledger.MaxDimensions {
			places = append(places, name)
			continue
		}
		if at < 0 {
			at = slices.IndexFunc(places, func(other string) bool { return !isConfigured(other) })
		}
		replaced = append(replaced, places[at])
		places[at] = name
	}
	return places, replaced
}

// arrange puts the dimensions where they belong. One that is not configured reads nothing.
func (d *dimensions) arrange(places []string) {
	before := d.all
	d.names, d.labels, d.all = places, make([]string, len(places)), make([]*reader, len(places))
	for i, name := range places {
		d.labels[i] = dashboard.MetricLabel(name)
		at := slices.IndexFunc(before, func(r *reader) bool { return r.name == name })
		if at < 0 {
			d.all[i] = &reader{name: name}
			continue
		}
		d.all[i] = before[at]
	}
	d.findOwners()
}

// arrangeDimensions gives each dimension the place that it has in the storage.
func (c *core) arrangeDimensions(ctx context.Context, s *ledgerstore.Store) error {
	configured := c.dimensions.names
	var stored []string
	err := s.Read(ctx, keyPlaces, func(content []byte) error {
		if err := json.Unmarshal(content, &stored); err != nil {
			return err
		}
		if len(stored) > ledger.MaxDimensions {
			stored = nil
			return fmt.Errorf("there are more than %d dimensions", ledger.MaxDimensions)
		}
		return nil
	})
	if err != nil {
		return err
	}
	places, replaced := assignPlaces(stored, configured)
	if len(replaced) > 0 {
		c.logger.Warn("The ledger has no place for more dimensions: what it has of former ones is now under the names of others", zap.Strings("former", replaced))
	}
	if !slices.Equal(places, stored) {
		content, err := json.Marshal(places)
		if err != nil {
			return err
		}
		if err := s.Client().Set(ctx, keyPlaces, content); err != nil {
			return fmt.Errorf("storage: %s: %w", keyPlaces, err)
		}
	}
	if !slices.Equal(places, configured) {
		c.dimensions.arrange(places)
		c.series = newSeries(c.cfg, c.dimensions.labels)
	}
	return nil
}
