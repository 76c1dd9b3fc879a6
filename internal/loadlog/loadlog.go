// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package loadlog is the log of what reads the configuration.
package loadlog

import (
	"io"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// New returns the Collector's logger, or one that writes to the terminal: the
// subcommand validate never writes what the Collector's logger has buffered. args are
// those of the process.
func New(logger *zap.Logger, args []string, terminal io.Writer) *zap.Logger {
	if logger == nil {
		logger = zap.NewNop()
	}
	if len(args) < 2 || args[1] != "validate" {
		return logger
	}
	encoding := zapcore.EncoderConfig{LevelKey: "level", MessageKey: "message", EncodeLevel: zapcore.LowercaseLevelEncoder}
	return zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(encoding), zapcore.AddSync(terminal), zap.WarnLevel))
}
