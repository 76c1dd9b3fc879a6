// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/otelcol"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/loadlog"
	"github.com/otelcol-arc/otelcol-arc/internal/rawconf"
)

// durationCheck reports durations without a unit, which are in nanoseconds: timeout: 10 is
// no time at all.
type durationCheck struct {
	factories func() (otelcol.Factories, error)
	logger    *zap.Logger
}

func newDurationCheck(factories func() (otelcol.Factories, error)) confmap.ConverterFactory {
	return confmap.NewConverterFactory(func(set confmap.ConverterSettings) confmap.Converter {
		return durationCheck{factories, loadlog.New(set.Logger, os.Args, os.Stderr)}
	})
}

// Convert changes nothing.
func (c durationCheck) Convert(_ context.Context, conf *confmap.Conf) error {
	known, err := readKeys(c.factories)
	if err != nil {
		return err
	}
	for _, found := range known.withoutUnit(conf.ToStringMap()) {
		c.logger.Warn("Configuration loads but may not work as expected", zap.String("key", found.key),
			zap.String("problem", fmt.Sprintf("%v without a unit is in nanoseconds; write %vs for seconds", found.value, found.value)))
	}
	return nil
}

// number is the value of a key that is a number.
type number struct {
	key   string
	value any
}

// withoutUnit are the durations of the components that are numbers. 0 needs no unit.
func (k keys) withoutUnit(conf map[string]any) (found []number) {
	for _, kind := range slices.Sorted(maps.Keys(k.components)) {
		components := rawconf.Section(conf, kind)
		for _, id := range slices.Sorted(maps.Keys(components)) {
			found = append(found, numbersFor(kind+"::"+id, k.components[kind][rawconf.TypeOf(id)], components[id])...)
		}
	}
	return found
}

// numbersFor are the numbers in a value that a type has durations for.
func numbersFor(key string, t reflect.Type, value any) (found []number) {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil {
		return nil
	}
	switch v := value.(type) {
	case int, float64:
		if t == reflect.TypeFor[time.Duration]() && !reflect.ValueOf(v).IsZero() {
			return []number{{key, v}}
		}
	case []any:
		if t.Kind() == reflect.Slice {
			for i, entry := range v {
				found = append(found, numbersFor(key+"::"+strconv.Itoa(i), t.Elem(), entry)...)
			}
		}
	case map[string]any:
		fields := map[string]reflect.Type{}
		collectFields(t, fields, map[reflect.Type]bool{})
		for _, name := range slices.Sorted(maps.Keys(v)) {
			within := fields[name]
			if t.Kind() == reflect.Map {
				within = t.Elem()
			}
			found = append(found, numbersFor(key+"::"+name, within, v[name])...)
		}
	}
	return found
}
