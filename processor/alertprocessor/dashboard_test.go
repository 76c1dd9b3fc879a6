// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/alerttest"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/evaluate"
)

func TestShownOnThePageWhileItRuns(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(flagRule))
		assert.Equal(t, []component.ID{r.settings.ID}, r.host.page.ids, "once, though there are three pipelines")
		require.NotNil(t, r.host.page.alerts)
		r.stop()
		assert.Nil(t, r.host.page.alerts)
	})
}

func TestRuleGroupsOnThePage(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			costly(c)
			c.RuleFiles = []string{"testdata/rules/recording.yml"}
			c.Rules = []RuleConfig{
				{Name: "Flag", Expr: "flag > 2", For: time.Minute, Severity: "warning", Summary: "flag is {{ $value }}"},
				{Name: "Bad", Expr: "flag * on (job) flag > 0"},
			}
		}))
		groups := r.host.page.alerts.RuleGroups()
		require.Len(t, groups, 3)
		assert.Equal(t, "unknown", groups[0].Rules[0].Health)
		assert.Equal(t, "It has not been evaluated yet.", groups[0].Rules[0].Reason)

		start := time.Now()
		for range 4 {
			md := pmetric.NewMetrics()
			alerttest.Gauge("flag", time.Now(), 1, "host", "a").ResourceMetrics().MoveAndAppendTo(md.ResourceMetrics())
			alerttest.Gauge("flag", time.Now(), 2, "host", "b").ResourceMetrics().MoveAndAppendTo(md.ResourceMetrics())
			r.send(md)
			time.Sleep(15 * time.Second)
		}
		synctest.Wait()
		groups = r.host.page.alerts.RuleGroups()
		require.Len(t, groups, 3)
		inline, file, events := groups[0], groups[1], groups[2]

		assert.Equal(t, "rules", inline.Name)
		assert.Equal(t, "configuration", inline.File)
		assert.Equal(t, 15*time.Second, inline.Interval)
		assert.WithinRange(t, inline.LastEvaluation, start.Add(30*time.Second), start.Add(time.Minute))
		assert.Equal(t, dashboard.Rule{
			ID: inline.Rules[0].ID, Kind: "alerting", Name: "Flag", Expr: "flag > 2", For: time.Minute,
			Labels:      map[string]string{"severity": "warning"},
			Annotations: map[string]string{"summary": "flag is {{ $value }}"},
			State:       "inactive", Health: "ok",
			Reason: "The value is 2, not > 2.",
		}, inline.Rules[0])
		assert.Equal(t, "err", inline.Rules[1].Health)
		assert.Contains(t, inline.Rules[1].LastError, "many-to-many")
		assert.Equal(t, "It could not be evaluated.", inline.Rules[1].Reason)

		assert.Equal(t, "testdata/rules/recording.yml", file.File)
		require.Equal(t, "recording", file.Rules[0].Kind)
		require.NotNil(t, file.Rules[0].Value)
		assert.InDelta(t, 3, *file.Rules[0].Value, 0)
		assert.Empty(t, file.Rules[0].State)

		assert.Equal(t, "event", events.Rules[0].Kind)
		assert.Equal(t, "No span has met the condition since the start.", events.Rules[0].Reason)
		r.call("gpt-4o", 2)
		assert.Equal(t, "firing", r.host.page.alerts.RuleGroups()[2].Rules[0].State)

		r.flag(5, 45*time.Second)
		flag := r.host.page.alerts.RuleGroups()[0].Rules[0]
		assert.Equal(t, "pending", flag.State)
		assert.InDelta(t, 5, *flag.Value, 0)
		assert.Regexp(t, "^It has held for (15|30)s of 1m.$", flag.Reason)
		r.flag(6, time.Minute)
		flag = r.host.page.alerts.RuleGroups()[0].Rules[0]
		assert.Equal(t, "firing", flag.State)
		assert.Empty(t, flag.Reason)
		active := slices.Collect(flag.Active.List(0))
		require.Len(t, active, 1)
		assert.Equal(t, "flag is 6", active[0].Annotations["summary"])
		assert.Equal(t, flag.ID, active[0].RuleID)
	})
}

func TestActiveAlertsAndHistoryOnThePage(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			costly(c)
			c.ExternalLabels = map[string]string{"site": "berlin"}
			for _, severity := range []string{"info", "critical", "mine", "warning"} {
				c.Rules = append(c.Rules, RuleConfig{Name: severity, Expr: "flag > 0", Severity: severity})
			}
			c.Rules = append(c.Rules, RuleConfig{Name: "slow", Expr: "flag > 0", Severity: "error", For: time.Hour})
		}))
		r.flag(1, time.Minute)
		var shown []string
		for _, active := range r.active() {
			shown = append(shown, active.State+" "+active.Name())
			assert.Equal(t, "berlin", active.Labels["site"])
			assert.WithinRange(t, active.StartsAt, time.Now().Add(-time.Minute), time.Now())
		}
		assert.Equal(t, []string{"firing critical", "pending slow", "firing warning", "firing info", "firing mine"}, shown)

		r.call("gpt-4o", 2)
		history := r.host.page.alerts.History(2)
		require.Len(t, history, 2)
		assert.Equal(t, "HighCostLLMCall", history[0].Alert.Name())
		assert.Equal(t, time.Now(), history[0].At)
		assert.Len(t, r.host.page.alerts.History(0), 5)
	})
}

func TestReasons(t *testing.T) {
	tests := map[string]string{
		`g > 10`:                           "The value is 4, not > 10.",
		`(10 < sum(g))`:                    "The value is 7, not > 10.",
		`g < 1`:                            "The value is 3, not < 1.",
		`g == 5`:                           "The value is 4, not == 5.",
		`g > on () group_left () (sum(g))`: "g is nowhere > (sum(g)).",
		`sum(g) > scalar(sum(g))`:          "The value is 7, not > 7.",
		`missing{a="b"} > 1`:               `There is no data for missing{a="b"}.`,
		`sum(rate(missing[5m])) > 1`:       "There is no data for missing.",
		`sum(rate(missing[5m])) / sum(rate(g[5m])) > 1`: "There is no data for missing.",
		`rate(g[30s]) > 1`:                  "It yields no series.",
		`g and missing`:                     "There is no data for missing.",
		`g and on (job) (g > 10)`:           "The value is 4, not > 10.",
		`g unless g`:                        "All of g is excluded.",
		`g and g{host="a"} and g{host="b"}`: "The series of both sides do not go together.",
		`g > 10 or missing`:                 "The value is 4, not > 10. There is no data for missing.",
		`absent(g)`:                         "There is data for g.",
		`absent_over_time(g[5m])`:           "There is data for g[5m].",
		`g`:                                 "",
		`vector(0) > 1`:                     "The value is 0, not > 1.",
		`g offset 1h > 0`:                   "There is no data for g.",
	}
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(flagRule))
		md := pmetric.NewMetrics()
		alerttest.Gauge("g", time.Now(), 3, "host", "a").ResourceMetrics().MoveAndAppendTo(md.ResourceMetrics())
		alerttest.Gauge("g", time.Now(), 4, "host", "b").ResourceMetrics().MoveAndAppendTo(md.ResourceMetrics())
		r.send(md)
		e := r.host.page.alerts.(*dashboardSource).core.backend.evaluator
		for expr, want := range tests {
			parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
			require.NoError(t, err)
			x := evaluate.NewExplainer(t.Context(), e, time.Now())
			got, err := x.WhyEmpty(parsed)
			require.NoError(t, err)
			assert.Equal(t, want, got, expr)
		}
	})
}

// notifierHost has a notifier of critical alerts.
type notifierHost struct {
	*statusHost
	notifiers map[component.ID]component.Component
}

func (h notifierHost) GetExporters() map[pipeline.Signal]map[component.ID]component.Component {
	return map[pipeline.Signal]map[component.ID]component.Component{pipeline.SignalLogs: h.notifiers}
}

// The dashboard shows who may be notified of the alerts of each rule, and whose nobody is.
func TestChannelsOfRules(t *testing.T) {
	delivery := notify.NewDeliveryConfig()
	delivery.Severities = []string{"critical"}
	set := exportertest.NewNopSettings(component.MustNewType("pager"))
	set.ID = component.MustNewID("pager")
	exporter, err := notify.NewExporter(set, notify.Settings{
		Delivery: &delivery, Channels: []notify.Channel{{Deliver: func(context.Context, notify.Message) error { return nil }}},
		Outcomes: notify.NewOutcomes(noop.Int64Counter{}),
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, exporter.Shutdown(t.Context())) }()
	falseclock.Test(t, func(t *testing.T) {
		r := buildRig(t, testConfig(func(c *Config) {
			c.Rules = []RuleConfig{{Name: "Down", Expr: "up == 0", Severity: "page"}, {Name: "Slow", Expr: "latency > 1", Severity: "warning"}}
			c.Events = []EventConfig{
				{Name: "Failed", Context: EventContextSpan, Condition: "status.code == STATUS_CODE_ERROR", Severity: "info"},
				{Name: "Graded", Context: EventContextSpan, Condition: "status.code == STATUS_CODE_ERROR", LabelsFrom: []string{"severity"}},
			}
		}))
		host := notifierHost{r.host, map[component.ID]component.Component{set.ID: exporter}}
		for _, c := range r.components() {
			require.NoError(t, c.Start(t.Context(), host))
		}
		defer r.stop()
		for _, group := range r.host.page.alerts.RuleGroups() {
			for _, rule := range group.Rules {
				taken := rule.Name == "Down" || rule.Name == "Graded"
				assert.Equal(t, !taken, rule.NoChannel, rule.Name)
				assert.Equal(t, taken, slices.Equal(rule.Channels, []string{"pager"}), rule.Name)
			}
		}
	})
}
