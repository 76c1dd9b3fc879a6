// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"bytes"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

// countingUsage is a source that knows what has passed.
type countingUsage struct {
	ledger
	passed atomic.Pointer[dashboard.Traffic]
}

type ledger = dashboard.Usage

func (*countingUsage) Arrivals() dashboard.Arrivals { return dashboard.Arrivals{} }

func (u *countingUsage) Traffic() dashboard.Traffic { return *u.passed.Load() }

func TestTerminal(t *testing.T) {
	for encoding, wantBanner := range map[string]bool{"console": true, "json": false} {
		t.Run(encoding, func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				r := newRig(t)
				core, logs := observer.New(zap.InfoLevel)
				var terminal bytes.Buffer
				r.server.set.Logger, r.server.terminal = zap.New(core), &terminal
				r.server.set.BuildInfo.Version = "1.2.3"
				r.server.host = componenttest.NewNopHost()
				r.server.conf = map[string]any{"service": map[string]any{"telemetry": map[string]any{"logs": map[string]any{"encoding": encoding}}}}
				counted := &countingUsage{ledger: r.usage}
				counted.passed.Store(&dashboard.Traffic{})
				t.Cleanup(r.server.ShowUsage(component.MustNewIDWithName("llm_cost", "counting"), counted))
				require.NoError(t, r.server.Ready())
				assert.Equal(t, wantBanner, terminal.Len() > 0)
				if wantBanner {
					assert.Contains(t, terminal.String(), "otelcol-arc 1.2.3 is ready")
				} else {
					assert.Equal(t, 1, logs.FilterMessage("Collector is ready").Len())
				}
				counted.passed.Store(&dashboard.Traffic{Spans: 1200, LogRecords: 3, Outcomes: map[string]int64{"priced": 2, "unpriced": 1, "duplicate": 5}})
				time.Sleep(reportInterval + time.Second)
				lines := logs.FilterMessageSnippet("Last minute").All()
				require.Len(t, lines, 1)
				assert.Regexp(t, `^Last minute: 1,200 spans, 3 log records, 0 data points, 3 of them report calls \(1 unpriced\); today \(UTC\): [\d,]+ calls?, \$[\d.,]+; \d+ alerts? firing$`, lines[0].Message)

				time.Sleep(reportInterval)
				lines = logs.FilterMessageSnippet("Last minute").All()
				require.Len(t, lines, 2)
				assert.Contains(t, lines[1].Message, "0 spans, 0 log records, 0 data points, 0 of them report calls;")

				minutes := data[trafficJSON](r, "/api/traffic").Minutes
				require.Len(t, minutes, 3)
				assert.Equal(t, int64(1200), minutes[0].Spans)
				assert.Equal(t, map[string]int64{"priced": 2, "unpriced": 1, "duplicate": 5}, minutes[0].Outcomes)
				assert.Zero(t, minutes[1].Spans+minutes[2].Spans)
				require.NoError(t, r.server.NotReady())
				r.server.serving.Wait()
			})
		})
	}
}

func TestTrafficIsBounded(t *testing.T) {
	var kept traffic
	for i := range int64(3 * trafficMinutes) {
		kept.record(rigNow, dashboard.Traffic{Spans: i})
	}
	minutes := kept.current(rigNow, dashboard.Traffic{Spans: 3 * trafficMinutes})
	assert.Len(t, minutes, trafficMinutes+1)
	for _, minute := range minutes {
		assert.Equal(t, int64(1), minute.passed.Spans)
	}
}
