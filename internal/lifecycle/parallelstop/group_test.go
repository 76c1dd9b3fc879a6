// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package parallelstop

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/fileexporter"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/exporter/otlpexporter"
	"go.opentelemetry.io/collector/exporter/xexporter"
)

// sink is an exporter that takes a while to stop.
type sink struct {
	component.StartFunc
	component.ShutdownFunc
	consumertest.Consumer
}

// factoryOf returns a factory whose exporters of each signal stop within a duration.
func factoryOf(name string, takes time.Duration, err error) exporter.Factory {
	s := sink{nil, func(context.Context) error { time.Sleep(takes); return err }, consumertest.NewNop()}
	return xexporter.NewFactory(component.MustNewType(name), func() component.Config { return &struct{}{} },
		xexporter.WithTraces(func(context.Context, exporter.Settings, component.Config) (exporter.Traces, error) {
			return s, nil
		}, component.StabilityLevelStable),
		xexporter.WithMetrics(func(context.Context, exporter.Settings, component.Config) (exporter.Metrics, error) {
			return s, nil
		}, component.StabilityLevelBeta),
		xexporter.WithLogs(func(context.Context, exporter.Settings, component.Config) (exporter.Logs, error) {
			return s, nil
		}, component.StabilityLevelAlpha),
		xexporter.WithProfiles(func(context.Context, exporter.Settings, component.Config) (xexporter.Profiles, error) {
			return s, nil
		}, component.StabilityLevelDevelopment))
}

func factories(of ...exporter.Factory) map[component.Type]exporter.Factory {
	all := map[component.Type]exporter.Factory{}
	for _, f := range of {
		all[f.Type()] = f
	}
	return all
}

// exporters makes an exporter of each signal of a factory.
func exporters(t *testing.T, f exporter.Factory) []component.Component {
	t.Helper()
	set := exportertest.NewNopSettings(f.Type())
	traces, err := f.CreateTraces(t.Context(), set, f.CreateDefaultConfig())
	require.NoError(t, err)
	metrics, err := f.CreateMetrics(t.Context(), set, f.CreateDefaultConfig())
	require.NoError(t, err)
	logs, err := f.CreateLogs(t.Context(), set, f.CreateDefaultConfig())
	require.NoError(t, err)
	profiles, err := f.(xexporter.Factory).CreateProfiles(t.Context(), set, f.CreateDefaultConfig())
	require.NoError(t, err)
	return []component.Component{traces, metrics, logs, profiles}
}

// Eight exporters that take 4 and 3 s each are stopped after 4 s, and the storage of their
// queues is not closed before. After a reload of the configuration others stop the same.
func TestStopsSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGroup()
		hangs := errors.New("hangs")
		wrapped := g.Factories(factories(factoryOf("slow", 4*time.Second, hangs), factoryOf("slower", 3*time.Second, nil)))
		for range 2 {
			var all []component.Component
			for _, f := range wrapped {
				all = append(all, exporters(t, f)...)
			}
			for _, c := range all {
				require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
			}
			began := time.Now()
			for i, c := range all {
				err := c.Shutdown(t.Context())
				if i < len(all)-1 {
					require.NoError(t, err)
					assert.Len(t, g.Stopping(), i+1)
					continue
				}
				assert.ErrorIs(t, err, hangs, "the errors of all")
			}
			assert.Equal(t, 4*time.Second, time.Since(began))
			assert.Empty(t, g.Stopping())
		}
	})
}

// When a component does not start, the Collector stops all, started or not, and an
// exporter may be asked twice.
func TestStopOfNotStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewGroup().factory(factoryOf("slow", 4*time.Second, nil))
		all := exporters(t, f)
		require.NoError(t, all[0].Start(t.Context(), componenttest.NewNopHost()))
		require.NoError(t, all[1].Start(t.Context(), componenttest.NewNopHost()))
		began := time.Now()
		for range 2 {
			for _, c := range all {
				require.NoError(t, c.Shutdown(t.Context()))
			}
		}
		assert.Equal(t, 4*time.Second+2*4*time.Second+4*4*time.Second, time.Since(began))
	})
}

// The exporters of a file share it, and must not stop side by side, which the race detector sees.
func TestFileOfSeveralSignals(t *testing.T) {
	wrapped := NewGroup().Factories(factories(fileexporter.NewFactory()))[component.MustNewType("file")]
	cfg := wrapped.CreateDefaultConfig().(*fileexporter.Config)
	cfg.Path, cfg.FlushInterval = filepath.Join(t.TempDir(), "all.json"), time.Second
	set := exportertest.NewNopSettings(wrapped.Type())
	traces, err := wrapped.CreateTraces(t.Context(), set, cfg)
	require.NoError(t, err)
	logs, err := wrapped.CreateLogs(t.Context(), set, cfg)
	require.NoError(t, err)
	all := []component.Component{traces, logs}
	for _, c := range all {
		require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
	}
	for _, c := range all {
		require.NoError(t, c.Shutdown(t.Context()))
	}
}

func TestFactory(t *testing.T) {
	g := NewGroup()
	f := g.factory(factoryOf("slow", 0, nil)).(xexporter.Factory)
	assert.Equal(t, component.MustNewType("slow"), f.Type())
	assert.Equal(t, component.StabilityLevelStable, f.TracesStability())
	assert.Equal(t, component.StabilityLevelBeta, f.MetricsStability())
	assert.Equal(t, component.StabilityLevelAlpha, f.LogsStability())
	assert.Equal(t, component.StabilityLevelDevelopment, f.ProfilesStability())

	otlp := otlpexporter.NewFactory()
	assert.Equal(t, otlp.(aliased).DeprecatedAlias(), g.factory(otlp).(aliased).DeprecatedAlias())

	none := exporter.NewFactory(component.MustNewType("none"), func() component.Config { return &struct{}{} })
	f2 := g.factory(none)
	_, err := f2.CreateTraces(t.Context(), exportertest.NewNopSettings(none.Type()), nil)
	assert.Error(t, err)
	_, err = f2.CreateMetrics(t.Context(), exportertest.NewNopSettings(none.Type()), nil)
	assert.Error(t, err)
	_, err = f2.CreateLogs(t.Context(), exportertest.NewNopSettings(none.Type()), nil)
	assert.Error(t, err)
	_, ofProfiles := f2.(xexporter.Factory)
	assert.False(t, ofProfiles)
}
