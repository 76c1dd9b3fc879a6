// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"slices"
	"strings"

	"go.uber.org/zap/zapcore"
)

// explainingCore corrects what exporterhelper logs when it stops: that it drops data,
// also where the data is in a queue on disk and is sent after the next start.
type explainingCore struct{ zapcore.Core }

const (
	dropping    = "Exporting failed. Dropping data."
	interrupted = "Exporting was interrupted because the exporter stops; a queue on disk is sent after the next start, a queue in memory is lost"
)

// With adds fields.
func (c explainingCore) With(fields []zapcore.Field) zapcore.Core {
	return explainingCore{c.Core.With(fields)}
}

// Check decides whether an entry is written.
func (c explainingCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if !strings.HasPrefix(entry.Message, dropping) && !isQueueUpdate(entry.Message) {
		return c.Core.Check(entry, checked)
	}
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

// Write writes an entry.
func (c explainingCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	if !slices.ContainsFunc(fields, isStop) {
		return c.Core.Write(entry, fields)
	}
	if isQueueUpdate(entry.Message) {
		return nil // that it is not updated is why nothing is lost
	}
	entry.Level, entry.Message, entry.Stack = zapcore.InfoLevel, interrupted, ""
	own := slices.Clone(fields)
	for i := range own {
		if own[i].Key == "dropped_items" {
			own[i].Key = "items"
		}
	}
	return c.Core.Write(entry, own)
}

// isQueueUpdate reports whether a queue on disk failed to remove what was sent.
func isQueueUpdate(message string) bool {
	return message == "Error deleting item from queue" || strings.HasPrefix(message, "Failed updating currently dispatched items")
}

// isStop reports whether a field is the error of a request that was interrupted.
func isStop(field zapcore.Field) bool {
	err, ok := field.Interface.(error)
	if !ok || field.Type != zapcore.ErrorType {
		return false
	}
	return strings.Contains(err.Error(), "interrupted due to shutdown") || strings.Contains(err.Error(), "the exporter stops")
}

// steps are the messages with which the Collector and its components log each step of a start
// at the level info. The banner describes the result, and what fails is logged at other levels.
var steps = map[string]bool{
	"Internal metrics telemetry disabled": true,
	"Internal trace telemetry disabled":   true,
	"Memory limiter configured":           true,
	"Starting extensions...":              true,
	"Extension is starting...":            true,
	"Extension started.":                  true,
	"Starting health_check extension":     true, // with its whole configuration
	"Health Check state change":           true,
	"Starting discovery manager":          true,
	"Scrape job added":                    true,
	"Starting scrape manager":             true,
}

// stepsCore logs the steps of a start at the level debug.
type stepsCore struct{ zapcore.Core }

// With adds fields.
func (c stepsCore) With(fields []zapcore.Field) zapcore.Core { return stepsCore{c.Core.With(fields)} }

// Check decides whether an entry is written.
func (c stepsCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if entry.Level == zapcore.InfoLevel && steps[entry.Message] {
		entry.Level = zapcore.DebugLevel
	}
	return c.Core.Check(entry, checked)
}

// watchingCore calls onReady when the Collector is ready.
type watchingCore struct {
	zapcore.Core
	onReady func()
}

// With adds fields.
func (c watchingCore) With(fields []zapcore.Field) zapcore.Core {
	return watchingCore{c.Core.With(fields), c.onReady}
}

// Check decides whether an entry is written.
func (c watchingCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if entry.Message == ready {
		c.onReady()
	}
	return c.Core.Check(entry, checked)
}
