// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/alerttest"
)

// storm is a gauge with a series for each alert, every tenth of them critical.
func storm(n int, value float64) pmetric.Metrics {
	md := pmetric.NewMetrics()
	points := alerttest.NewMetric(md, "storm").SetEmptyGauge().DataPoints()
	for i := range n {
		severity := "warning"
		if i%10 == 0 {
			severity = "critical"
		}
		alerttest.Point(points.AppendEmpty(), time.Now(), value, []string{"id", strconv.Itoa(i), "severity", severity})
	}
	return md
}

func stormRules(c *Config) {
	c.Rules = []RuleConfig{{Name: "Storm", Expr: "storm > 0"}, {Name: "Other", Expr: "other > 0", Severity: "info"}}
	c.Storage.MaxSeries = 200_000
}

// All alerts of one evaluation leave in one batch, the most severe first, and so do
// their resolutions. A rule with many alerts leaves the others theirs.
func TestStorm(t *testing.T) {
	for _, n := range []int{10, 1000, 50_000} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			if n > 1000 {
				falseclock.Long(t)
			}
			falseclock.Test(t, func(t *testing.T) {
				r := newRig(t, testConfig(stormRules))
				for _, value := range []float64{1, 0} {
					r.send(storm(n, value))
					r.send(alerttest.Gauge("other", time.Now(), value))
					time.Sleep(15 * time.Second)
					synctest.Wait()
					batches := r.logsOut.AllLogs()
					require.Len(t, batches, 1)
					alerts := r.notifications()
					require.Len(t, alerts, n+1)
					state := alertevent.Firing
					if value == 0 {
						state = alertevent.Resolved
					}
					for i, alert := range alerts {
						require.Equal(t, state, alert.State)
						require.Equal(t, alerts[0].Batch, alert.Batch)
						if i < (n+9)/10 && state == alertevent.Firing {
							require.Equal(t, "critical", alert.Severity(), "%d", i)
						}
					}
				}
			})
		})
	}
}

// A rule above its limit loses its least severe alerts and none of another rule, and
// that is reported.
func TestRuleWithTooManyAlerts(t *testing.T) {
	falseclock.Long(t)
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(stormRules))
		const n = maxTrackedOfRule + 100
		r.send(storm(n, 1))
		r.send(alerttest.Gauge("other", time.Now(), 1))
		time.Sleep(15 * time.Second)
		synctest.Wait()
		count := map[string]int{}
		for _, alert := range r.notifications() {
			count[alert.Name()+" "+alert.Severity()]++
		}
		assert.Equal(t, map[string]int{
			"Storm critical": n / 10, "Storm warning": maxTrackedOfRule - n/10, "Other info": 1, "AlertsDropped warning": 1,
		}, count)
		require.NotEmpty(t, r.host.events)
		assert.Equal(t, componentstatus.StatusRecoverableError, r.host.events[len(r.host.events)-1].Status())
		assert.Equal(t, 1, r.warnings.FilterMessage("Dropping alerts, because the rule raises too many").Len())

		r.send(storm(n, 0))
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		resolved := 0
		for _, alert := range r.notifications() {
			if assert.Equal(t, alertevent.Resolved, alert.State) {
				resolved++
			}
		}
		assert.Equal(t, maxTrackedOfRule+1, resolved, "with that of AlertsDropped; Other still fires")
		assert.Equal(t, componentstatus.StatusOK, r.host.events[len(r.host.events)-1].Status())
	})
}

func TestRuleWithUnstableLabelsIsNamed(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			c.Rules = []RuleConfig{
				{Name: "Unstable", Expr: "flag > 0", Labels: map[string]string{"current": "{{ $value }}"}},
				{Name: "Stable", Expr: "flag > 0", Annotations: map[string]string{"current": "{{ $value }}"}},
			}
		}))
		for i := range 6 {
			r.flag(float64(i+1), 15*time.Second)
		}
		var named []alertevent.Alert
		for _, alert := range r.notifications() {
			if alert.Name() == "AlertLabelsUnstable" {
				named = append(named, alert)
			}
		}
		require.Len(t, named, 1)
		assert.Equal(t, map[string]string{"alertname": "AlertLabelsUnstable", "severity": "warning", "rule_group": "rules", "rule": "Unstable"}, named[0].Labels)
		assert.Contains(t, named[0].Annotations["description"], "Changing labels: current.")
		assert.Equal(t, 1, r.warnings.FilterMessage("Labels of a rule change at every evaluation").Len())
		r.flag(7, time.Minute)
		resolved := lines(r.notifications())
		assert.Contains(t, resolved, "resolved AlertLabelsUnstable", "when the value rests")
	})
}

// Renaming a group, or the file it is in, notifies nothing: neither of what fires nor
// of what is about to.
func TestRenamedGroupNotifiesNothing(t *testing.T) {
	directory := t.TempDir()
	falseclock.Test(t, func(t *testing.T) {
		a, b := ruleFile{t, directory + "/a.yml"}, ruleFile{t, directory + "/b.yml"}
		file := "groups:\n  - name: %s\n    rules:\n      - {alert: Now, expr: flag > 0}\n      - {alert: Slow, expr: flag > 0, for: 10m}\n      - {alert: Kept, expr: flag > 1, keep_firing_for: 30m}\n"
		a.raw(fmt.Sprintf(file, "first"))
		r := newRig(t, testConfig(func(c *Config) { c.RuleFiles = []string{directory + "/*.yml"} }))
		r.flag(2, 30*time.Second)
		r.flag(1, 11*time.Minute)
		assert.Equal(t, []string{"firing Kept", "firing Now", "firing Slow"}, lines(r.notifications()))
		a.raw(fmt.Sprintf(file, "second"))
		r.flag(1, 2*time.Minute)
		assert.Empty(t, r.notifications(), "another name")
		b.raw(fmt.Sprintf(file, "third"))
		a.raw("groups: []\n")
		r.flag(1, 2*time.Minute)
		assert.Empty(t, r.notifications(), "another file")
		r.flag(0, time.Minute)
		assert.Equal(t, []string{"resolved Now", "resolved Slow"}, lines(r.notifications()), "they are still the same alerts")
		b.raw("groups: []\n")
		r.flag(0, time.Minute)
		assert.Equal(t, []string{"resolved Kept"}, lines(r.notifications()), "its rule is gone")
	})
}

// Moving a rule to a group that is there already notifies nothing either, and a rule that
// stays where others come and go keeps its own state.
func TestMovedRuleNotifiesNothing(t *testing.T) {
	directory := t.TempDir()
	falseclock.Test(t, func(t *testing.T) {
		file := ruleFile{t, directory + "/a.yml"}
		const now, slow, kept, other = "{alert: Now, expr: flag > 0}", "{alert: Slow, expr: flag > 0, for: 10m}", "{alert: Kept, expr: flag > 1, keep_firing_for: 30m}", "{alert: Other, expr: flag > 0}"
		groups := func(first, second string) {
			file.raw(fmt.Sprintf("groups:\n  - name: first\n    rules: [%s]\n  - name: second\n    rules: [%s]\n  - name: third\n    rules: [{alert: Third, expr: flag > 9}]\n", first, second))
		}
		groups(now+", "+slow+", "+kept, other)
		r := newRig(t, testConfig(func(c *Config) { c.RuleFiles = []string{directory + "/*.yml"} }))
		r.flag(2, 30*time.Second)
		r.flag(1, 5*time.Minute)
		assert.ElementsMatch(t, []string{"firing Kept", "firing Now", "firing Other"}, lines(r.notifications()))
		groups(slow, now+", "+other+", "+kept)
		r.flag(1, 3*time.Minute)
		assert.Empty(t, r.notifications(), "two rules moved, and one pending stayed")
		groups(kept, now+", "+other+", "+slow)
		r.flag(1, time.Minute)
		assert.Empty(t, r.notifications(), "one moved back, and the pending one on")
		r.flag(1, 2*time.Minute)
		assert.Equal(t, []string{"firing Slow"}, lines(r.notifications()), "after ten minutes in all")
		groups(now, other+", "+slow)
		r.flag(1, time.Minute)
		assert.Equal(t, []string{"resolved Kept"}, lines(r.notifications()), "its rule is gone")
		r.flag(0, time.Minute)
		assert.ElementsMatch(t, []string{"resolved Now", "resolved Other", "resolved Slow"}, lines(r.notifications()))
	})
}

// What fires goes on after a restart as if there had been none: the series that
// Prometheus writes of it, since when it fires, and for how long it is kept.
func TestAlertsGoOnAfterARestart(t *testing.T) {
	directory := t.TempDir()
	config := rulesOf(t, `
groups:
  - name: g
    rules:
      - {alert: Kept, expr: flag > 0, keep_firing_for: 30m, labels: {severity: page, was: "{{ $value }}"}, annotations: {summary: "{{ $value }}"}}
      - {alert: Plain, expr: flag >= 0, for: 2m}
`)
	falseclock.Test(t, func(t *testing.T) {
		start := func() *rig {
			return newRig(t, testConfig(func(c *Config) {
				config(c)
				c.Storage.Directory = directory
				c.ExternalLabels = map[string]string{"cluster": "eu"}
			}))
		}
		shown := func(r *rig) map[string]dashboard.ActiveAlert {
			all := map[string]dashboard.ActiveAlert{}
			for _, active := range r.active() {
				all[active.Name()] = active
			}
			return all
		}
		since := func(r *rig, name string) float64 {
			points := r.series("ALERTS_FOR_STATE")
			for _, p := range slices.Backward(points) {
				if value, _ := p.Attributes().Get("alertname"); value.AsString() == name {
					return p.DoubleValue()
				}
			}
			return 0
		}
		r := start()
		r.flag(3, 5*time.Minute)
		r.flag(0, 2*time.Minute)
		require.Equal(t, []string{"firing Kept", "firing Plain"}, lines(r.notifications()))
		before, kept, plain := shown(r), since(r, "Kept"), since(r, "Plain")
		require.NotZero(t, kept)
		r.stop()
		time.Sleep(3 * time.Minute)

		r = start()
		assert.Equal(t, before["Kept"].Labels, shown(r)["Kept"].Labels, "before the first evaluation")
		r.flag(0, 10*time.Minute)
		assert.Empty(t, r.notifications())
		for _, name := range []string{"Kept", "Plain"} {
			now := shown(r)[name]
			assert.Equal(t, "firing", now.State, name)
			assert.Equal(t, before[name].Labels, now.Labels, name)
			assert.Equal(t, before[name].StartsAt.UTC(), now.StartsAt.UTC(), name)
			assert.Equal(t, before[name].Annotations, now.Annotations, name)
		}
		assert.InDelta(t, kept, since(r, "Kept"), 1)
		assert.InDelta(t, plain, since(r, "Plain"), 1)
		r.flag(0, 20*time.Minute)
		assert.Equal(t, []string{"resolved Kept"}, lines(r.notifications()), "35 minutes after the last")
		r.stop()
	})
}

// A storm goes on after a restart, too: nobody is notified again, and then of what is resolved.
func TestStormGoesOnAfterARestart(t *testing.T) {
	falseclock.Long(t)
	directory := t.TempDir()
	falseclock.Test(t, func(t *testing.T) {
		const n = 20_000
		start := func() *rig {
			return newRig(t, testConfig(func(c *Config) {
				stormRules(c)
				c.Storage.Directory = directory
			}))
		}
		r := start()
		r.send(storm(n, 1))
		time.Sleep(15 * time.Second)
		synctest.Wait()
		require.Len(t, r.notifications(), n)
		r.stop()
		time.Sleep(30 * time.Second)

		r = start()
		assert.Len(t, r.active(), n, "before the first evaluation")
		for range 3 { // without a sample since the start, and with samples
			time.Sleep(30 * time.Second)
			synctest.Wait()
			assert.Empty(t, r.notifications())
			assert.Len(t, r.active(), n)
			r.send(storm(n, 1))
		}
		r.stop()
		time.Sleep(30 * time.Second)

		r = start()
		r.send(storm(n, 0))
		time.Sleep(15 * time.Second)
		synctest.Wait()
		resolved := r.notifications()
		require.Len(t, resolved, n, "resolved while the processor was stopped")
		for _, alert := range resolved {
			require.Equal(t, alertevent.Resolved, alert.State)
		}
		r.stop()
	})
}

func TestKeepFiringForAcrossARestart(t *testing.T) {
	directory := t.TempDir()
	config := rulesOf(t, `
groups:
  - name: g
    rules:
      - {alert: Kept, expr: flag > 0, keep_firing_for: 30m}
      - {alert: Plain, expr: flag > 0}
`)
	falseclock.Test(t, func(t *testing.T) {
		start := func() *rig {
			return newRig(t, testConfig(func(c *Config) {
				config(c)
				c.Storage.Directory = directory
			}))
		}
		r := start()
		r.flag(1, time.Minute)
		r.flag(0, 10*time.Minute)
		assert.Equal(t, []string{"firing Kept", "firing Plain", "resolved Plain"}, lines(r.notifications()))
		r.stop()
		r = start()
		r.flag(0, 18*time.Minute)
		assert.Empty(t, r.notifications(), "28 minutes")
		r.stop()
		r = start()
		r.flag(0, 3*time.Minute)
		assert.Equal(t, []string{"resolved Kept"}, lines(r.notifications()))
		r.stop()
	})
}

// A severity that a template changes is another alert: the one is resolved, the other
// fires, also within the cooldown.
func TestSeverityThatChangesIsNotified(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			c.Rules = []RuleConfig{{Name: "Flag", Expr: "flag > 0", Severity: "{{ if gt $value 5.0 }}critical{{ else }}warning{{ end }}"}}
		}))
		view := map[string]alertevent.State{}
		for _, step := range []struct {
			value float64
			want  string
		}{{1, "warning"}, {9, "critical"}, {1, "warning"}, {9, "critical"}} {
			r.flag(step.value, time.Minute)
			for _, alert := range r.notifications() {
				view[alert.Severity()] = alert.State
			}
			assert.Equal(t, alertevent.Firing, view[step.want], "%v", step)
		}
	})
}

// However rules fire, are resolved and renamed, and the process is stopped, killed and
// restarted, recipients believe in the end what is true.
func TestLastWordIsTrue(t *testing.T) {
	for seed := range uint64(25) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			directory, rules := t.TempDir(), t.TempDir()
			falseclock.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 1))
				file := ruleFile{t, rules + "/rules.yml"}
				rename := func() {
					file.raw(fmt.Sprintf("groups:\n  - name: g%d\n    rules:\n      - {alert: A, expr: flag == 1}\n      - {alert: B, expr: flag == 2, for: 1m}\n      - {alert: C, expr: flag >= 2, keep_firing_for: 2m}\n", random.IntN(100)))
				}
				rename()
				config := func() *Config {
					return testConfig(func(c *Config) {
						c.RuleFiles = []string{file.path}
						c.Storage.Directory = directory
						c.Cooldown = time.Duration(random.IntN(3)) * 2 * time.Minute
					})
				}
				r := newRig(t, config())
				believed := map[string]alertevent.State{}
				listen := func() {
					for _, alert := range r.notifications() {
						believed[alert.Name()] = alert.State
					}
				}
				value := 0.0
				for range 25 {
					switch random.IntN(6) {
					case 0:
						rename()
					case 1:
						r.stop()
						listen()
						time.Sleep(time.Duration(random.IntN(100)) * time.Second)
						r = newRig(t, config())
					case 2: // the pipeline rejects for a while
						r.full.Store(true)
						r.flag(value, time.Duration(random.IntN(60))*time.Second)
						r.full.Store(false)
					default:
						value = float64(random.IntN(4))
					}
					r.flag(value, time.Duration(15+random.IntN(120))*time.Second)
					listen()
				}
				r.flag(value, 10*time.Minute)
				listen()
				for name, fires := range map[string]bool{"A": value == 1, "B": value == 2, "C": value >= 2} {
					want := alertevent.Resolved
					if fires {
						want = alertevent.Firing
					}
					if got, known := believed[name]; known || fires {
						assert.Equal(t, want, got, "%s with %v", name, value)
					}
				}
				r.stop()
			})
		})
	}
}
