// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/processor"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/alerttest"
)

// orders are all orders of three things.
var orders = [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}

func TestStartAndStopInAnyOrder(t *testing.T) {
	for _, start := range orders {
		for _, stop := range orders {
			t.Run(fmt.Sprint(start, stop), func(t *testing.T) {
				falseclock.Test(t, func(t *testing.T) {
					r := buildRig(t, testConfig(flagRule))
					for _, i := range start {
						require.NoError(t, r.components()[i].Start(t.Context(), r.host))
					}
					r.flag(1, 30*time.Second)
					for _, i := range stop {
						require.NoError(t, r.components()[i].Shutdown(t.Context()))
						require.NoError(t, r.components()[i].Shutdown(t.Context()), "again")
					}
					assert.Equal(t, []string{"firing Flag"}, lines(r.notifications()))
				})
			})
		}
	}
}

// A receiver that pipelines share is served before the last of them has started.
func TestNothingPassesBeforeItsPipelineHasStarted(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := buildRig(t, testConfig(costly))
		t.Cleanup(r.stop)
		consume := []func() error{
			func() error { return r.traces.ConsumeTraces(t.Context(), callTraces("gpt-4o", 2)) },
			func() error { return r.metrics.ConsumeMetrics(t.Context(), alerttest.Gauge("g", time.Now(), 1)) },
			func() error { return r.logs.ConsumeLogs(t.Context(), record("x")) },
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
		r.stop()
		assert.Equal(t, []string{"firing HighCostLLMCall"}, lines(r.notifications()))
	})
}

func TestShutdownFlushesWhatIsPending(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		cfg := testConfig(costly)
		r := newRig(t, cfg)
		// Nothing runs between these two but what they do themselves: the
		// delivery may or may not have got to the alert.
		require.NoError(t, r.traces.ConsumeTraces(t.Context(), callTraces("gpt-4o", 2)))
		require.NoError(t, r.logs.Shutdown(t.Context()))
		assert.Equal(t, []string{"firing HighCostLLMCall"}, lines(r.notifications()))
	})
}

func TestNothingIsWrittenAfterShutdown(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(costly))
		require.NoError(t, r.logs.Shutdown(t.Context()))
		r.call("gpt-4o", 2)
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Empty(t, r.notifications())
		assert.Len(t, r.tracesOut.AllTraces(), 1)
	})
}

func TestFailedStart(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "rules.yml")
		require.NoError(t, os.WriteFile(file, []byte("groups: []"), 0o600))
		cfg := testConfig(func(c *Config) { c.RuleFiles = []string{file} })
		r := buildRig(t, cfg)
		require.NoError(t, os.Remove(file)) // between Validate and Start
		for _, c := range r.components() {
			require.ErrorContains(t, c.Start(t.Context(), r.host), "rules.yml")
		}
		r.stop()
	})
}

func TestTwoIDsShareNothing(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		factory := NewFactory()
		r := buildRig(t, testConfig(flagRule))
		metricsOf := func(cfg component.Config) component.Component {
			c, err := factory.CreateMetrics(t.Context(), r.settings, cfg, r.seriesOut)
			require.NoError(t, err)
			require.NoError(t, c.Start(t.Context(), r.host))
			return c
		}
		logsOf := func(cfg component.Config, sink *consumertest.LogsSink) component.Component {
			c, err := factory.CreateLogs(t.Context(), r.settings, cfg, sink)
			require.NoError(t, err)
			require.NoError(t, c.Start(t.Context(), r.host))
			return c
		}
		a, b := testConfig(flagRule), testConfig(flagRule)
		outA, outB := new(consumertest.LogsSink), new(consumertest.LogsSink)
		components := []component.Component{logsOf(a, outA), logsOf(b, outB), metricsOf(a), metricsOf(b)}
		r.metrics = components[2].(processor.Metrics)
		r.flag(1, time.Minute)
		assert.Equal(t, []string{"firing Flag"}, lines(readAlerts(t, outA.AllLogs())))
		assert.Empty(t, outB.AllLogs())
		for _, c := range components {
			require.NoError(t, c.Shutdown(t.Context()))
		}
	})
}

func TestOneIDInTwoPipelinesOfASignal(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		cfg := testConfig(flagRule)
		factory := NewFactory()
		r := buildRig(t, cfg)
		outs := []*consumertest.LogsSink{{}, {}}
		series := []*consumertest.MetricsSink{{}, {}}
		var components []component.Component
		for i := range 2 {
			logs, err := factory.CreateLogs(t.Context(), r.settings, cfg, outs[i])
			require.NoError(t, err)
			metrics, err := factory.CreateMetrics(t.Context(), r.settings, cfg, series[i])
			require.NoError(t, err)
			components = append(components, logs, metrics)
			r.metrics = metrics
		}
		for _, c := range components {
			require.NoError(t, c.Start(t.Context(), r.host))
		}
		r.flag(1, time.Minute)
		for i := range 2 {
			assert.Equal(t, []string{"firing Flag"}, lines(readAlerts(t, outs[i].AllLogs())), "once in each")
			assert.Equal(t, countMetrics(series[0], "ALERTS"), countMetrics(series[i], "ALERTS"))
		}
		require.NoError(t, components[0].Shutdown(t.Context()))
		for _, c := range components {
			require.NoError(t, c.Shutdown(t.Context()))
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	file := ruleFile{t, filepath.Join(t.TempDir(), "a.yml")}
	file.write("g", fast, slow)
	r := newRig(t, testConfig(func(c *Config) {
		costly(c)
		flagRule(c)
		c.RuleFiles = []string{file.path}
		c.EvaluationInterval = 5 * time.Millisecond
		c.Cooldown = 0
		c.GroupBy, c.GroupWait, c.GroupInterval = []string{"alertname"}, time.Millisecond, time.Second
		c.SilencesFromDashboard = true
	}))
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 20 {
			file.write("g", slow)
			r.host.page.alerts.RuleGroups()
			r.active()
			r.host.page.alerts.History(10)
			id, err := r.host.page.alerts.Silence(dashboard.Silence{Matchers: []string{"host=~a|b"}, EndsAt: time.Now().Add(time.Hour)})
			assert.NoError(t, err)
			time.Sleep(5 * time.Millisecond) // the rules are to be read between two changes
			file.write("g", fast, slow)
			assert.NoError(t, r.host.page.alerts.Expire(id))
			r.host.page.alerts.Silences()
		}
	})
	for i := range 4 {
		wg.Go(func() {
			for n := range 50 {
				assert.NoError(t, r.metrics.ConsumeMetrics(context.Background(), alerttest.Gauge("flag", time.Now(), float64(n%2), "host", strconv.Itoa(i))))
				assert.NoError(t, r.traces.ConsumeTraces(context.Background(), callTraces("gpt-4o", 2)))
				assert.NoError(t, r.logs.ConsumeLogs(context.Background(), record("x")))
			}
		})
	}
	wg.Wait()
	r.stop()
	assert.Len(t, r.tracesOut.AllTraces(), 200)
}
