// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/alerttest"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadatatest"
)

// traffic sends counters of requests, of which a share fails, every 15s.
func (r *rig) traffic(start time.Time, total *float64, failed *float64, share float64, period time.Duration) {
	for range int(period / (15 * time.Second)) {
		time.Sleep(15 * time.Second)
		*total += 100 * (1 - share)
		*failed += 100 * share
		md := pmetric.NewMetrics()
		alerttest.AddCounter(md, "arc_requests_total", start, time.Now(), *total, "method", "GET", "endpoint", "/chat", "status", "200")
		alerttest.AddCounter(md, "arc_requests_total", start, time.Now(), *failed, "method", "GET", "endpoint", "/chat", "status", "500")
		r.send(md)
	}
	synctest.Wait()
}

func TestShippedRulesNotifyOfErrorsAndTheirResolution(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			c.RuleFiles = []string{"../../config/rules/*.yml"}
			c.ExternalLabels = map[string]string{"site": "berlin"}
		}))
		start := time.Now()
		var ok, failed float64
		r.traffic(start, &ok, &failed, 0.01, 10*time.Minute)
		assert.Empty(t, r.notifications(), "1% is no reason to wake anybody")

		breach := time.Now()
		r.traffic(start, &ok, &failed, 0.30, 5*time.Minute)
		assert.Empty(t, r.notifications(), "not yet for 5 minutes")
		r.traffic(start, &ok, &failed, 0.30, 10*time.Minute)
		notifications := r.notifications()
		require.Equal(t, []string{"firing HighErrorRate"}, lines(notifications))
		alert := notifications[0]
		assert.Equal(t, map[string]string{"alertname": "HighErrorRate", "severity": "critical", "site": "berlin"}, alert.Labels)
		assert.Equal(t, "High error rate detected", alert.Annotations["summary"])
		assert.Regexp(t, "^Error rate is [0-9.]+%, above 5%.$", alert.Annotations["description"])
		assert.Greater(t, *alert.Value, 0.05)
		assert.WithinRange(t, alert.StartsAt, breach.Add(5*time.Minute), breach.Add(7*time.Minute))

		r.traffic(start, &ok, &failed, 0, 10*time.Minute)
		notifications = r.notifications()
		require.Equal(t, []string{"resolved HighErrorRate"}, lines(notifications))
		assert.Equal(t, alert.Fingerprint(), notifications[0].Fingerprint())
		assert.True(t, alert.StartsAt.Equal(notifications[0].StartsAt))
		assert.False(t, notifications[0].EndsAt.IsZero())
		assert.Equal(t, 2*35*4, countMetrics(r.seriesOut, "arc_requests_total"), "all that came was passed on")
	})
}

func countMetrics(sink *consumertest.MetricsSink, name string) int {
	n := 0
	for _, md := range sink.AllMetrics() {
		for _, rm := range md.ResourceMetrics().All() {
			for _, sm := range rm.ScopeMetrics().All() {
				for _, m := range sm.Metrics().All() {
					if m.Name() == name {
						n++
						break
					}
				}
			}
		}
	}
	return n
}

// flagRule is the rule "up_flag is above 0".
func flagRule(c *Config) {
	c.Rules = []RuleConfig{{Name: "Flag", Expr: "flag > 0", Severity: "warning", Summary: "flag is {{ $value }} on {{ $labels.host }}"}}
}

func (r *rig) flag(value float64, period time.Duration) {
	for range int(period / (15 * time.Second)) {
		r.send(alerttest.Gauge("flag", time.Now(), value, "host", "a"))
		time.Sleep(15 * time.Second)
	}
	synctest.Wait()
}

func TestCooldownRepeatResolve(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(flagRule))
		r.flag(3, 30*time.Second)
		notifications := r.notifications()
		require.Equal(t, []string{"firing Flag"}, lines(notifications))
		assert.Equal(t, map[string]string{"alertname": "Flag", "severity": "warning", "host": "a", "job": "app"}, notifications[0].Labels)
		assert.Equal(t, "flag is 3 on a", notifications[0].Annotations["summary"])

		r.flag(0, time.Minute)
		assert.Equal(t, []string{"resolved Flag"}, lines(r.notifications()))
		r.flag(1, time.Minute)
		assert.Equal(t, []string{"firing Flag"}, lines(r.notifications()), "fires again within the cooldown: the last word is true")
		r.flag(0, time.Minute)
		assert.Empty(t, r.notifications(), "the resolution is held back")
		r.flag(1, 3*time.Minute)
		assert.Empty(t, r.notifications(), "it flaps")
		r.flag(1, 4*time.Hour)
		assert.Equal(t, []string{"firing Flag"}, lines(r.notifications()), "is repeated")

		metadatatest.AssertEqualProcessorAlertNoticesEmitted(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: 3, Attributes: attribute.NewSet(attribute.String("state", "firing"))},
			{Value: 1, Attributes: attribute.NewSet(attribute.String("state", "resolved"))},
		}, metricdatatest.IgnoreTimestamp())
		metadatatest.AssertEqualProcessorAlertNoticesSuppressed(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: 1, Attributes: attribute.NewSet(attribute.String("reason", "cooldown"))},
		}, metricdatatest.IgnoreTimestamp())
		metadatatest.AssertEqualProcessorAlertAlerts(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: 1, Attributes: attribute.NewSet(attribute.String("state", "firing"))},
			{Value: 0, Attributes: attribute.NewSet(attribute.String("state", "pending"))},
		}, metricdatatest.IgnoreTimestamp())
	})
}

func TestFeaturesOfRuleFiles(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			c.RuleFiles = []string{"testdata/features/rules.yml"}
			c.ExternalLabels = map[string]string{"site": "berlin"}
		}))
		r.flag(1, 2*time.Minute)
		notifications := r.notifications()
		require.Equal(t, []string{"firing Kept"}, lines(notifications))
		assert.Equal(t, map[string]string{"alertname": "Kept", "job": "app", "team": "x", "site": "berlin"}, notifications[0].Labels)
		assert.Equal(t, "berlin: 1 hosts", notifications[0].Annotations["summary"])
		r.flag(0, 3*time.Minute)
		assert.Empty(t, r.notifications(), "kept firing")
		r.flag(0, 5*time.Minute)
		assert.Equal(t, []string{"resolved Kept"}, lines(r.notifications()))
		metadatatest.AssertEqualProcessorAlertEvaluations(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: 10, Attributes: attribute.NewSet(attribute.String("rule_group", "slow"))},
		}, metricdatatest.IgnoreTimestamp())
	})
}

// TestSlowEvaluationLeavesOut is about a Collector that was held up: it
// evaluates once for the time that has passed, and goes on from there.

func TestRecordOfAnAlert(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(flagRule))
		r.flag(1, 30*time.Second)
		logs := r.logsOut.AllLogs()
		require.Len(t, logs, 1)
		resource := logs[0].ResourceLogs().At(0)
		assert.Equal(t, map[string]any{"service.name": "collector"}, resource.Resource().Attributes().AsRaw())
		scope := resource.ScopeLogs().At(0)
		assert.Equal(t, alertevent.ScopeName, scope.Scope().Name())
		record := scope.LogRecords().At(0)
		assert.Equal(t, alertevent.EventName, record.EventName())
		assert.Equal(t, "[WARNING] Flag: flag is 1 on a", record.Body().Str())
		assert.Equal(t, plog.SeverityNumberWarn, record.SeverityNumber())
	})
}

func TestSeriesOfRulesLeaveAsGauges(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			flagRule(c)
			c.RuleFiles = []string{"testdata/rules/recording.yml"}
		}))
		r.flag(1, time.Minute)
		r.flag(0, time.Minute)
		points := map[string][]pmetric.NumberDataPoint{}
		for _, md := range r.seriesOut.AllMetrics() {
			for _, rm := range md.ResourceMetrics().All() {
				for _, m := range rm.ScopeMetrics().At(0).Metrics().All() {
					if m.Name() != "flag" {
						assert.Zero(t, rm.Resource().Attributes().Len(), "labels say all")
						for _, p := range m.Gauge().DataPoints().All() {
							points[m.Name()] = append(points[m.Name()], p)
						}
					}
				}
			}
		}
		require.Contains(t, points, "ALERTS")
		require.Contains(t, points, "ALERTS_FOR_STATE")
		require.Contains(t, points, "job:flag:sum")
		alerts := points["ALERTS"]
		assert.Equal(t, map[string]any{"alertname": "Flag", "alertstate": "firing", "host": "a", "job": "app", "severity": "warning"},
			alerts[0].Attributes().AsRaw())
		assert.InDelta(t, 1, alerts[0].DoubleValue(), 0)
		assert.True(t, alerts[len(alerts)-1].Flags().NoRecordedValue(), "the alert is resolved")
		sums := points["job:flag:sum"]
		assert.Equal(t, map[string]any{"job": "app", "team": "x"}, sums[0].Attributes().AsRaw())
		assert.InDelta(t, 0, sums[len(sums)-1].DoubleValue(), 0)
	})
}

func TestRejectedRecordIsNotLost(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		cfg := testConfig(flagRule)
		r := buildRig(t, cfg)
		var refuse atomic.Bool
		refuse.Store(true)
		flaky := new(consumertest.LogsSink)
		factory := NewFactory()
		metrics, err := factory.CreateMetrics(t.Context(), r.settings, cfg, consumertest.NewNop())
		require.NoError(t, err)
		logsA, err := factory.CreateLogs(t.Context(), r.settings, cfg, r.logsOut)
		require.NoError(t, err)
		next, err := consumer.NewLogs(func(ctx context.Context, ld plog.Logs) error {
			if refuse.Load() {
				return errors.New("queue is full")
			}
			return flaky.ConsumeLogs(ctx, ld)
		})
		require.NoError(t, err)
		logsB, err := factory.CreateLogs(t.Context(), r.settings, cfg, next)
		require.NoError(t, err)
		r.metrics = metrics
		for _, c := range []component.Component{metrics, logsA, logsB} {
			require.NoError(t, c.Start(t.Context(), r.host))
		}
		r.flag(1, time.Minute)
		assert.Equal(t, []string{"firing Flag"}, lines(r.notifications()), "the other pipeline has it once")
		assert.Empty(t, flaky.AllLogs())
		r.flag(0, time.Minute)
		refuse.Store(false)
		r.flag(0, 30*time.Second)
		assert.Equal(t, []string{"firing Flag", "resolved Flag"}, lines(readAlerts(t, flaky.AllLogs())), "in order, when it can")
		assert.Equal(t, []string{"resolved Flag"}, lines(r.notifications()))

		for _, c := range []component.Component{metrics, logsA, logsB} {
			require.NoError(t, c.Shutdown(t.Context()))
		}
	})
}

func TestSlowPipelineDelaysNothing(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		cfg := testConfig(flagRule)
		r := buildRig(t, cfg)
		factory := NewFactory()
		metrics, err := factory.CreateMetrics(t.Context(), r.settings, cfg, consumertest.NewNop())
		require.NoError(t, err)
		var given atomic.Int64
		next, err := consumer.NewLogs(func(ctx context.Context, _ plog.Logs) error {
			if given.Add(1) == 1 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		require.NoError(t, err)
		slow, err := factory.CreateLogs(t.Context(), r.settings, cfg, next)
		require.NoError(t, err)
		fast, err := factory.CreateLogs(t.Context(), r.settings, cfg, r.logsOut)
		require.NoError(t, err)
		for _, c := range []component.Component{metrics, slow, fast} {
			require.NoError(t, c.Start(t.Context(), r.host))
		}
		r.metrics = metrics
		r.flag(1, time.Minute)
		r.flag(0, time.Minute)
		assert.Equal(t, []string{"firing Flag", "resolved Flag"}, lines(r.notifications()))
		require.NoError(t, metrics.Shutdown(t.Context()))
		require.NoError(t, fast.Shutdown(t.Context()))
		require.NoError(t, slow.Shutdown(t.Context()))
		assert.EqualValues(t, 2, given.Load(), "what was interrupted and what waited was sent at the end, as one batch")
	})
}

func TestWarnsWithoutALogsPipeline(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		cfg := testConfig(flagRule)
		r := buildRig(t, cfg)
		metrics, err := NewFactory().CreateMetrics(t.Context(), r.settings, cfg, r.seriesOut)
		require.NoError(t, err)
		require.NoError(t, metrics.Start(t.Context(), r.host))
		r.metrics = metrics
		r.flag(1, time.Minute)
		require.NoError(t, metrics.Shutdown(t.Context()))
		require.Equal(t, 1, r.warnings.Len())
		assert.Contains(t, r.warnings.All()[0].Message, "No logs pipeline")
		assert.Positive(t, countMetrics(r.seriesOut, "ALERTS"))
	})
}

func TestFailingRule(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			// Two series with the same labels but the name cannot be matched one to one.
			c.Rules = []RuleConfig{{Name: "Bad", Expr: "flag * on (job) flag > 0"}}
			c.ExternalLabels = map[string]string{"site": "berlin"}
		}))
		r.flags(time.Minute, map[string]float64{"a": 1, "b": 1})
		metadatatest.AssertEqualProcessorAlertEvaluationFailures(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: 4, Attributes: attribute.NewSet(attribute.String("rule_group", "rules"))},
		}, metricdatatest.IgnoreTimestamp())
		metadatatest.AssertEqualProcessorAlertEvaluations(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: 4, Attributes: attribute.NewSet(attribute.String("rule_group", "rules"))},
		}, metricdatatest.IgnoreTimestamp())
		notifications := r.notifications()
		require.Equal(t, []string{"firing RuleCannotBeEvaluated"}, lines(notifications), "about itself, once")
		assert.Equal(t, map[string]string{
			"alertname": "RuleCannotBeEvaluated", "severity": "warning", "rule_group": "rules", "rule": "Bad", "site": "berlin",
		}, notifications[0].Labels)
		assert.Equal(t, "Rule Bad of group rules cannot be evaluated", notifications[0].Annotations["summary"])
		assert.Contains(t, notifications[0].Annotations["description"], "many-to-many matching not allowed")
		assert.Equal(t, 1, r.warnings.Len(), "logged once")
		active := r.active()
		require.Len(t, active, 1)
		assert.Equal(t, notifications[0].StartsAt, active[0].StartsAt.UTC())

		r.flags(6*time.Minute, map[string]float64{"a": 1})
		assert.Equal(t, []string{"firing Bad", "resolved RuleCannotBeEvaluated"}, lines(r.notifications()), "it works again")
		assert.Empty(t, r.host.page.alerts.(*dashboardSource).core.backend.evaluator.Failures())
	})
}
