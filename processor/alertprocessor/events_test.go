// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadatatest"
)

// costly is the event rule of the shipped configuration.
func costly(c *Config) {
	c.Events = []EventConfig{{
		Name:        "HighCostLLMCall",
		Context:     EventContextSpan,
		Condition:   `attributes["gen_ai.usage.cost"] > 1.0`,
		Severity:    "warning",
		Labels:      map[string]string{"team": "ml"},
		LabelsFrom:  []string{"gen_ai.request.model", "service.name"},
		Summary:     "An LLM call cost more than $1",
		Description: `{{ index $attributes "gen_ai.request.model" }} for {{ .Attributes.user_id }} cost ${{ index .Attributes "gen_ai.usage.cost" | printf "%.2f" }} in {{ index $resource "service.name" }}`,
	}}
}

func (r *rig) call(model string, cost float64, extra ...string) {
	r.t.Helper()
	td := callTraces(model, cost, extra...)
	td.MarkReadOnly()
	require.NoError(r.t, r.traces.ConsumeTraces(r.t.Context(), td))
	synctest.Wait()
}

func callTraces(model string, cost float64, extra ...string) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "app")
	span := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetName("chat " + model)
	span.SetTraceID(pcommon.TraceID{1})
	span.SetSpanID(pcommon.SpanID{2})
	span.SetEndTimestamp(pcommon.NewTimestampFromTime(time.Now().Add(-time.Second)))
	span.Attributes().PutStr("gen_ai.request.model", model)
	if cost >= 0 {
		span.Attributes().PutDouble("gen_ai.usage.cost", cost)
	}
	for i := 0; i < len(extra); i += 2 {
		span.Attributes().PutStr(extra[i], extra[i+1])
	}
	return td
}

func TestCostlyCall(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(costly))
		r.call("gpt-4o", 0.99)
		r.call("gpt-4o", -1) // not priced
		assert.Empty(t, r.notifications())

		r.call("gpt-4o", 1.239, "user_id", "u-1")
		notifications := r.notifications()
		require.Len(t, notifications, 1)
		assert.Equal(t, alertevent.Alert{
			Labels: map[string]string{
				"alertname": "HighCostLLMCall", "severity": "warning", "team": "ml", "gen_ai_request_model": "gpt-4o", "service_name": "app",
			},
			Annotations: map[string]string{
				"summary":     "An LLM call cost more than $1",
				"description": "gpt-4o for u-1 cost $1.24 in app",
			},
			State:    alertevent.Firing,
			StartsAt: time.Now().Add(-time.Second).UTC(),
			TraceID:  pcommon.TraceID{1},
			SpanID:   pcommon.SpanID{2},
			Batch:    notifications[0].Batch,
		}, notifications[0])
		assert.NotEmpty(t, notifications[0].Batch)

		r.call("gpt-4o", 2)
		assert.Empty(t, r.notifications(), "the cooldown runs")
		r.call("o1-pro", 3)
		notifications = r.notifications()
		require.Len(t, notifications, 1, "of another model it does not")
		assert.Equal(t, "o1-pro for  cost $3.00 in app", notifications[0].Annotations["description"], "a missing attribute is empty")
		time.Sleep(5*time.Minute + time.Second)
		r.call("gpt-4o", 2)
		assert.Equal(t, []string{"resolved HighCostLLMCall", "resolved HighCostLLMCall", "firing HighCostLLMCall"}, lines(r.notifications()))
		assert.Len(t, r.tracesOut.AllTraces(), 6, "all is passed on")
		metadatatest.AssertEqualProcessorAlertNoticesSuppressed(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: 1, Attributes: attribute.NewSet(attribute.String("reason", "cooldown"))},
		}, metricdatatest.IgnoreTimestamp())
	})
}

// A file of calls of last month changes the ledger and notifies nobody.
// While it is decided about many alerts of rules, telemetry that raises an event passes, and is not
// forgotten; very much of it waits.
func TestOccurrencesDuringADecision(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		cfg := testConfig(costly)
		r := buildRig(t, cfg)
		c, err := newCore(cfg, r.settings)
		require.NoError(t, err)
		require.NoError(t, c.Start(t.Context(), r.host))
		c.dispatcher.mu.Lock()
		for i := range maxQueued {
			_, err := c.watchTraces(t.Context(), callTraces(fmt.Sprintf("model-%d", i%3), 2))
			require.NoError(t, err)
		}
		waited := make(chan error)
		go func() {
			_, err := c.watchTraces(t.Context(), callTraces("one-more", 2))
			waited <- err
		}()
		c.dispatcher.mu.Unlock()
		require.NoError(t, <-waited)
		synctest.Wait()
		var models []string
		for _, event := range c.dispatcher.activeEvents() {
			models = append(models, event.Alert.Labels["gen_ai_request_model"])
		}
		assert.ElementsMatch(t, []string{"model-0", "model-1", "model-2", "one-more"}, models)
		require.NoError(t, c.Stop(t.Context()))
		require.NoError(t, c.Close(t.Context()))
	})
}

func TestOldRecordsRaiseNoAlerts(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(costly))
		for _, age := range []time.Duration{1000 * time.Hour, maxOccurrenceAge + time.Minute, maxOccurrenceAge - time.Minute} {
			td := callTraces("gpt-4o", 2)
			td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).SetEndTimestamp(pcommon.NewTimestampFromTime(time.Now().Add(-age)))
			require.NoError(t, r.traces.ConsumeTraces(t.Context(), td))
			synctest.Wait()
		}
		metadatatest.AssertEqualProcessorAlertNoticesSuppressed(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Attributes: attribute.NewSet(attribute.String("reason", "too_old")), Value: 2},
		}, metricdatatest.IgnoreTimestamp())
	})
}

// An application writes local times without their zone, or its clock is ahead.
func TestRecordsOfTheFutureFireNow(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(costly))
		td := callTraces("gpt-4o", 2)
		td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).SetEndTimestamp(pcommon.NewTimestampFromTime(time.Now().Add(10 * time.Hour)))
		require.NoError(t, r.traces.ConsumeTraces(t.Context(), td))
		synctest.Wait()
		sent := r.notifications()
		require.Len(t, sent, 1)
		assert.Zero(t, time.Until(sent[0].StartsAt))
	})
}

// What an application has in a label or a template is bounded: alerts are kept in memory.
func TestLongTextsAreTruncated(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			costly(c)
			c.Events[0].Description = `{{ index $attributes "gen_ai.request.model" }}`
		}))
		r.call(strings.Repeat("语", 1<<20), 2)
		sent := r.notifications()
		require.Len(t, sent, 1)
		assert.Equal(t, strings.Repeat("语", maxLabel-1)+"…", sent[0].Labels["gen_ai_request_model"])
		assert.Equal(t, maxAnnotation, utf8.RuneCountInString(sent[0].Annotations["description"]))
	})
}

func TestEventAlertIsActiveUntilItIsOver(t *testing.T) {
	resolveAfter := 10 * time.Minute
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			costly(c)
			c.Events[0].ResolveAfter = &resolveAfter
		}))
		page := r.host.page.alerts
		begin := time.Now()
		r.call("gpt-4o", 1.2)
		require.Len(t, r.notifications(), 1)
		rule := func() dashboard.Rule { return page.RuleGroups()[0].Rules[0] }
		require.Len(t, r.active(), 1)
		active := r.active()[0]
		assert.Equal(t, "firing", active.State)
		assert.Equal(t, "An LLM call cost more than $1", active.Annotations["summary"])
		assert.Equal(t, "firing", rule().State)
		assert.Empty(t, rule().Reason)
		assert.Equal(t, []dashboard.ActiveAlert{active}, slices.Collect(rule().Active.List(0)))
		assert.Equal(t, rule().ID, active.RuleID)

		time.Sleep(4 * time.Minute)
		r.call("gpt-4o", 1.3) // in the cooldown
		time.Sleep(9 * time.Minute)
		assert.Len(t, r.active(), 1, "it goes on")
		assert.Empty(t, r.notifications())
		time.Sleep(time.Minute)
		synctest.Wait()
		notifications := r.notifications()
		require.Equal(t, []string{"resolved HighCostLLMCall"}, lines(notifications))
		assert.Equal(t, begin.Add(14*time.Minute), notifications[0].EndsAt.Local())
		assert.Equal(t, begin.Add(-time.Second), notifications[0].StartsAt.Local())
		assert.Equal(t, active.Fingerprint(), notifications[0].Fingerprint())
		assert.Empty(t, r.active())
		assert.Equal(t, "inactive", rule().State)
		assert.Equal(t, "A span met the condition last at 2000-01-01 00:04:00 UTC.", rule().Reason)
	})
}

func TestEventAlertIsOverAfterARestart(t *testing.T) {
	directory := t.TempDir()
	config := func(c *Config) {
		costly(c)
		c.Storage.Directory = directory
	}
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(config))
		r.call("gpt-4o", 2)
		require.Len(t, r.notifications(), 1)
		time.Sleep(3 * time.Minute)
		r.call("gpt-4o", 2)
		r.stop()
		assert.Empty(t, r.notifications())

		time.Sleep(time.Minute)
		r = newRig(t, testConfig(config))
		assert.Len(t, r.active(), 1)
		time.Sleep(3 * time.Minute)
		assert.Empty(t, r.notifications(), "it happened last before the restart")
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, []string{"resolved HighCostLLMCall"}, lines(r.notifications()))
		assert.Empty(t, r.active())

		r.call("o1-pro", 2)
		require.Len(t, r.notifications(), 1)
		r.stop()
		time.Sleep(time.Hour)
		r = newRig(t, testConfig(config))
		synctest.Wait()
		assert.Equal(t, []string{"resolved HighCostLLMCall"}, lines(r.notifications()), "as soon as it can be sent")
	})
}

func TestEventAlertWithoutEnd(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			costly(c)
			c.Events[0].ResolveAfter = new(time.Duration)
		}))
		r.call("gpt-4o", 2)
		assert.Equal(t, []string{"firing HighCostLLMCall"}, lines(r.notifications()))
		assert.Empty(t, r.active())
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Empty(t, r.notifications())
	})
}

func record(body string) plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "app")
	lr := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	lr.Body().SetStr(body)
	lr.SetTraceID(pcommon.TraceID{3})
	lr.SetSeverityNumber(plog.SeverityNumberFatal)
	lr.SetObservedTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	return ld
}

func TestLogRecordRaisesAnAlert(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		cooldown := time.Duration(0)
		r := newRig(t, testConfig(func(c *Config) {
			c.Events = []EventConfig{{
				Name:      "Fatal",
				Context:   EventContextLog,
				Condition: `log.severity_number >= SEVERITY_NUMBER_FATAL and IsMatch(body, "^panic") and resource.attributes["service.name"] == "app"`,
				Cooldown:  &cooldown,
			}}
		}))
		for _, body := range []string{"panic: nil", "all good", "panic: again"} {
			ld := record(body)
			ld.MarkReadOnly()
			require.NoError(t, r.logs.ConsumeLogs(t.Context(), ld))
		}
		synctest.Wait()
		notifications := r.notifications()
		assert.Equal(t, []string{"firing Fatal", "firing Fatal"}, lines(notifications))
		assert.Equal(t, pcommon.TraceID{3}, notifications[0].TraceID)
		assert.True(t, time.Now().Equal(notifications[0].StartsAt))
	})
}

func TestAlertRecordsRaiseNoAlerts(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			c.Events = []EventConfig{{Name: "Any", Context: EventContextLog, Condition: "true"}}
		}))
		ld, records := alertevent.NewLogs(pcommon.NewResource())
		alertevent.Write(records.AppendEmpty(), alertevent.Alert{Labels: map[string]string{"alertname": "x"}, State: alertevent.Firing}, time.Now())
		require.NoError(t, r.logs.ConsumeLogs(t.Context(), ld))
		synctest.Wait()
		require.Len(t, r.logsOut.AllLogs(), 1)
		again := r.logsOut.AllLogs()[0]
		assert.Empty(t, r.notifications(), "neither an alert of the rule, nor what somebody else sent")
		assert.Equal(t, alertevent.ReceivedEventName, again.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).EventName())
		metadatatest.AssertEqualProcessorAlertRecordsRenamed(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 1}}, metricdatatest.IgnoreTimestamp())

		// In the collector that an agent with this processor sends to, it raises none either.
		require.NoError(t, r.logs.ConsumeLogs(t.Context(), again))
		synctest.Wait()
		assert.Empty(t, r.notifications())
	})
}

func TestConditionThatFails(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			c.Events = []EventConfig{{Name: "Bad", Context: EventContextSpan, Condition: `ParseJSON(attributes["payload"])["x"] == 1`}}
		}))
		r.call("gpt-4o", 5, "payload", "{")
		assert.Empty(t, r.notifications())
		assert.Len(t, r.tracesOut.AllTraces(), 1)
		metadatatest.AssertEqualProcessorAlertEventFailures(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: 1, Attributes: attribute.NewSet(attribute.String("rule", "Bad"))},
		}, metricdatatest.IgnoreTimestamp())
	})
}

func TestFloodOfLabelsIsBounded(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			costly(c)
			c.Events[0].LabelsFrom = []string{"user_id"}
		}))
		td := ptrace.NewTraces()
		spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
		for i := range maxCooling + 100 {
			span := spans.AppendEmpty()
			span.Attributes().PutDouble("gen_ai.usage.cost", 2)
			span.Attributes().PutStr("user_id", strconv.Itoa(i))
		}
		require.NoError(t, r.traces.ConsumeTraces(t.Context(), td))
		synctest.Wait()
		metadatatest.AssertEqualProcessorAlertNoticesEmitted(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: maxCooling + 1, Attributes: attribute.NewSet(attribute.String("state", "firing"))},
		}, metricdatatest.IgnoreTimestamp())
	})
}

func TestEventAlertAfterTheFirstPipelineHasStopped(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(costly))
		require.NoError(t, r.metrics.Shutdown(t.Context()))
		r.call("gpt-4o", 2)
		assert.Equal(t, []string{"firing HighCostLLMCall"}, lines(r.notifications()))
	})
}

func FuzzExpandTemplate(f *testing.F) {
	for _, seed := range []string{"", "plain", "{{ .Labels.a }}", "{{ index $attributes \"x\" | humanize }}", "{{ query \"up\" }}", "{{ template \"t\" }}", "{{"} {
		f.Add(seed, "key", "value")
	}
	f.Fuzz(func(t *testing.T, text, key, value string) {
		data := eventData{Labels: map[string]string{key: value}, Attributes: map[string]any{key: value}}
		if newTemplate(t.Context(), "fuzz", text, data).ParseTest() != nil {
			return // refused by Validate
		}
		assert.NotContains(t, expandTemplate(t.Context(), "fuzz", text, eventData{}), "<no value>")
		expandTemplate(t.Context(), "fuzz", text, data)
	})
}

func FuzzCondition(f *testing.F) {
	for _, seed := range []string{"", "true", `attributes["a"] > 1`, `span.name == "x"`, `IsMatch(name, "(")`, `resource.attributes["a"] == nil or not false`} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, condition string) {
		for _, context := range []EventContext{EventContextSpan, EventContextLog} {
			config := EventConfig{Name: "fuzz", Context: context, Condition: condition}
			_ = config.validate("events::0")
		}
	})
}
