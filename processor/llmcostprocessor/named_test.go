// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

// eventOf makes a log event of a call that does not name its model, written in a span.
func eventOf(trace, span byte, input int64, at time.Time) telemetry {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "shop")
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName("gcp.vertex.agent")
	lr := sl.LogRecords().AppendEmpty()
	lr.SetEventName("gen_ai.client.inference.operation.details")
	lr.SetTraceID(pcommon.TraceID{trace})
	lr.SetSpanID(pcommon.SpanID{span})
	lr.SetTimestamp(pcommon.NewTimestampFromTime(at))
	lr.Attributes().PutInt("gen_ai.usage.input_tokens", input)
	lr.Attributes().PutInt("gen_ai.usage.output_tokens", 100)
	return telemetry{logs: &ld}
}

// Google's ADK writes an event of each call, which has neither the model nor the user.
// The span that it is written in has them: that of the call, or that of the agent where
// OpenInference leaves the spans of calls out. Whatever comes first, and whenever the process restarts, the
// call has the model, its price and the user; and no counter decreases.
func TestModelOfTheSpanAround(t *testing.T) {
	for seed := range 15 {
		falseclock.Test(t, func(t *testing.T) {
			wakeUp()
			at := morning.Add(-5 * time.Second)
			span := func(operation, model string, id, parent byte, change ...func(ptrace.Span)) telemetry {
				td := callSpan(append([]func(ptrace.Span){
					noTokens, put("gen_ai.operation.name", operation), put("gen_ai.request.model", model), put("user.id", "ada"),
				}, change...)...)
				s := firstSpan(td)
				s.SetTraceID(pcommon.TraceID{9})
				s.SetSpanID(pcommon.SpanID{id})
				s.SetParentSpanID(pcommon.SpanID{})
				if parent != 0 {
					s.SetParentSpanID(pcommon.SpanID{parent})
				}
				s.SetStartTimestamp(pcommon.NewTimestampFromTime(at))
				s.SetEndTimestamp(pcommon.NewTimestampFromTime(at.Add(4 * time.Second)))
				return telemetry{spans: &td}
			}
			sent := []telemetry{
				span("invoke_workflow", "", 1, 0, put("gen_ai.request.model", nil), put("gen_ai.provider.name", nil), put("user.id", nil)),
				span("invoke_agent", "gpt-4o-mini", 2, 1),
				eventOf(9, 2, 1000, at.Add(time.Second)),
				eventOf(9, 2, 2000, at.Add(3*time.Second)),
				span("chat", "gpt-4o", 3, 2, put("user.id", nil)),
				eventOf(9, 3, 3000, at.Add(4*time.Second)),
			}
			random := rand.New(rand.NewPCG(uint64(seed), 4))
			random.Shuffle(len(sent), func(i, j int) { sent[i], sent[j] = sent[j], sent[i] })
			m := &memory{}
			p, e := newPage()
			r := newRig(t, withStorage(withUsers), m.extension(), e)
			counters, called := readings{}, false
			for i, one := range sent {
				send(r, one)
				called = called || one.logs != nil
				if random.IntN(3) == 0 {
					send(r, sent[random.IntN(i+1)]) // again
				}
				switch restart := random.IntN(4); {
				case restart == 0 && called: // spans are persisted with the first call of their trace
					m = m.copy()
					p, e = newPage()
					r = newRig(t, withStorage(withUsers), m.extension(), e)
				case restart == 1:
					r.stop()
					counters = raised(t, counters, latest(r.metricsOut))
					p, e = newPage()
					r = newRig(t, withStorage(withUsers), m.extension(), e)
				default:
					time.Sleep(15 * time.Second)
				}
			}
			rows, err := p.usage.Usage(dashboard.Query{From: morning.Add(-time.Hour), To: morning.Add(time.Hour), GroupBy: []string{dashboard.Model, "user.id"}})
			require.NoError(t, err)
			rows = slices.DeleteFunc(rows, func(row dashboard.Row) bool { return row.Usage.Calls == 0 && row.Usage.Dollars == 0 })
			require.Len(t, rows, 2, "seed %d", seed)
			for _, row := range rows {
				assert.Equal(t, "ada", row.Group[1], "seed %d", seed)
			}
			mini, big := rows[0], rows[1]
			if mini.Group[0] != "gpt-4o-mini" {
				mini, big = big, mini
			}
			assert.Equal(t, "gpt-4o-mini", mini.Group[0])
			assert.EqualValues(t, 2, mini.Usage.Calls, "seed %d", seed)
			assert.InDelta(t, (3000*0.15+200*0.60)/1e6, mini.Usage.Dollars, 1e-12, "seed %d", seed)
			assert.EqualValues(t, 1, big.Usage.Calls, "seed %d", seed)
			assert.InDelta(t, (3000*2.50+100*10)/1e6, big.Usage.Dollars, 1e-12, "seed %d", seed)
			raised(t, counters, r.totals())
		})
	}
}

func withUsers(c *Config) { c.Dimensions = append(c.Dimensions, DimensionConfig{Name: "user.id"}) }

// A gateway answers with a name of its own. What was asked for is in the parameters alone,
// as OpenInference and MLflow have it.
func TestModelOfTheParametersIsPriced(t *testing.T) {
	r := newRig(t, testConfig(nil))
	alias := []func(ptrace.Span){
		put("gen_ai.request.model", nil), put("openinference.span.kind", "LLM"), put("llm.provider", "openai"), put("llm.model_name", "team-chat-7"),
		put("llm.invocation_parameters", `{"model": "gpt-4o", "temperature": 0}`),
	}
	direct := r.price(nested(nil))
	want, priced := spanAt(direct, 0).Attributes().Get(attrCost)
	require.True(t, priced)
	got, priced := spanAt(r.price(nested(alias)), 0).Attributes().Get(attrCost)
	require.True(t, priced)
	assert.Equal(t, want.Double(), got.Double())
	unknown := r.price(nested(append(alias, put("llm.invocation_parameters", `{"model": "team-chat"}`))))
	assert.Equal(t, map[string]any{attrStatus: outcomeUnpriced}, written(spanAt(unknown, 0).Attributes()))
}
