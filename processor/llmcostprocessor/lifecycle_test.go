// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadatatest"
)

const costOfGPT4o = "arc_llm_cost_dollars{model=gpt-4o}"

// orders are all orders of three things.
var orders = [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}

func TestStartAndStopInAnyOrder(t *testing.T) {
	for _, start := range orders {
		for _, stop := range orders {
			t.Run(fmt.Sprint(start, stop), func(t *testing.T) {
				r := buildRig(t, testConfig(nil))
				for _, i := range start {
					require.NoError(t, r.components()[i].Start(t.Context(), r.host))
				}
				r.price(callSpan())
				for _, i := range stop {
					require.NoError(t, r.components()[i].Shutdown(t.Context()))
					require.NoError(t, r.components()[i].Shutdown(t.Context()), "again")
				}
				assert.Len(t, r.metricsOut.AllMetrics(), 1)
				assert.Equal(t, 0.0075, latest(r.metricsOut)[costOfGPT4o])
			})
		}
	}
}

// A receiver that pipelines share is served before the last of them has started.
func TestNothingPassesBeforeItsPipelineHasStarted(t *testing.T) {
	r := buildRig(t, testConfig(nil))
	t.Cleanup(r.stop)
	consume := []func() error{
		func() error { return r.traces.ConsumeTraces(t.Context(), callSpan()) },
		func() error { return r.logs.ConsumeLogs(t.Context(), plog.NewLogs()) },
		func() error { return r.metrics.ConsumeMetrics(t.Context(), pmetric.NewMetrics()) },
	}
	for started, c := range r.components() {
		for n, consume := range consume {
			err := consume()
			assert.Equal(t, n < started, err == nil, "%d, when %d have started", n, started)
			assert.False(t, consumererror.IsPermanent(err), "senders retry")
		}
		require.NoError(t, c.Start(t.Context(), r.host))
	}
	assert.Len(t, r.tracesOut.AllTraces(), 2)
	assert.Equal(t, 2., r.totals()["arc_llm_calls_total{model=gpt-4o,status=success}"], "what was refused is not counted")
}

func TestMetricsLeaveAtTheInterval(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(nil))
		time.Sleep(time.Minute + time.Second) // between two intervals
		assert.Empty(t, r.metricsOut.AllMetrics(), "there is nothing to report")
		r.price(callSpan())
		time.Sleep(15 * time.Second)
		synctest.Wait()
		assert.Len(t, r.metricsOut.AllMetrics(), 1)
		assert.Equal(t, 0.0075, latest(r.metricsOut)[costOfGPT4o])
		r.price(callSpan())
		time.Sleep(15 * time.Second)
		synctest.Wait()
		assert.Len(t, r.metricsOut.AllMetrics(), 2)
		assert.Equal(t, 0.015, latest(r.metricsOut)[costOfGPT4o])
	})
}

func TestClosedEmitterEmitsNothing(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(nil))
		require.NoError(t, r.metrics.Shutdown(t.Context()))
		td := r.price(callSpan())
		assert.Equal(t, 0.0075, written(firstSpan(td).Attributes())[attrCost], "calls are priced to the end")
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Empty(t, r.metricsOut.AllMetrics())
	})
}

func TestMetricsPassUnchanged(t *testing.T) {
	r := newRig(t, testConfig(nil))
	assert.False(t, r.metrics.Capabilities().MutatesData)
	assert.True(t, r.traces.Capabilities().MutatesData)
	assert.True(t, r.logs.Capabilities().MutatesData)
	md := pmetric.NewMetrics()
	md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty().SetName("x")
	md.MarkReadOnly()
	require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), md))
	assert.Equal(t, []pmetric.Metrics{md}, r.metricsOut.AllMetrics())
}

func TestTwoIDsShareNothing(t *testing.T) {
	r := buildRig(t, testConfig(nil))
	factory := NewFactory()
	type pipeline struct {
		traces  processor.Traces
		metrics processor.Metrics
		out     *consumertest.MetricsSink
	}
	pipelines := make([]pipeline, 2)
	for i := range pipelines {
		p, cfg := &pipelines[i], testConfig(nil)
		p.out = new(consumertest.MetricsSink)
		var err error
		p.traces, err = factory.CreateTraces(t.Context(), r.settings, cfg, consumertest.NewNop())
		require.NoError(t, err)
		p.metrics, err = factory.CreateMetrics(t.Context(), r.settings, cfg, p.out)
		require.NoError(t, err)
		require.NoError(t, p.traces.Start(t.Context(), r.host))
		require.NoError(t, p.metrics.Start(t.Context(), r.host))
	}
	require.NoError(t, pipelines[0].traces.ConsumeTraces(t.Context(), callSpan()))
	for _, p := range pipelines {
		require.NoError(t, p.traces.Shutdown(t.Context()))
		require.NoError(t, p.metrics.Shutdown(t.Context()))
	}
	assert.Equal(t, 0.0075, latest(pipelines[0].out)[costOfGPT4o])
	assert.Empty(t, pipelines[1].out.AllMetrics())
}

// Two traces pipelines see the same call, and two metrics pipelines emit it.
func TestOneIDInTwoPipelinesOfASignal(t *testing.T) {
	r := buildRig(t, testConfig(nil))
	factory, cfg := NewFactory(), testConfig(nil)
	td := callSpan()
	outs := []*consumertest.MetricsSink{{}, {}}
	priced := []*consumertest.TracesSink{{}, {}}
	var components []component.Component
	var traces []processor.Traces
	for i := range 2 {
		p, err := factory.CreateTraces(t.Context(), r.settings, cfg, priced[i])
		require.NoError(t, err)
		m, err := factory.CreateMetrics(t.Context(), r.settings, cfg, outs[i])
		require.NoError(t, err)
		components, traces = append(components, p, m), append(traces, p)
	}
	for _, c := range components {
		require.NoError(t, c.Start(t.Context(), r.host))
	}
	for i, p := range traces {
		own := callSpan()
		td.CopyTo(own) // as the fan-out does
		require.NoError(t, p.ConsumeTraces(t.Context(), own))
		assert.Equal(t, 0.0075, written(firstSpan(priced[i].AllTraces()[0]).Attributes())[attrCost], "written in each")
	}
	for _, c := range components {
		require.NoError(t, c.Shutdown(t.Context()))
	}
	for _, out := range outs {
		assert.Equal(t, 0.0075, latest(out)[costOfGPT4o], "counted once, in each")
	}
}

func TestShutdownWithDataInFlight(t *testing.T) {
	const workers, calls = 4, 200
	r := newRig(t, testConfig(func(c *Config) { c.MetricsInterval = time.Millisecond }))
	batches := make([]func() error, 0, workers*calls)
	for range workers * calls {
		td := callSpan()
		batches = append(batches, func() error { return r.traces.ConsumeTraces(context.Background(), td) })
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for _, send := range batches[w*calls : (w+1)*calls] {
				assert.NoError(t, send())
			}
		})
	}
	require.NoError(t, r.logs.Shutdown(t.Context())) // the first ends the background work
	wg.Wait()
	assert.Equal(t, workers*calls*0.0075, r.totals()[costOfGPT4o])
	assert.Len(t, r.tracesOut.AllTraces(), workers*calls)
}

func TestWithoutMetricsPipeline(t *testing.T) {
	r := buildRig(t, testConfig(nil))
	traces, err := NewFactory().CreateTraces(t.Context(), r.settings, testConfig(nil), consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, traces.Start(t.Context(), r.host))
	require.NoError(t, traces.Shutdown(t.Context()))
	assert.Equal(t, 1, r.warnings.FilterMessageSnippet("No metrics pipeline").Len())

	newRig(t, testConfig(nil)).stop()
	assert.Equal(t, 1, r.warnings.Len())
}

func TestPipelineThatRefuses(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := buildRig(t, testConfig(nil))
		cfg, factory := testConfig(nil), NewFactory()
		var refuse atomic.Bool
		sink := new(consumertest.MetricsSink)
		next, err := consumer.NewMetrics(func(ctx context.Context, md pmetric.Metrics) error {
			if refuse.Load() {
				return errors.New("full")
			}
			return sink.ConsumeMetrics(ctx, md)
		})
		require.NoError(t, err)
		metrics, err := factory.CreateMetrics(t.Context(), r.settings, cfg, next)
		require.NoError(t, err)
		traces, err := factory.CreateTraces(t.Context(), r.settings, cfg, consumertest.NewNop())
		require.NoError(t, err)
		require.NoError(t, traces.Start(t.Context(), r.host))
		require.NoError(t, metrics.Start(t.Context(), r.host))
		refuse.Store(true)
		require.NoError(t, traces.ConsumeTraces(t.Context(), callSpan()))
		time.Sleep(31 * time.Second)
		synctest.Wait()
		assert.Empty(t, sink.AllMetrics())
		assert.Equal(t, 1, r.warnings.FilterMessageSnippet("rejected").Len(), "logged once")
		metadatatest.AssertEqualProcessorLlmCostMetricsFailures(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 2}}, metricdatatest.IgnoreTimestamp())
		refuse.Store(false)
		time.Sleep(15 * time.Second)
		synctest.Wait()
		assert.Equal(t, 0.0075, latest(sink)[costOfGPT4o])
		require.NoError(t, traces.Shutdown(t.Context()))
		require.NoError(t, metrics.Shutdown(t.Context()))
	})
}

// The consumer after an emitter may change the metrics that it gets.
func TestEmittersGetTheirOwnCopy(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := buildRig(t, testConfig(nil))
		cfg, factory := testConfig(nil), NewFactory()
		outs := []*consumertest.MetricsSink{{}, {}}
		var components []component.Component
		for _, out := range outs {
			metrics, err := factory.CreateMetrics(t.Context(), r.settings, cfg, out)
			require.NoError(t, err)
			components = append(components, metrics)
		}
		traces, err := factory.CreateTraces(t.Context(), r.settings, cfg, consumertest.NewNop())
		require.NoError(t, err)
		components = append(components, traces)
		for _, c := range components {
			require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
		}
		require.NoError(t, traces.ConsumeTraces(t.Context(), callSpan()))
		time.Sleep(15 * time.Second)
		synctest.Wait()
		outs[0].AllMetrics()[0].ResourceMetrics().RemoveIf(func(pmetric.ResourceMetrics) bool { return true })
		assert.Equal(t, 0.0075, latest(outs[1])[costOfGPT4o])
		for _, c := range components {
			require.NoError(t, c.Shutdown(t.Context()))
		}
	})
}
