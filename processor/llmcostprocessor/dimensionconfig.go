// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"errors"
	"fmt"
	"slices"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"

	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

const keyDimensions = "dimensions"

// expandDimensions writes the short forms of dimensions out: a key, and a name with keys.
func expandDimensions(conf *confmap.Conf) error {
	list, ok := conf.Get(keyDimensions).([]any)
	if !ok {
		return nil // or it is reported when it is decoded
	}
	expanded := make([]any, len(list))
	for i, each := range list {
		expanded[i] = expandDimension(each)
	}
	return conf.Merge(confmap.NewFromStringMap(map[string]any{keyDimensions: expanded}))
}

// dimensionKeys are those of a dimension that is written as a map. A map of one other
// key is a name with keys.
var dimensionKeys = []string{"name", "from", "table", "unlisted", "hash", "drop"}

func expandDimension(each any) any {
	switch short := each.(type) {
	case string:
		return map[string]any{"name": short, "from": []any{short}}
	case map[string]any:
		for name, from := range short {
			if len(short) > 1 || slices.Contains(dimensionKeys, name) {
				break
			}
			switch keys := from.(type) {
			case string:
				return map[string]any{"name": name, "from": []any{keys}}
			case []any:
				return map[string]any{"name": name, "from": keys}
			}
		}
	}
	return each
}

// String is the name, or else the first key.
func (d DimensionConfig) String() string {
	if d.Name == "" && len(d.From) > 0 {
		return d.From[0]
	}
	return d.Name
}

// keys are what the dimension is read from.
func (d *DimensionConfig) keys() []string {
	if len(d.From) == 0 {
		return []string{d.Name}
	}
	return d.From
}

// hides reports whether values are not to be known.
func (d *DimensionConfig) hides() bool { return d.Hash || d.Drop }

func dimensionNames(dimensions []DimensionConfig) []string {
	names := make([]string, len(dimensions))
	for i := range dimensions {
		names[i] = dimensions[i].String()
	}
	return names
}

// dimensionLabels are the labels of the dimensions in metrics.
func dimensionLabels(dimensions []DimensionConfig) []string {
	labels := dimensionNames(dimensions)
	for i, name := range labels {
		labels[i] = dashboard.MetricLabel(name)
	}
	return labels
}

func validateDimensions(dimensions []DimensionConfig) error {
	var errs []error
	if len(dimensions) > ledger.MaxDimensions {
		errs = append(errs, fmt.Errorf("dimensions: at most %d, are %d", ledger.MaxDimensions, len(dimensions)))
	}
	names, labels := map[string]bool{}, map[string]string{}
	for i := range dimensions {
		d := &dimensions[i]
		name := d.String()
		label := dashboard.MetricLabel(name)
		switch other, taken := labels[label]; {
		case name == "" || names[name]:
			errs = append(errs, checkUnique(fmt.Sprintf("dimensions::%d", i), name, true))
		case taken:
			errs = append(errs, fmt.Errorf("dimensions::%d: %q has the same label in metrics as %q, %s", i, name, other, label))
		}
		names[name], labels[label] = true, name
		for j, key := range d.From {
			errs = append(errs, checkUnique(fmt.Sprintf("dimensions::%d::from::%d", i, j), key, slices.Contains(d.From[:j], key)))
		}
		if d.Unlisted != "" && d.Table == "" {
			errs = append(errs, fmt.Errorf("dimensions::%d::unlisted: there is no table", i))
		}
		if d.Drop && (d.Hash || d.Table != "") {
			errs = append(errs, fmt.Errorf("dimensions::%d::drop: excludes hash and table", i))
		}
	}
	return errors.Join(errs...)
}
