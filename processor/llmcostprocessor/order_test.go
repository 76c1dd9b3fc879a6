// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"math/rand/v2"
	"slices"
	"strings"
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

// telemetry is one request: spans or log records.
type telemetry struct {
	spans *ptrace.Traces
	logs  *plog.Logs
}

// reports are records of four calls: an agent around a framework's span around that of an
// SDK, with a log event of it; two parallel equal calls of one scope; and a failed one
// that two instrumentations report.
func reports() (all []telemetry) {
	at := func(millis int) pcommon.Timestamp {
		return pcommon.NewTimestampFromTime(morning.Add(time.Duration(millis-5000) * time.Millisecond))
	}
	span := func(scope string, id, parent byte, trace byte, start, end int, change ...func(ptrace.Span)) {
		td := callSpan()
		td.ResourceSpans().At(0).ScopeSpans().At(0).Scope().SetName(scope)
		s := firstSpan(td)
		s.SetTraceID(pcommon.TraceID{trace})
		s.SetSpanID(pcommon.SpanID{id})
		s.SetParentSpanID(pcommon.SpanID{})
		if parent != 0 {
			s.SetParentSpanID(pcommon.SpanID{parent})
		}
		s.SetStartTimestamp(at(start))
		s.SetEndTimestamp(at(end))
		for _, f := range change {
			f(s)
		}
		all = append(all, telemetry{spans: &td})
	}
	plain := func(s ptrace.Span) { s.Attributes().Clear() }
	cached := put("gen_ai.usage.cache_read.input_tokens", 600)
	span("agents", 1, 0, 1, 0, 2000, put("gen_ai.operation.name", "invoke_agent"), put("gen_ai.agent.name", "researcher"))
	span("framework", 2, 1, 1, 100, 1900)
	span("retries", 3, 2, 1, 110, 1890, plain)
	span("sdk", 4, 3, 1, 120, 1910, cached, put("gen_ai.response.id", "chatcmpl-1"))
	span("sdk", 5, 1, 1, 200, 1000, put("gen_ai.usage.input_tokens", 77))
	span("sdk", 6, 1, 1, 210, 990, put("gen_ai.usage.input_tokens", 77))
	span("sdk", 7, 0, 2, 10, 300, noTokens, failed)
	span("framework", 8, 0, 3, 0, 301, noTokens, failed)
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "shop")
	lr := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	lr.SetEventName("gen_ai.client.inference.operation.details")
	lr.SetTraceID(pcommon.TraceID{1})
	lr.SetSpanID(pcommon.SpanID{4})
	lr.SetTimestamp(at(1910))
	firstSpan(*all[3].spans).Attributes().CopyTo(lr.Attributes())
	return append(all, telemetry{logs: &ld})
}

func send(r *rig, one telemetry) {
	if one.spans != nil {
		own := ptrace.NewTraces()
		one.spans.CopyTo(own)
		r.price(own)
		return
	}
	own := plog.NewLogs()
	one.logs.CopyTo(own)
	r.priceLogs(own)
}

// In whatever order and batches the records of calls arrive, over pipelines of two
// signals and restarts and kills between them, the ledger is the same; and no counter
// ever decreases.
func TestOrderAcrossBatchesAndRestarts(t *testing.T) {
	var want []dashboard.Row
	for seed := range 25 {
		falseclock.Test(t, func(t *testing.T) {
			wakeUp()
			random := rand.New(rand.NewPCG(uint64(seed), 3))
			sent := reports()
			random.Shuffle(len(sent), func(i, j int) { sent[i], sent[j] = sent[j], sent[i] })
			m := &memory{}
			p, e := newPage()
			r := newRig(t, withStorage(nil), m.extension(), e)
			counters := readings{}
			called := false // spans of a trace are persisted with its first call
			for i, one := range sent {
				send(r, one)
				called = called || one.spans != nil && isCallOfTheAgent(firstSpan(*one.spans))
				if random.IntN(3) == 0 {
					send(r, sent[random.IntN(i+1)]) // again
				}
				restart := random.IntN(4)
				if !called {
					restart = -1
				}
				switch restart {
				case 0: // a kill, after which another process reads what is stored
					m = m.copy() // the ledger may be saved at this moment
					p, e = newPage()
					r = newRig(t, withStorage(nil), m.extension(), e)
				case 1:
					r.stop()
					counters = raised(t, counters, latest(r.metricsOut))
					p, e = newPage()
					r = newRig(t, withStorage(nil), m.extension(), e)
				default:
					time.Sleep(15 * time.Second)
				}
			}
			rows, err := p.usage.Usage(dashboard.Query{From: morning.Add(-time.Hour), To: morning.Add(time.Hour), GroupBy: []string{dashboard.Model, attrAgent}})
			require.NoError(t, err)
			rows = slices.DeleteFunc(rows, func(row dashboard.Row) bool { return row.Usage.Calls == 0 && row.Usage.Dollars == 0 })
			if want == nil {
				want = rows
				require.Len(t, rows, 2)
				assert.Equal(t, []any{int64(1), int64(1)}, []any{rows[0].Usage.Calls, rows[0].Usage.Errors}, "the one that failed has no agent")
				assert.Equal(t, "researcher", rows[1].Group[1])
				assert.EqualValues(t, 3, rows[1].Usage.Calls)
				// (400 × 2.50 + 600 × 1.25 + 500 × 10 + 2 × (77 × 2.50 + 500 × 10)) per million
				assert.InDelta(t, 0.017135, rows[1].Usage.Dollars, 1e-12)
			}
			assert.Equal(t, want, rows, "seed %d", seed)
			raised(t, counters, r.totals())
		})
	}
}

func isCallOfTheAgent(s ptrace.Span) bool {
	operation, ok := s.Attributes().Get("gen_ai.operation.name")
	return ok && s.TraceID() == pcommon.TraceID{1} && operation.Str() == "chat"
}

// raised makes sure that no counter is below what it was.
func raised(t *testing.T, before, after readings) readings {
	t.Helper()
	for name, value := range before {
		if strings.HasPrefix(name, "arc_llm_hourly") {
			continue
		}
		assert.GreaterOrEqual(t, after[name], value, name)
	}
	return after
}

// What was merged into a call is listed with it.
func TestMergedRecordsAreListed(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		p, e := newPage()
		r := newRig(t, testConfig(nil), e)
		for _, one := range reports() {
			send(r, one)
		}
		rules := map[string]int{}
		for _, call := range p.usage.Calls(dashboard.CallQuery{}) {
			for _, merged := range call.Merged {
				rules[merged.Rule]++
			}
		}
		assert.Equal(t, map[string]int{"same_span": 1, "nested": 1, "concurrent": 1}, rules)
		listed := p.usage.Calls(dashboard.CallQuery{MergedBy: "concurrent"})
		require.Len(t, listed, 1)
		assert.Equal(t, "error", listed[0].Status)
		off, e := newPage()
		r = newRig(t, testConfig(func(c *Config) { c.Dedup.PairByTime = false }), e)
		for _, one := range reports() {
			send(r, one)
		}
		assert.Len(t, off.usage.Calls(dashboard.CallQuery{}), 5, "the heuristic is switched off")
	})
}

// The spans around a call are known if the process is restarted before the call is sent.
// A process that is killed has persisted only the spans of traces with calls: the call
// then counts once, but without an agent, user or session.
func TestRestartBeforeTheFirstCall(t *testing.T) {
	for name, tt := range map[string]struct {
		kill bool
		want string
	}{"restarted": {false, "researcher"}, "killed": {true, ""}} {
		t.Run(name, func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				wakeUp()
				sent := reports()
				m := &memory{}
				r := newRig(t, withStorage(nil), m.extension())
				send(r, sent[0]) // the agent
				send(r, sent[2]) // a span between the calls
				if tt.kill {
					m = m.copy()
				} else {
					r.stop()
				}
				p, e := newPage()
				r = newRig(t, withStorage(nil), m.extension(), e)
				send(r, sent[3])
				send(r, sent[3])
				require.Len(t, p.usage.Calls(dashboard.CallQuery{}), 1)
				send(r, sent[1]) // the framework's span, around both
				calls := p.usage.Calls(dashboard.CallQuery{})
				require.Len(t, calls, 1, "nested, or at the same time")
				assert.Equal(t, tt.want, calls[0].Values[2])
				if tt.kill {
					send(r, sent[0]) // if the sender tries again
					send(r, sent[2])
					assert.Equal(t, "researcher", p.usage.Calls(dashboard.CallQuery{})[0].Values[2], "and then it is corrected")
				}
			})
		})
	}
}
