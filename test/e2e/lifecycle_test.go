// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// In half of the starts the health check succeeds within a second; the others may meet
// a busy machine.
func TestStartsWithinASecond(t *testing.T) {
	for name, options := range map[string]func() collector.Options{
		"default": func() collector.Options {
			p, set := quick(t)
			return collector.Options{Configs: []string{"config/default.yaml"}, Set: append(set, "exporters::prometheus::endpoint="+p.page)}
		},
		"production": func() collector.Options { return newSite(t).options },
	} {
		t.Run(name, func(t *testing.T) {
			o := options()
			var took []time.Duration
			for range 10 {
				began := time.Now()
				process := collector.Start(t, o)
				took = append(took, time.Since(began))
				process.Kill()
			}
			slices.Sort(took)
			t.Logf("10 starts: %s to %s, median %s", took[0], took[9], took[5])
			assert.Less(t, took[5], time.Second)
		})
	}
}

// Every backend accepts connections and never responds. The process ends within ten
// seconds of the signal to stop, and all that was acknowledged arrives after a restart.
func TestStopsWithHangingBackends(t *testing.T) {
	for _, withElasticsearch := range []bool{false, true} {
		t.Run("elasticsearch="+strconv.FormatBool(withElasticsearch), func(t *testing.T) {
			s := newSite(t)
			s.options.Configs = append(s.options.Configs, numberedEvent)
			s.options.Env = without(s.options.Env, "SLACK_WEBHOOK_URL")
			gates := s.behindGates(t)
			for _, g := range gates {
				g.hangs.Store(true)
			}
			if !withElasticsearch {
				gates[1].open.Store(true)
			}
			process := collector.Start(t, s.options)
			l := newLoad(t, s, 2)
			require.Eventually(t, func() bool { return l.acked.Load() >= 2*alertEvery }, 60*time.Second, 10*time.Millisecond)
			batches := l.end(t)
			for _, g := range gates {
				require.Eventually(t, func() bool { return g.knocks.Load() > 0 }, 30*time.Second, 20*time.Millisecond)
			}
			began := time.Now()
			killed := process.TerminateOrKill(t, 10*time.Second)
			t.Logf("stopped within %s, killed: %t", time.Since(began), killed)
			assert.False(t, killed, "stops by itself")
			assert.Empty(t, process.Lines("Dropping data"), "nothing is dropped")
			assert.Empty(t, process.Lines("Stopping took too long"))
			assert.Empty(t, s.jaeger.Spans())

			for _, g := range gates {
				g.open.Store(true)
			}
			process = collector.Start(t, s.options)
			s.requireAll(t, batches)
			s.requireEventAlerts(t, batches)
			process.Terminate(t, 20*time.Second)
		})
	}
}
