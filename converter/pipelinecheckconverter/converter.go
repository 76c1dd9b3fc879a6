// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pipelinecheckconverter

import (
	"context"
	"errors"
	"fmt"
	"os"

	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/loadlog"
)

type converter struct{ logger *zap.Logger }

// NewFactory returns the factory of the converter.
func NewFactory() confmap.ConverterFactory {
	return confmap.NewConverterFactory(func(settings confmap.ConverterSettings) confmap.Converter {
		return &converter{loadlog.New(settings.Logger, os.Args, os.Stderr)}
	})
}

// Convert reports the problems of a configuration, and leaves it as it is. References that
// are wrong are errors of the Collector, too, which however ends with the first. What would
// keep it from starting only then, when a reload has stopped what ran, is an error here.
func (c *converter) Convert(_ context.Context, conf *confmap.Conf) error {
	all := conf.ToStringMap()
	for _, p := range checkReferences(all) {
		c.logger.Error("Configuration refers to a component that is not configured", zap.String("key", p.key), zap.String("problem", p.text))
	}
	for _, p := range check(all) { //nolint:contextcheck // notifiers are created to be asked, and not started
		c.logger.Warn("Configuration loads but may not work as expected", zap.String("key", p.key), zap.String("problem", p.text))
	}
	var errs []error
	for _, p := range checkStart(all) {
		errs = append(errs, fmt.Errorf("%s: %s", p.key, p.text))
	}
	return errors.Join(errs...)
}
