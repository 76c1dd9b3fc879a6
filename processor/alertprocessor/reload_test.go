// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadatatest"
)

// ruleFile is a file with a group of rules.
type ruleFile struct {
	t    *testing.T
	path string
}

// write replaces the file by a group of rules.
func (f ruleFile) write(group string, rules ...string) {
	f.t.Helper()
	f.raw("groups:\n  - name: " + group + "\n    rules: [" + strings.Join(rules, ", ") + "]\n")
}

func (f ruleFile) raw(text string) {
	f.t.Helper()
	require.NoError(f.t, os.WriteFile(f.path, []byte(text), 0o600))
}

const (
	fast = `{alert: Fast, expr: flag > 0}`
	slow = `{alert: Slow, expr: flag > 0, for: 10m}`
)

func TestReloadKeepsTheStateOfUnchangedRules(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		file := ruleFile{t, filepath.Join(t.TempDir(), "a.yml")}
		file.write("g", fast, slow, `{alert: Gone, expr: flag > 0}`)
		r := newRig(t, testConfig(func(c *Config) { c.RuleFiles = []string{file.path} }))
		r.flag(1, 8*time.Minute)
		assert.Equal(t, []string{"firing Fast", "firing Gone"}, lines(r.notifications()))

		file.write("g", slow, `{alert: New, expr: flag > 0}`, fast)
		r.flag(1, time.Minute)
		assert.ElementsMatch(t, []string{"resolved Gone", "firing New"}, lines(r.notifications()), "what fires is not notified again")
		r.flag(1, 2*time.Minute)
		assert.Equal(t, []string{"firing Slow"}, lines(r.notifications()), "its clock ran on")
		assert.Empty(t, r.host.events)
		metadatatest.AssertEqualProcessorAlertReloads(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: 1, Attributes: attribute.NewSet(attribute.String("outcome", "success"))},
		}, metricdatatest.IgnoreTimestamp())
	})
}

func TestWrongRuleFileKeepsTheRules(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		file := ruleFile{t, filepath.Join(t.TempDir(), "a.yml")}
		file.write("g", fast)
		r := newRig(t, testConfig(func(c *Config) { c.RuleFiles = []string{file.path} }))
		r.flag(1, time.Minute)
		assert.Equal(t, []string{"firing Fast"}, lines(r.notifications()))

		file.write("g", slow, `{alert: Bad, expr: flag >}`)
		r.flag(0, time.Minute)
		assert.Equal(t, []string{"resolved Fast"}, lines(r.notifications()))
		require.Len(t, r.host.events, 1)
		assert.Equal(t, componentstatus.StatusRecoverableError, r.host.events[0].Status())
		require.ErrorContains(t, r.host.events[0].Err(), `group "g", rule 2, "Bad": could not parse expression`)
		require.Equal(t, 1, r.warnings.Len(), "logged once")
		metadatatest.AssertEqualProcessorAlertRulesOutdated(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 1}}, metricdatatest.IgnoreTimestamp())
		metadatatest.AssertEqualProcessorAlertReloads(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: 1, Attributes: attribute.NewSet(attribute.String("outcome", "failure"))},
		}, metricdatatest.IgnoreTimestamp())

		require.NoError(t, os.Remove(file.path))
		r.flag(0, time.Minute)
		assert.Equal(t, 2, r.warnings.Len(), "wrong in another way")
		assert.Len(t, r.host.events, 1)

		file.write("g", `{alert: Good, expr: flag == 0}`)
		r.flag(0, time.Minute)
		assert.Equal(t, []string{"firing Good"}, lines(r.notifications()))
		require.Len(t, r.host.events, 2)
		assert.Equal(t, componentstatus.StatusOK, r.host.events[1].Status())
		metadatatest.AssertEqualProcessorAlertRulesOutdated(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 0}}, metricdatatest.IgnoreTimestamp())
	})
}

func TestFilesComeAndGo(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		directory := t.TempDir()
		r := newRig(t, testConfig(func(c *Config) { c.RuleFiles = []string{filepath.Join(directory, "*.yml")} }))
		a, b := ruleFile{t, filepath.Join(directory, "a.yml")}, ruleFile{t, filepath.Join(directory, "b.yml")}
		a.write("g", fast)
		r.flag(1, time.Minute)
		assert.Equal(t, []string{"firing Fast"}, lines(r.notifications()))
		b.write("g", fast)
		r.flag(1, time.Minute)
		require.NoError(t, os.Remove(a.path))
		r.flag(1, time.Minute)
		assert.Empty(t, r.notifications(), "another rule has the same alert")
		require.NoError(t, os.Remove(b.path))
		r.flag(1, time.Minute)
		assert.Equal(t, []string{"resolved Fast"}, lines(r.notifications()))
		assert.Empty(t, r.host.page.alerts.RuleGroups())
		over := false
		for _, p := range r.series("ALERTS") {
			over = over || p.Flags().NoRecordedValue()
		}
		assert.True(t, over, "the series of the last rule have ended in the pipeline too")
	})
}
