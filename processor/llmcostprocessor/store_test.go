// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

func stored(cfg *Config) { cfg.Storage = &storageID }

// identity is where a metric comes from and since when.
func identity(t *testing.T, r *rig) (instance string, start pcommon.Timestamp) {
	t.Helper()
	all := r.gotMetrics.AllMetrics()
	require.NotEmpty(t, all)
	rm := all[len(all)-1].ResourceMetrics().At(0)
	id, _ := rm.Resource().Attributes().Get("service.instance.id")
	for _, m := range rm.ScopeMetrics().At(0).Metrics().All() {
		if m.Type() == pmetric.MetricTypeSum {
			return id.AsString(), m.Sum().DataPoints().At(0).StartTimestamp()
		}
	}
	return id.AsString(), 0
}

// A restart goes on where the last run ended: the same series, since the same time.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		setClock()
		d := &disk{}
		r := newRig(t, stored).on(d)
		r.start(t)
		require.NoError(t, r.traces.ConsumeTraces(t.Context(), traces(t, span{id: 1}, span{id: 2, at: today.Add(-2 * time.Hour)})))
		r.stop(t)
		instance, start := identity(t, r)
		assert.Zero(t, d.open, "the storage was closed")

		for i := range 3 {
			time.Sleep(time.Minute)
			r = newRig(t, stored).on(d)
			r.settings.Resource.Attributes().PutStr("service.instance.id", "another")
			r.start(t)
			require.NoError(t, r.traces.ConsumeTraces(t.Context(), traces(t, span{id: byte(10 + i)})))
			r.stop(t)
			gotInstance, gotStart := identity(t, r)
			assert.Equal(t, instance, gotInstance)
			assert.Equal(t, start, gotStart)
			s := r.series()
			assert.Equal(t, float64(3+i), s["arc_llm_calls_total gpt-4o success"])
			assert.InDelta(t, float64(3+i)*0.0075, s["arc_llm_cost_dollars gpt-4o"], 1e-12)
			assert.Equal(t, float64(2+i), s["arc_llm_hourly_calls gpt-4o"])
		}
	})
}

// Killed, the processor has lost at most what came after the last interval.
func TestSavedEveryInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		setClock()
		d := &disk{}
		r := newRig(t, stored).on(d)
		r.start(t)
		require.NoError(t, r.traces.ConsumeTraces(t.Context(), traces(t, span{id: 1})))
		time.Sleep(r.cfg.MetricsInterval + time.Millisecond)
		assert.NotEmpty(t, d.read(keyTotals))
		r.stop(t)
	})
}

func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		setClock()
		d := &disk{}
		r := newRig(t, stored).on(d)
		r.start(t)
		d.fill(true)
		require.NoError(t, r.traces.ConsumeTraces(t.Context(), traces(t, span{id: 1})))
		time.Sleep(r.cfg.MetricsInterval + time.Millisecond)
		assert.Equal(t, 1., r.series()["arc_llm_calls_total gpt-4o success"], "the telemetry goes on")
		assert.Equal(t, 1, r.log.FilterMessageSnippet("Cannot write the ledger").Len())
		d.fill(false)
		time.Sleep(r.cfg.MetricsInterval)
		assert.NotEmpty(t, d.read(keyTotals), "it is written when there is room again")
		r.stop(t)
	})
}

// What is damaged is set aside, and the rest is used.
func TestDamagedStorage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		setClock()
		d := &disk{}
		r := newRig(t, stored).on(d)
		r.start(t)
		require.NoError(t, r.traces.ConsumeTraces(t.Context(), traces(t, span{id: 1})))
		r.stop(t)
		require.NoError(t, d.Set(t.Context(), keyTotals, []byte("{")))

		r = newRig(t, stored).on(d)
		r.start(t)
		require.NoError(t, r.traces.ConsumeTraces(t.Context(), traces(t, span{id: 2})))
		r.stop(t)
		assert.Equal(t, 1, r.log.FilterMessageSnippet("damaged").Len())
		assert.Equal(t, []byte("{"), d.read(keyDamaged+keyTotals))
		assert.Equal(t, 1., r.series()["arc_llm_calls_total gpt-4o success"])
		assert.Equal(t, 2., r.series()["arc_llm_hourly_calls gpt-4o"])
	})
}

func TestStorageThatIsNotThere(t *testing.T) {
	r := newRig(t, stored)
	require.ErrorContains(t, r.traces.Start(t.Context(), componenttest.NewNopHost()), "storage: there is no extension")
	r.stopUnstarted(t)
}
