// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notifiers

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor"
)

// alerting is an alert processor whose alerts every notifier of a world is given.
type alerting struct {
	*world
	random    *rand.Rand
	rules     string // the file
	directory string
	levels    []float64 // by which the rules fire, of each i
	metrics   processor.Metrics
	logs      processor.Logs
	killed    *atomic.Bool // nothing leaves the processor any more
}

// The rules: Page of level 1, Warn of level 2 and above for half a minute, and Info of 3,
// kept for two minutes.
func (a *alerting) writeRules() {
	const rule = "      - {alert: %s, expr: level %s, labels: {severity: %s}%s}\n"
	page, warn, info := fmt.Sprintf(rule, "Page", "== 1", "page", ""), fmt.Sprintf(rule, "Warn", ">= 2", "warning", ", for: 30s"), fmt.Sprintf(rule, "Info", "== 3", "info", ", keep_firing_for: 2m")
	// Groups are renamed, and rules move between them.
	groups := [2]string{}
	for _, one := range []string{page, warn, info} {
		groups[a.random.IntN(2)] += one
	}
	var content strings.Builder
	content.WriteString("groups:\n")
	for i, rules := range groups {
		if rules != "" {
			fmt.Fprintf(&content, "  - name: g%d\n    rules:\n%s", i+2*a.random.IntN(2), rules)
		}
	}
	require.NoError(a.t, os.WriteFile(a.rules, []byte(content.String()), 0o600))
}

func (a *alerting) run() {
	a.start()
	factory := alertprocessor.NewFactory()
	cfg := factory.CreateDefaultConfig()
	require.NoError(a.t, confmap.NewFromStringMap(map[string]any{
		"rule_files": []any{a.rules}, "storage": map[string]any{"directory": a.directory}, "cooldown": "1m",
	}).Unmarshal(cfg))
	require.NoError(a.t, confmap.Validate(cfg))
	set := processortest.NewNopSettings(factory.Type())
	set.ID = component.NewID(factory.Type())
	killed := &atomic.Bool{}
	a.killed = killed
	running := a.running
	next, err := consumer.NewLogs(func(ctx context.Context, ld plog.Logs) error {
		if killed.Load() {
			return errors.New("killed")
		}
		var errs []error
		for _, e := range running {
			errs = append(errs, e.ConsumeLogs(ctx, ld))
		}
		return errors.Join(errs...)
	})
	require.NoError(a.t, err)
	a.metrics, err = factory.CreateMetrics(a.t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(a.t, err)
	a.logs, err = factory.CreateLogs(a.t.Context(), set, cfg, next)
	require.NoError(a.t, err)
	for _, c := range []component.Component{a.logs, a.metrics} {
		require.NoError(a.t, c.Start(a.t.Context(), componenttest.NewNopHost()))
	}
}

func (a *alerting) end() {
	for _, c := range []component.Component{a.metrics, a.logs} {
		_ = c.Shutdown(context.Background()) // after a kill there is an error
	}
	a.stop()
}

// kill ends the process without a shutdown: what is on the disk at that moment stays.
func (a *alerting) kill() {
	synctest.Wait()
	left := filepath.Join(a.t.TempDir(), "left")
	storage := a.storage.clone()
	require.NoError(a.t, os.CopyFS(left, os.DirFS(a.directory)))
	a.killed.Store(true)
	before := map[string]fault{}
	for name, v := range a.vendors {
		v.mu.Lock()
		before[name], v.fault = v.fault, refuses
		v.mu.Unlock()
	}
	a.end()
	for name, f := range before {
		a.vendors[name].set(f)
	}
	a.directory, a.storage = left, storage
}

// pass lets time pass, in which the application reports its levels.
func (a *alerting) pass(period time.Duration) {
	for range int(period / (15 * time.Second)) {
		md := pmetric.NewMetrics()
		rm := md.ResourceMetrics().AppendEmpty()
		rm.Resource().Attributes().PutStr("service.name", "app")
		m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		m.SetName("level")
		points := m.SetEmptyGauge().DataPoints()
		for i, level := range a.levels {
			p := points.AppendEmpty()
			p.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
			p.SetDoubleValue(level)
			p.Attributes().PutStr("i", strconv.Itoa(i))
		}
		require.NoError(a.t, a.metrics.ConsumeMetrics(a.t.Context(), md))
		time.Sleep(15 * time.Second)
	}
	synctest.Wait()
}

// However alerts fire and are resolved, rules are moved and groups renamed, the process
// is stopped and killed, and vendors fail in any way, in the end the recipients at each
// vendor believe what is true, and no vendor was called without measure.
func TestLastWordReachesEveryVendor(t *testing.T) {
	falseclock.Long(t)
	for seed := range uint64(12) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			w := newWorld(t)
			rules, directory := filepath.Join(t.TempDir(), "rules.yml"), t.TempDir()
			falseclock.Test(t, func(t *testing.T) {
				w.t = t
				a := &alerting{world: w, random: rand.New(rand.NewPCG(seed, 22)), rules: rules, directory: directory, levels: make([]float64, 6)}
				a.writeRules()
				a.run()
				began := time.Now()
				for range 20 {
					switch a.random.IntN(8) {
					case 0:
						a.writeRules()
					case 1:
						a.end()
						time.Sleep(time.Duration(a.random.IntN(90)) * time.Second)
						a.run()
					case 2:
						a.kill()
						time.Sleep(time.Duration(a.random.IntN(90)) * time.Second)
						a.run()
					case 3, 4:
						for _, v := range a.vendors {
							if a.random.IntN(2) == 0 {
								v.set(fault(a.random.IntN(int(faults))))
							}
						}
					default:
						for i := range a.levels {
							a.levels[i] = float64(a.random.IntN(4))
						}
					}
					a.pass(time.Duration(15+a.random.IntN(100)) * time.Second)
				}
				for _, v := range a.vendors {
					v.set(healthy)
				}
				a.pass(12 * time.Minute)
				minutes := time.Since(began).Minutes()
				for name, v := range a.vendors {
					believed := v.believed
					if name == "email" {
						believed = a.smtp.believed
					}
					view := believed()
					for i, level := range a.levels {
						for rule, fires := range map[string]bool{"Page": level == 1, "Warn": level >= 2, "Info": level == 3} {
							alert := rule + strconv.Itoa(i)
							want := "resolved"
							if fires {
								want = "firing"
							}
							if got, known := view[alert]; known || fires {
								assert.Equal(t, want, got, "%s: %s, level %v", name, alert, level)
							}
						}
					}
					assert.Less(t, float64(v.requests), 60*minutes, name)
				}
				a.end()
			})
		})
	}
}
