// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadatatest"
)

func TestPricesAreReloaded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "prices.yaml")
	save := func(content string) {
		// As an editor and as Kubernetes do: another file in its place.
		require.NoError(t, os.WriteFile(file+"~", []byte(content), 0o600))
		require.NoError(t, os.Rename(file+"~", file))
	}
	save(`models: [{name: gpt-4o, prices: [{input: "1", output: "2"}]}]`)
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(func(c *Config) { c.Prices.Files = []string{file} }))
		cost := func() any { return written(firstSpan(r.price(callSpan())).Attributes())[attrCost] }
		poll := func() { time.Sleep(filesInterval); synctest.Wait() }

		assert.Equal(t, 0.002, cost())
		save(`models: [{name: gpt-4o, prices: [{input: "2", output: "4"}]}]`)
		assert.Equal(t, 0.002, cost(), "until the next poll")
		poll()
		assert.Equal(t, 0.004, cost())

		save(`models: [{name: gpt-4o, prices: [{input: "3", output: "four"}]}]`)
		poll()
		assert.Equal(t, 0.004, cost(), "a wrong file changes nothing")
		last := func() *componentstatus.Event { events := r.host.reported(); return events[len(events)-1] }
		require.NotEmpty(t, r.host.reported())
		assert.Equal(t, componentstatus.StatusRecoverableError, last().Status())
		assert.ErrorContains(t, last().Err(), `prices[0].output: "four"`)
		require.NoError(t, os.Remove(file))
		poll()
		assert.Equal(t, 0.004, cost(), "nor does one that is gone")

		save(`models: [{name: gpt-4o, prices: [{input: "4", output: "8"}]}]`)
		poll()
		assert.Equal(t, 0.008, cost())
		assert.Equal(t, componentstatus.StatusOK, last().Status())
		poll()

		metadatatest.AssertEqualProcessorLlmCostPriceReloads(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Attributes: attribute.NewSet(attribute.String("outcome", "success")), Value: 2},
			{Attributes: attribute.NewSet(attribute.String("outcome", "failure")), Value: 2},
		}, metricdatatest.IgnoreTimestamp())
		metadatatest.AssertEqualProcessorLlmCostPriceResolutions(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: 3},
		}, metricdatatest.IgnoreTimestamp())
	})
}

func TestPriceDependsOnTierAndSearches(t *testing.T) {
	for name, tt := range map[string]struct {
		change []func(ptrace.Span)
		want   float64
	}{
		"standard":               {nil, 0.0075},
		"default":                {[]func(ptrace.Span){put("openai.response.service_tier", "default")}, 0.0075},
		"batch, set by hand":     {[]func(ptrace.Span){put("arc.llm.service_tier", "batch")}, 0.00375},
		"priority":               {[]func(ptrace.Span){put("openai.response.service_tier", "priority")}, 0.01275},
		"asked for, not granted": {[]func(ptrace.Span){put("openai.request.service_tier", "priority"), put("openai.response.service_tier", "default")}, 0.0075},
		"a tier without a price": {[]func(ptrace.Span){put("openai.response.service_tier", "flex")}, 0.0075},
		"three searches":         {[]func(ptrace.Span){put("gen_ai.usage.server_tool_use.web_search_requests", 3)}, 0.0375},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, testConfig(nil))
			assert.Equal(t, tt.want, written(firstSpan(r.price(callSpan(tt.change...))).Attributes())[attrCost])
		})
	}
}
