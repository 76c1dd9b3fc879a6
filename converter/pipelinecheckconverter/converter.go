// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pipelinecheckconverter

import (
	"context"
	"io"
	"os"

	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

type converter struct{ logger *zap.Logger }

// NewFactory returns the factory of the converter.
func NewFactory() confmap.ConverterFactory {
	return confmap.NewConverterFactory(func(settings confmap.ConverterSettings) confmap.Converter {
		return &converter{loggerOf(settings.Logger, os.Args, os.Stderr)}
	})
}

// loggerOf returns the Collector's logger, or one that writes to the terminal: the
// subcommand validate never writes what the Collector's logger has buffered.
func loggerOf(logger *zap.Logger, args []string, terminal io.Writer) *zap.Logger {
	if logger == nil {
		logger = zap.NewNop()
	}
	if len(args) < 2 || args[1] != "validate" {
		return logger
	}
	encoding := zapcore.EncoderConfig{LevelKey: "level", MessageKey: "message", EncodeLevel: zapcore.LowercaseLevelEncoder}
	return zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(encoding), zapcore.AddSync(terminal), zap.WarnLevel))
}

// Convert reports the problems of a configuration, and leaves it as it is.
func (c *converter) Convert(_ context.Context, conf *confmap.Conf) error {
	for _, p := range check(conf.ToStringMap()) {
		c.logger.Warn("Configuration loads but may not work as expected", zap.String("key", p.key), zap.String("problem", p.text))
	}
	return nil
}
