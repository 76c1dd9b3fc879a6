// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

func adjustedConfig(t *testing.T, change func(*Config)) *Config {
	t.Helper()
	file := t.TempDir() + "/prices.yaml"
	writeFile(t, file, `
adjustments:
  - {dimensions: {team: research}, percent: "-10"}
  - {provider: openai, dimensions: {team: research, user.id: ada}, percent: "50"}
  - {provider: anthropic, dimensions: {team: research}, percent: "-100"}
`)
	return testConfig(func(c *Config) {
		c.Dimensions = dimensionsOf("service.name", "team", "user.id")
		c.Prices.Files = []string{file}
		if change != nil {
			change(c)
		}
	})
}

func TestAdjustmentsByDimension(t *testing.T) {
	r := newRig(t, adjustedConfig(t, nil))
	cost := func(change ...func(ptrace.Span)) any {
		return written(firstSpan(r.price(callSpan(change...))).Attributes())[attrCost]
	}
	assert.Equal(t, 0.0075, cost())
	assert.Equal(t, 0.0075, cost(put("team", "sales")))
	assert.Equal(t, 0.00675, cost(put("team", "research")))
	assert.Equal(t, 0.010125, cost(put("team", "research"), put("user.id", "ada")))
	ofResource := callSpan()
	ofResource.ResourceSpans().At(0).Resource().Attributes().PutStr("team", "research")
	assert.Equal(t, 0.00675, written(firstSpan(r.price(ofResource)).Attributes())[attrCost])
	assert.InDelta(t, 2*0.0075+2*0.00675+0.010125, r.totals()["arc_llm_cost_dollars{model=gpt-4o}"], 1e-15)
}

// A team that only a span around the call knows changes what the call costs, whatever
// arrives first, and also after a restart.
func TestAdjustmentsFollowTheDimensions(t *testing.T) {
	trace, call, root := pcommon.TraceID{7}, pcommon.SpanID{1}, pcommon.SpanID{2}
	child := func() ptrace.Traces {
		return callSpan(func(s ptrace.Span) { s.SetTraceID(trace); s.SetSpanID(call); s.SetParentSpanID(root) })
	}
	agent := func() ptrace.Traces {
		return callSpan(func(s ptrace.Span) {
			s.SetTraceID(trace)
			s.SetSpanID(root)
			s.Attributes().Clear()
			s.Attributes().PutStr("team", "research")
			s.Attributes().PutStr("gen_ai.operation.name", "invoke_agent")
		})
	}
	m := &memory{}
	stored := func(c *Config) { c.Storage = &storageID }
	for name, order := range map[string][]func() ptrace.Traces{
		"the agent first": {agent, child}, "the call first": {child, agent}, "the call twice": {child, agent, child},
	} {
		r := newRig(t, adjustedConfig(t, nil))
		for _, next := range order {
			r.price(next())
		}
		assert.InDelta(t, 0.00675, spent(t, r), 1e-15, name)
	}
	r := newRig(t, adjustedConfig(t, stored), m.extension())
	r.price(child())
	assert.InDelta(t, 0.0075, spent(t, r), 1e-15)
	r.stop()
	r = newRig(t, adjustedConfig(t, stored), m.extension())
	r.price(agent())
	assert.InDelta(t, 0.00675, spent(t, r), 1e-15)
}

// spent is the cost of the calls that the rig remembers in the ledger.
func spent(t *testing.T, r *rig) (sum float64) {
	t.Helper()
	rows, err := usageSource{r.core()}.Usage(dashboard.Query{From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour)})
	require.NoError(t, err)
	for _, row := range rows {
		sum += row.Usage.Dollars
	}
	return sum
}

func TestAdjustmentOfAnUnknownDimension(t *testing.T) {
	cfg := adjustedConfig(t, func(c *Config) { c.Dimensions = dimensionsOf("team") })
	assert.ErrorContains(t, cfg.Validate(), `prices.yaml:4: adjustments[1].dimensions: "user.id" is none of the dimensions of the configuration, team`)
}
