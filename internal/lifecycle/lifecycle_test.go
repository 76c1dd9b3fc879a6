// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-arc/otelcol-arc/internal/lifecycle/parallelstop"
)

func TestExplainingCore(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	logger := zap.New(explainingCore{core}).With(zap.String("component", "otlp_grpc"))
	stopped := errors.New("interrupted due to shutdown: connection refused")
	logger.Error(dropping+" Try enabling sending_queue.", zap.Error(stopped), zap.Int("dropped_items", 7))
	logger.Error("Error deleting item from queue", zap.Error(errors.New("batch: the exporter stops")))
	logger.Error("Error deleting item from queue", zap.Error(errors.New("disk full")))
	logger.Error(dropping, zap.Error(errors.New("400 bad request")), zap.Int("dropped_items", 3))
	logger.Info("something else")
	logger.Debug("less")
	all := logs.All()
	assert.Len(t, all, 4)
	assert.Equal(t, interrupted, all[0].Message)
	assert.Equal(t, zap.InfoLevel, all[0].Level)
	assert.Equal(t, map[string]any{"component": "otlp_grpc", "error": stopped.Error(), "items": int64(7)}, all[0].ContextMap())
	assert.Equal(t, "disk full", all[1].ContextMap()["error"])
	assert.Equal(t, dropping, all[2].Message, "what is dropped is reported")
	assert.Equal(t, int64(3), all[2].ContextMap()["dropped_items"])
}

// The steps of a start are logged at the level debug; what goes wrong at one of them is not hidden.
func TestStepsCore(t *testing.T) {
	for level, want := range map[zapcore.Level][]string{
		zap.InfoLevel:  {"Starting health_check extension", "Loaded rules"},
		zap.DebugLevel: {"Starting health_check extension", "Starting health_check extension", "Loaded rules"},
	} {
		core, logs := observer.New(level)
		logger := zap.New(stepsCore{core}).With(zap.String("component", "health_check"))
		logger.Info("Starting health_check extension", zap.Any("config", struct{ Endpoint string }{"localhost:13133"}))
		logger.Warn("Starting health_check extension")
		logger.Info("Loaded rules")
		var got []string
		for _, entry := range logs.All() {
			got = append(got, entry.Message)
			assert.Equal(t, "health_check", entry.ContextMap()["component"])
		}
		assert.Equal(t, want, got, level)
	}
}

func newControl(validate func(context.Context) ([]byte, error), exit func(int)) (*control, *observer.ObservedLogs) {
	core, logs := observer.New(zap.InfoLevel)
	c := &control{validate: validate, exit: exit, exporters: parallelstop.NewGroup()}
	c.logger.Store(zap.New(core))
	return c, logs
}

func TestSIGHUP(t *testing.T) {
	var wrong error
	c, logs := newControl(func(context.Context) ([]byte, error) { return []byte("line 3: no such key\n"), wrong }, nil)
	reloads := make(chan *confmap.ChangeEvent, 1)
	c.reload = func(event *confmap.ChangeEvent) { reloads <- event }
	c.onSIGHUP()
	assert.NoError(t, (<-reloads).Error)
	wrong = errors.New("exit status 1")
	c.onSIGHUP()
	assert.Empty(t, reloads)
	found := logs.FilterMessage("The configuration is wrong; the previous one stays active").All()
	assert.Len(t, found, 1)
	assert.Equal(t, "line 3: no such key", found[0].ContextMap()["output"])
}

func TestStopTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		codes := make(chan int, 1)
		c, logs := newControl(nil, func(code int) { codes <- code })
		begin := time.Now()
		go c.onStop()
		assert.Equal(t, 1, <-codes)
		assert.Equal(t, StopTimeout, time.Since(begin))
		require.Equal(t, 1, logs.Len())
		assert.Equal(t, []any{}, logs.All()[0].ContextMap()["exporters"])
	})
}
