// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

// cookbook returns the rule files and the configurations of docs/alerting.md.
func cookbook(t *testing.T) (rules, configs []string) {
	t.Helper()
	raw, err := os.ReadFile("../../docs/alerting.md")
	require.NoError(t, err)
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(raw, -1) {
		text := string(block[1])
		switch {
		case strings.HasPrefix(text, "groups:\n"):
			rules = append(rules, text)
		case strings.HasPrefix(text, "processors:\n"):
			configs = append(configs, text)
		default:
			t.Errorf("neither a rule file nor a configuration:\n%s", text)
		}
	}
	require.Len(t, rules, 8)
	require.Len(t, configs, 2)
	return rules, configs
}

// TestCookbook evaluates the rules of docs/alerting.md, all of them in one file.
func TestCookbook(t *testing.T) {
	falseclock.Long(t)
	rules, _ := cookbook(t)
	file := filepath.Join(t.TempDir(), "cookbook.yml")
	all := "groups:\n" + strings.ReplaceAll(strings.Join(rules, ""), "groups:\n", "")
	require.NoError(t, os.WriteFile(file, []byte(all), 0o600))
	raw, err := os.ReadFile("testdata/cookbook/cookbook_test.yml")
	require.NoError(t, err)
	var tests ruleTestFile
	require.NoError(t, yaml.Unmarshal(raw, &tests))
	fires, rests := map[string]bool{}, map[string]bool{"Watchdog": true} // which never rests
	for _, test := range tests.Tests {
		t.Run(test.Name, func(t *testing.T) {
			runRuleTest(t, []string{file}, time.Duration(tests.EvaluationInterval), test)
		})
		for _, expected := range test.AlertRuleTest {
			if len(expected.ExpAlerts) > 0 {
				fires[expected.Alertname] = true
			} else {
				rests[expected.Alertname] = true
			}
		}
	}
	for _, name := range regexp.MustCompile(`(?m)- alert: (\w+)$`).FindAllStringSubmatch(all, -1) {
		assert.True(t, fires[name[1]], "%s is never expected to fire", name[1])
		assert.True(t, rests[name[1]], "%s is never expected to rest", name[1])
	}
}

func TestConfigurationsOfTheCookbook(t *testing.T) {
	rules, configs := cookbook(t)
	raw, err := os.ReadFile("testdata/cookbook/watchdog.yml")
	require.NoError(t, err)
	assert.Equal(t, rules[len(rules)-1], string(raw))

	load := func(text, id string) *Config {
		retrieved, err := confmap.NewRetrievedFromYAML([]byte(text))
		require.NoError(t, err)
		conf, err := retrieved.AsConf()
		require.NoError(t, err)
		sub, err := conf.Sub("processors::" + id)
		require.NoError(t, err)
		cfg := createDefaultConfig().(*Config)
		require.NoError(t, sub.Unmarshal(cfg))
		require.NoError(t, cfg.Validate())
		return cfg
	}
	assert.Len(t, load(configs[0], "alert").InhibitRules, 1)
	watchdog := load(configs[1], "alert/watchdog")
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, watchdog)
		time.Sleep(10*time.Minute + time.Second)
		synctest.Wait()
		notifications := r.notifications()
		assert.Len(t, notifications, 10, "once a minute")
		for _, notified := range notifications {
			assert.Equal(t, "Watchdog", notified.Name())
			assert.Equal(t, alertevent.Firing, notified.State)
		}
		r.stop()
		time.Sleep(10 * time.Minute)
		assert.Empty(t, r.notifications(), "and then silence, which is the alarm")
	})
}
