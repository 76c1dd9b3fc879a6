// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/alerttest"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadatatest"
)

// batches returns the alerts that were sent since the last call, by batch.
func (r *rig) batches() [][]string {
	r.t.Helper()
	var out [][]string
	for _, ld := range r.logsOut.AllLogs() {
		var batch []string
		for record := range alertevent.Records(ld) {
			alert, err := alertevent.Read(record)
			require.NoError(r.t, err)
			require.NotNil(r.t, alert.Group)
			batch = append(batch, string(alert.State)+" "+alert.Name()+" "+alert.Labels["host"])
		}
		out = append(out, batch)
	}
	r.logsOut.Reset()
	return out
}

// flags sends the flags of some hosts for a period.
func (r *rig) flags(period time.Duration, values map[string]float64) {
	for range int(period / (15 * time.Second)) {
		md := pmetric.NewMetrics()
		for host, value := range values {
			alerttest.Gauge("flag", time.Now(), value, "host", host).ResourceMetrics().MoveAndAppendTo(md.ResourceMetrics())
		}
		r.send(md)
		time.Sleep(15 * time.Second)
	}
	synctest.Wait()
}

func TestGroupIsOneNotification(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			flagRule(c)
			costly(c)
			c.Events[0].Name = "Flag" // is one of the group
			c.GroupBy = []string{"alertname"}
		}))
		r.flags(15*time.Second, map[string]float64{"a": 1})
		r.call("gpt-4o", 2)
		assert.Empty(t, r.batches(), "others may join")
		r.flags(45*time.Second, map[string]float64{"a": 1, "b": 1})
		assert.ElementsMatch(t, []string{"firing Flag a", "firing Flag b", "firing Flag "}, r.batches()[0])
		r.flags(2*time.Minute, map[string]float64{"a": 0, "b": 1, "c": 1})
		assert.Empty(t, r.batches(), "the interval runs")
		r.flags(4*time.Minute, map[string]float64{"b": 1, "c": 1})
		batches := r.batches()
		require.Len(t, batches, 1)
		assert.ElementsMatch(t, []string{"firing Flag b", "firing Flag c", "resolved Flag a", "resolved Flag "}, batches[0], "the event is over too")
	})
}

func TestGroupOfARecord(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			flagRule(c)
			c.GroupBy = []string{"alertname", "severity"}
			c.GroupWait = 0
		}))
		r.flags(time.Minute, map[string]float64{"a": 1})
		notifications := r.notifications()
		require.Len(t, notifications, 1, "at once without a wait")
		assert.Equal(t, &alertevent.Group{
			Key:    `{}:{alertname="Flag", severity="warning"}`,
			Labels: map[string]string{"alertname": "Flag", "severity": "warning"},
		}, notifications[0].Group)
	})
}

func TestEventWaitingForItsGroupIsSentAtShutdown(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			costly(c)
			c.GroupBy = []string{"alertname"}
		}))
		r.call("gpt-4o", 2)
		assert.Empty(t, r.notifications())
		r.stop()
		assert.Equal(t, []string{"firing HighCostLLMCall"}, lines(r.notifications()))
	})
}

func TestInhibitedAlertIsNotNotified(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			c.Rules = []RuleConfig{
				{Name: "Warning", Expr: "flag > 0", Severity: "warning"},
				{Name: "Critical", Expr: "flag > 1", Severity: "critical"},
			}
			costly(c)
			c.Events[0].Labels["host"] = "a"
			c.InhibitRules = []InhibitRuleConfig{{
				SourceMatchers: []string{`severity="critical"`},
				TargetMatchers: []string{`severity=~"warning|info"`},
				Equal:          []string{"host"},
			}}
		}))
		r.flags(time.Minute, map[string]float64{"a": 2, "b": 1})
		assert.ElementsMatch(t, []string{"firing Critical", "firing Warning"}, lines(r.notifications()), "the warning of b; both of a began at once")
		critical := r.active()[0]
		assert.Empty(t, critical.Suppressed)
		for _, active := range r.active() {
			if active.Name() == "Warning" && active.Labels["host"] == "a" {
				assert.Equal(t, "inhibited by "+critical.Fingerprint(), active.Suppressed)
			}
		}
		r.call("gpt-4o", 2)
		assert.Empty(t, r.notifications(), "an event is inhibited too")
		r.flags(time.Minute, map[string]float64{"a": 1, "b": 1})
		assert.ElementsMatch(t, []string{"resolved Critical", "firing Warning"}, lines(r.notifications()))
		metadatatest.AssertEqualProcessorAlertNoticesSuppressed(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: 2, Attributes: attribute.NewSet(attribute.String("reason", "inhibited"))},
		}, metricdatatest.IgnoreTimestamp())
	})
}

func TestSilencesOfTheConfiguration(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			flagRule(c)
			costly(c)
			c.Silences = []SilenceConfig{
				{Matchers: []string{`alertname="Flag"`, `host="a"`}, EndsAt: time.Now().Add(10 * time.Minute), Comment: "maintenance"},
				{Matchers: []string{`alertname="HighCostLLMCall"`}},
			}
		}))
		r.flags(time.Minute, map[string]float64{"a": 1, "b": 1})
		r.call("gpt-4o", 2)
		assert.Equal(t, []string{"firing Flag"}, lines(r.notifications()), "of b")
		active := r.active()
		require.Len(t, active, 3)
		shown := map[string]string{}
		for _, a := range active {
			shown[a.Name()+a.Labels["host"]] = a.Suppressed
		}
		assert.Equal(t, map[string]string{"Flaga": "silence silences::0", "Flagb": "", "HighCostLLMCall": "silence silences::1"}, shown)
		silences := r.host.page.alerts.Silences()
		require.Len(t, silences, 2)
		assert.Equal(t, dashboard.Silence{ID: "silences::1", Matchers: []string{`alertname="HighCostLLMCall"`}, Configured: true}, silences[0])
		assert.Equal(t, "maintenance", silences[1].Comment)

		r.flags(10*time.Minute, map[string]float64{"a": 1, "b": 1})
		assert.Equal(t, []string{"firing Flag"}, lines(r.notifications()), "of a, when the silence has ended")

		_, err := r.host.page.alerts.Silence(dashboard.Silence{Matchers: []string{"a=b"}, EndsAt: time.Now().Add(time.Hour)})
		require.ErrorIs(t, err, dashboard.ErrReadOnly)
		require.ErrorIs(t, r.host.page.alerts.Expire("silences::0"), dashboard.ErrReadOnly)
	})
}

func TestSilencesFromThePage(t *testing.T) {
	directory := t.TempDir()
	config := func(c *Config) {
		flagRule(c)
		c.SilencesFromDashboard = true
		c.Storage.Directory = directory
	}
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(config))
		id, err := r.host.page.alerts.Silence(dashboard.Silence{Matchers: []string{`host="a"`}, EndsAt: time.Now().Add(time.Hour), CreatedBy: "me"})
		require.NoError(t, err)
		require.NotEmpty(t, id)
		_, err = r.host.page.alerts.Silence(dashboard.Silence{Matchers: []string{`host=`}, EndsAt: time.Now().Add(time.Hour)})
		require.ErrorContains(t, err, "matchers::0: ")
		r.flags(time.Minute, map[string]float64{"a": 1, "b": 0})
		assert.Empty(t, r.notifications())
		r.stop()

		r = newRig(t, testConfig(config))
		require.Len(t, r.host.page.alerts.Silences(), 1, "persisted across the restart")
		assert.Equal(t, "me", r.host.page.alerts.Silences()[0].CreatedBy)
		r.flags(time.Minute, map[string]float64{"a": 1, "b": 0})
		assert.Empty(t, r.notifications())
		assert.Equal(t, "silence "+id, r.active()[0].Suppressed)

		_, err = r.host.page.alerts.Silence(dashboard.Silence{ID: id, Matchers: []string{`host="b"`}, EndsAt: time.Now().Add(time.Hour)})
		require.NoError(t, err)
		assert.Empty(t, r.active()[0].Suppressed, "at once")
		r.flags(time.Minute, map[string]float64{"a": 1, "b": 1})
		assert.Equal(t, []string{"firing Flag"}, lines(r.notifications()))
		require.NoError(t, r.host.page.alerts.Expire(id))
		r.flags(time.Minute, map[string]float64{"a": 1, "b": 1})
		assert.Equal(t, []string{"firing Flag"}, lines(r.notifications()))
		require.Error(t, r.host.page.alerts.Expire("another"))
	})
}

// Who silences what has happened sees that it is silenced.
func TestSilenceOfAnEvent(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			costly(c)
			c.SilencesFromDashboard = true
		}))
		r.call("gpt-4o", 2)
		assert.Len(t, r.notifications(), 1)
		alerts := r.host.page.alerts
		id, err := alerts.Silence(dashboard.Silence{Matchers: []string{`team="ml"`}, EndsAt: time.Now().Add(time.Hour)})
		require.NoError(t, err)
		assert.Equal(t, "silence "+id, r.active()[0].Suppressed)
		r.call("gpt-4o", 2)
		assert.Empty(t, r.notifications())
		require.NoError(t, alerts.Expire(id))
		assert.Empty(t, r.active()[0].Suppressed)
	})
}

func TestCapOnAlertsAMinute(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			costly(c)
			c.MaxAlertsPerMinute = 3
			c.Events[0].LabelsFrom = []string{"user_id"}
		}))
		for _, user := range []string{"a", "b", "c", "d", "e"} {
			r.call("gpt-4o", 2, "user_id", user)
		}
		assert.Len(t, r.notifications(), 3)
		time.Sleep(time.Minute)
		synctest.Wait()
		notifications := r.notifications()
		require.Equal(t, []string{"firing TooManyAlerts"}, lines(notifications))
		assert.Equal(t, "max_alerts_per_minute is 3. Suppressed alerts: 2 HighCostLLMCall.", notifications[0].Annotations["description"])
		assert.Equal(t, "warning", notifications[0].Severity())
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, []string{"resolved TooManyAlerts"}, lines(r.notifications()))
		metadatatest.AssertEqualProcessorAlertNoticesSuppressed(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: 2, Attributes: attribute.NewSet(attribute.String("reason", "rate_limit"))},
		}, metricdatatest.IgnoreTimestamp())
	})
}

func TestCooldownOfARule(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			flagRule(c)
			own := time.Duration(0)
			c.Rules[0].Cooldown = &own
		}))
		r.flag(1, 30*time.Second)
		r.flag(0, 30*time.Second)
		r.flag(1, 30*time.Second)
		assert.Equal(t, []string{"firing Flag", "resolved Flag", "firing Flag"}, lines(r.notifications()))
	})
}

func TestRestartNotifiesNothingTwice(t *testing.T) {
	directory := t.TempDir()
	config := func(c *Config) {
		costly(c)
		c.Rules = []RuleConfig{
			{Name: "Flag", Expr: "flag > 0"},
			{Name: "Slow", Expr: "flag > 0", For: 10 * time.Minute},
		}
		c.Storage.Directory = directory
		c.Events[0].Cooldown = new(time.Duration)
		*c.Events[0].Cooldown = time.Hour
	}
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(config))
		r.flag(1, 12*time.Minute)
		r.call("gpt-4o", 2)
		assert.Equal(t, []string{"firing Flag", "firing Slow", "firing HighCostLLMCall"}, lines(r.notifications()))
		r.stop()
		assert.Empty(t, r.notifications())

		time.Sleep(2 * time.Minute)
		r = newRig(t, testConfig(config))
		assert.Len(t, r.host.page.alerts.History(0), 3, "the dashboard knows too")
		r.flag(1, 15*time.Minute)
		assert.Equal(t, []string{"resolved HighCostLLMCall"}, lines(r.notifications()), "recipients know of the others")
		r.call("gpt-4o", 2)
		assert.Equal(t, []string{"firing HighCostLLMCall"}, lines(r.notifications()), "it was resolved, and the cooldown goes on")
		r.flag(1, 20*time.Minute)
		r.call("gpt-4o", 2)
		assert.Empty(t, r.notifications(), "it is active as long as its cooldown")
		r.stop()

		time.Sleep(time.Minute)
		r = newRig(t, testConfig(config))
		r.flag(0, 30*time.Second)
		assert.Equal(t, []string{"resolved Flag", "resolved Slow"}, lines(r.notifications()), "what was resolved around the restart, at once")
	})
}

func TestKilledCollectorKnowsWhatItNotified(t *testing.T) {
	directory, copied := t.TempDir(), t.TempDir()
	config := func(directory string) func(c *Config) {
		return func(c *Config) {
			flagRule(c)
			c.Storage.Directory = directory
		}
	}
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(config(directory)))
		r.flag(1, 30*time.Second)
		assert.Equal(t, []string{"firing Flag"}, lines(r.notifications()))
		// What is on the disk now is what a killed process leaves.
		raw, err := os.ReadFile(filepath.Join(directory, stateName))
		require.NoError(t, err)
		r.stop()
		require.NoError(t, os.WriteFile(filepath.Join(copied, stateName), raw, 0o600))
		r = newRig(t, testConfig(config(copied)))
		r.flag(1, 30*time.Second)
		assert.Empty(t, r.notifications())
	})
}

// copyState copies what a process that is killed now leaves of its state.
func copyState(t *testing.T, from, to string) {
	t.Helper()
	for _, name := range []string{stateName, journalName} {
		raw, err := os.ReadFile(filepath.Join(from, name))
		if !errors.Is(err, fs.ErrNotExist) {
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(to, name), raw, 0o600))
		}
	}
}

// An occurrence is on the disk before the batch that raised it is acknowledged, as
// nobody would send that again.
func TestKilledCollectorKnowsPendingOccurrences(t *testing.T) {
	directory, copied := t.TempDir(), t.TempDir()
	config := func(directory string) func(c *Config) {
		return func(c *Config) {
			costly(c)
			c.GroupBy = []string{"alertname"}
			c.Storage.Directory = directory
		}
	}
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(config(directory)))
		require.NoError(t, r.traces.ConsumeTraces(t.Context(), callTraces("gpt-4o", 2)))
		copyState(t, directory, copied) // what a process killed now leaves
		assert.Empty(t, r.notifications(), "the group is waited for")
		r.stop()
		r = newRig(t, testConfig(config(copied)))
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		assert.Equal(t, []string{"firing HighCostLLMCall"}, lines(r.notifications()))
	})
}

// An exporter's queue is full. What it rejected is sent after the restart, whether the
// process was killed or stopped, in its order, and once.
func TestRejectedRecordsAreSentAfterARestart(t *testing.T) {
	killed, stopped := t.TempDir(), t.TempDir()
	config := func(directory string) *Config {
		return testConfig(func(c *Config) {
			costly(c)
			flagRule(c)
			c.Cooldown = 0
			c.Storage.Directory = directory
		})
	}
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, config(stopped))
		r.full.Store(true)
		require.NoError(t, r.traces.ConsumeTraces(t.Context(), callTraces("gpt-4o", 2)))
		r.flag(1, 30*time.Second)
		r.flag(0, 30*time.Second)
		raw, err := os.ReadFile(filepath.Join(stopped, stateName)) // what a process killed now leaves
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(killed, stateName), raw, 0o600))
		r.stopped = true
		for _, c := range r.components() {
			if err := c.Shutdown(t.Context()); c == component.Component(r.logs) {
				require.ErrorContains(t, err, "the queue is full")
			} else {
				require.NoError(t, err)
			}
		}
		for _, directory := range []string{killed, stopped} {
			for _, want := range [][]string{{"firing HighCostLLMCall", "firing Flag", "resolved Flag"}, nil} {
				r = newRig(t, config(directory))
				time.Sleep(20 * time.Second)
				synctest.Wait()
				r.stop()
				assert.Equal(t, want, lines(r.notifications()))
			}
		}
	})
}

// The state is written again when the pipelines have accepted what it has as outgoing.
func TestRecordsAcceptedLateAreNotSentAgain(t *testing.T) {
	directory, copied := t.TempDir(), t.TempDir()
	config := func(directory string) *Config {
		return testConfig(func(c *Config) {
			flagRule(c)
			c.Storage.Directory = directory
		})
	}
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, config(directory))
		r.full.Store(true)
		r.flag(1, time.Minute)
		r.full.Store(false)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		assert.Equal(t, []string{"firing Flag"}, lines(r.notifications()))
		raw, err := os.ReadFile(filepath.Join(directory, stateName))
		require.NoError(t, err)
		r.stop()
		require.NoError(t, os.WriteFile(filepath.Join(copied, stateName), raw, 0o600))
		r = newRig(t, config(copied))
		r.flag(1, 30*time.Second)
		assert.Empty(t, r.notifications())
	})
}

func TestStateThatCannotBeReadIsQuarantined(t *testing.T) {
	directory := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(directory, stateName), []byte(`{"version":`), 0o600))
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			flagRule(c)
			c.Storage.Directory = directory
		}))
		require.Equal(t, 1, r.warnings.Len())
		assert.Contains(t, r.warnings.All()[0].ContextMap()["error"], "quarantined as")
		r.flag(1, 30*time.Second)
		assert.Equal(t, []string{"firing Flag"}, lines(r.notifications()))
		assert.FileExists(t, filepath.Join(directory, stateName+".bad"))
		assert.FileExists(t, filepath.Join(directory, stateName))
	})
}

func TestStateThatCannotBeWritten(t *testing.T) {
	directory := t.TempDir()
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			flagRule(c)
			c.Storage.Directory = directory
			c.Cooldown = 0
		}))
		// A directory in its place cannot be replaced by a file.
		inTheWay := filepath.Join(directory, stateName, "x")
		require.NoError(t, os.MkdirAll(inTheWay, 0o750))
		r.flag(1, 30*time.Second)
		assert.Equal(t, []string{"firing Flag"}, lines(r.notifications()), "notified all the same")
		require.Len(t, r.host.events, 1)
		assert.Equal(t, componentstatus.StatusRecoverableError, r.host.events[0].Status())
		r.flag(0, 30*time.Second)
		require.Len(t, r.host.events, 1, "reported once")
		leftovers, err := filepath.Glob(filepath.Join(directory, "*.tmp-*"))
		require.NoError(t, err)
		assert.Empty(t, leftovers)

		require.NoError(t, os.RemoveAll(filepath.Join(directory, stateName)))
		r.flag(1, 30*time.Second)
		require.Len(t, r.host.events, 2)
		assert.Equal(t, componentstatus.StatusOK, r.host.events[1].Status())
		assert.FileExists(t, filepath.Join(directory, stateName))
	})
}

// A collector that is killed when recipients have been notified, and before it has written its state,
// knows what they believe: an alert that fires again is notified again, and what is resolved is.
func TestKilledAfterANotificationBeforeTheStateIsWritten(t *testing.T) {
	for name, test := range map[string]struct{ first, then, last float64 }{
		"firing, then resolved": {0, 1, 0},
		"resolved, then firing": {1, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			directory, killed := t.TempDir(), t.TempDir()
			falseclock.Test(t, func(t *testing.T) {
				start := func(directory string) *rig {
					return newRig(t, testConfig(func(c *Config) {
						flagRule(c)
						c.Storage.Directory = directory
					}))
				}
				r := start(directory)
				r.flag(test.first, time.Minute)
				r.notifications()
				r.onLogs.Store(new(func() { copyState(t, directory, killed) }))
				r.flag(test.then, 15*time.Second)
				require.Len(t, r.notifications(), 1)
				r.stop()

				r = start(killed)
				r.flag(test.last, time.Minute)
				notifications := r.notifications()
				require.NotEmpty(t, notifications)
				want := alertevent.Resolved
				if test.last > 0 {
					want = alertevent.Firing
				}
				assert.Equal(t, want, notifications[len(notifications)-1].State)
				r.stop()
			})
		})
	}
}
