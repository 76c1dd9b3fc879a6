// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadata"
)

// engineRows keep the call record of the highest version of each ID, as an engine does.
type engineRows struct {
	rows     map[string]map[string]any
	received int
	failures atomic.Int64 // so many of the next requests are rejected
}

func newEngineRows() *engineRows { return &engineRows{rows: map[string]map[string]any{}} }

var errFull = errors.New("the queue is full")

func (e *engineRows) consume(_ context.Context, ld plog.Logs) error {
	if e.failures.Add(-1) >= 0 {
		return errFull
	}
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				if record.EventName() != eventCall {
					continue
				}
				e.received++
				row := record.Attributes().AsRaw()
				id := row[attrCallID].(string)
				if known, ok := e.rows[id]; !ok || known[attrCallVersion].(int64) <= row[attrCallVersion].(int64) {
					e.rows[id] = row
				}
			}
		}
	}
	return nil
}

// totals are the sums of the rows that are calls.
func (e *engineRows) totals() map[string]simulatedTotals {
	all := map[string]simulatedTotals{}
	for _, row := range e.rows {
		if row[attrCallDuplicate].(bool) {
			continue
		}
		agent, _ := row[attrCallDimension+attrAgent].(string)
		key := row[attrCallModel].(string) + " " + agent
		t := all[key]
		t.calls++
		if row[attrCallStatus] != "success" {
			t.errors++
		}
		number := func(key string) int64 { n, _ := row[key].(int64); return n }
		kind := func(kinds ...usage.Kind) (sum int64) {
			for _, k := range kinds {
				sum += number(attrCallUsage + k.String())
			}
			return sum
		}
		t.input += number(attrCallInput)
		t.output += number(attrCallOutput)
		t.cacheRead += kind(usage.CacheRead)
		t.cacheWrite += kind(usage.CacheWrite, usage.CacheWrite1h)
		t.thinks += kind(usage.Reasoning)
		t.nanodollars += number(attrCallPico) / 1000
		all[key] = t
	}
	return all
}

// withEngine is a rig whose call records an engine gets.
func withEngine(t *testing.T, e *engineRows, cfg *Config, extensions ...extension) *rig {
	t.Helper()
	r := buildRig(t, cfg, extensions...)
	next, err := consumer.NewLogs(e.consume)
	require.NoError(t, err)
	set := r.settings
	set.ID = component.NewIDWithName(metadata.Type, "calls")
	cfgOf := testConfig(func(c *Config) { c.CallsOf = &r.settings.ID })
	require.NoError(t, cfgOf.Validate())
	way, err := r.factory.CreateLogs(t.Context(), set, cfgOf, next)
	require.NoError(t, err)
	require.NoError(t, way.Start(t.Context(), componenttest.NewNopHost()))
	for _, c := range r.components() {
		require.NoError(t, c.Start(t.Context(), r.host))
	}
	t.Cleanup(func() {
		r.stop()
		assert.NoError(t, way.Shutdown(context.Background()))
	})
	return r
}

func TestCallRecord(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		e := newEngineRows()
		r := withEngine(t, e, testConfig(nil))
		r.price(callSpan(put("gen_ai.agent.name", "planner"), put("gen_ai.response.id", "chatcmpl-1"), put("gen_ai.usage.cache_read.input_tokens", 400), func(s ptrace.Span) {
			s.SetTraceID(pcommon.TraceID{1})
			s.SetSpanID(pcommon.SpanID{2})
			s.SetParentSpanID(pcommon.SpanID{3})
		}))
		require.Len(t, e.rows, 1)
		for id, row := range e.rows {
			assert.Regexp(t, "^r[0-9a-f]{16}$", id)
			assert.Positive(t, row[attrCallVersion])
			delete(row, attrCallID)
			delete(row, attrCallVersion)
			assert.Equal(t, map[string]any{
				attrCallDuplicate: false, attrCallAbove: "0300000000000000",
				attrCallProvider: "openai", attrCallModel: "gpt-4o", attrCallStatus: "success", attrCallDuration: 1.5,
				attrCallSource: row[attrCallSource], attrCallReading: row[attrCallReading],
				attrCallInput: int64(1000), attrCallOutput: int64(500),
				attrCallUsage + "input": int64(600), attrCallUsage + "cache_read": int64(400), attrCallUsage + "output": int64(500),
				attrCallDimension + attrAgent: "planner", attrCallDimension + attrService: "shop",
				attrStatus: "priced", attrCallPico: int64(7_000_000_000), attrCallDollars: 0.007, attrCallSaved: int64(500_000_000),
			}, row)
		}
		assert.Empty(t, r.logsOut.AllLogs(), "they leave by the other pipeline alone")
	})
}

// A call record is not a call to another collector that gets it.
func TestCallRecordsAreNotCalls(t *testing.T) {
	sink := new(consumertest.LogsSink)
	r := withEngine(t, newEngineRows(), testConfig(nil))
	way, err := r.factory.CreateLogs(t.Context(), r.settings, testConfig(func(c *Config) { c.CallsOf = &r.settings.ID }), sink)
	require.NoError(t, err)
	require.NoError(t, way.Start(t.Context(), componenttest.NewNopHost()))
	r.price(callSpan())
	other := newRig(t, testConfig(nil))
	for _, ld := range sink.AllLogs() {
		other.priceLogs(ld)
	}
	require.Len(t, sink.AllLogs(), 1)
	for name := range other.totals() {
		assert.NotContains(t, name, "arc_llm_calls_total")
	}
	r.stop()
	require.NoError(t, way.Shutdown(t.Context()))
}

// What an engine has of the simulated applications is the true ledger, in whatever order and
// batches, and with restarts, kills and repetitions.
func TestCallRecordsOfSimulatedApplications(t *testing.T) {
	seeds := 40
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		falseclock.Test(t, func(t *testing.T) {
			wakeUp()
			a := simulate(rand.New(rand.NewPCG(uint64(seed), 11)))
			for order := range 3 {
				random := rand.New(rand.NewPCG(uint64(seed), uint64(100+order)))
				e := newEngineRows()
				a.countWith(t, random, order > 0, func(cfg *Config, extensions ...extension) *rig { return withEngine(t, e, cfg, extensions...) })
				require.Equal(t, a.want(), e.totals(), "seed %d, order %d:\n%s", seed, order, a.dump())
			}
		})
	}
}

// Many collectors: each request reaches any of them, some two or three; queues are full at
// times, and who sends tries again at another one; collectors are replaced. What reports a
// call has its span or its response ID in common, and it counts once, with the usage of the
// record that knows most.
func TestCallRecordsOfManyCollectors(t *testing.T) {
	for seed := range uint64(20) {
		falseclock.Test(t, func(t *testing.T) {
			wakeUp()
			random := rand.New(rand.NewPCG(seed, 25))
			e := newEngineRows()
			collectors := make([]*rig, 1+random.IntN(5))
			for i := range collectors {
				collectors[i] = withEngine(t, e, testConfig(nil))
			}
			var requests []ptrace.Traces
			calls := 30
			for i := range calls {
				id := put("gen_ai.response.id", fmt.Sprintf("chatcmpl-%d-%d", seed, i))
				cached := put("gen_ai.usage.cache_read.input_tokens", 400)
				at := func(span byte) func(ptrace.Span) {
					return func(s ptrace.Span) {
						s.SetTraceID(pcommon.TraceID{byte(seed), byte(i), 1})
						s.SetSpanID(pcommon.SpanID{span})
					}
				}
				agent := put("gen_ai.agent.name", fmt.Sprint("agent-", i%3))
				switch i % 3 {
				case 0: // the SDK, and a framework around it that does not know of the cache
					requests = append(requests, callSpan(id, cached, at(2), agent), callSpan(id, at(1), agent))
				case 1: // one span, reported in two ways
					requests = append(requests, callSpan(at(1), cached, agent), callSpan(at(1), agent))
				default:
					requests = append(requests, callSpan(at(1), cached, agent))
				}
			}
			for range 20 {
				requests = append(requests, requests[random.IntN(len(requests))])
			}
			random.Shuffle(len(requests), func(i, j int) { requests[i], requests[j] = requests[j], requests[i] })
			for _, td := range requests {
				for {
					if random.IntN(10) == 0 {
						e.failures.Store(1)
					}
					own := ptrace.NewTraces()
					td.CopyTo(own)
					to := random.IntN(len(collectors))
					err := collectors[to].traces.ConsumeTraces(t.Context(), own)
					if random.IntN(15) == 0 {
						collectors[to].stop()
						collectors[to] = withEngine(t, e, testConfig(nil))
					}
					if err == nil {
						break
					}
					require.ErrorIs(t, err, errFull)
				}
			}
			want := map[string]simulatedTotals{}
			for i := range calls {
				key := fmt.Sprint("gpt-4o agent-", i%3)
				one := want[key]
				one.calls++
				one.input += 1000
				one.cacheRead += 400
				one.output += 500
				one.nanodollars += 7_000_000
				want[key] = one
			}
			require.Equal(t, want, e.totals(), "seed %d", seed)
		})
	}
}

// What was not accepted is rejected, and counts once when it is sent again.
func TestRejectedCallRecords(t *testing.T) {
	e := newEngineRows()
	r := withEngine(t, e, testConfig(nil))
	td := callSpan()
	again := ptrace.NewTraces()
	td.CopyTo(again)
	e.failures.Store(1)
	require.ErrorIs(t, r.traces.ConsumeTraces(t.Context(), td), errFull)
	assert.Empty(t, r.tracesOut.AllTraces(), "it is not forwarded")
	assert.Empty(t, e.rows)
	r.price(again)
	assert.Len(t, e.rows, 1)
	assert.Equal(t, 1, r.warnings.FilterMessageSnippet("call records rejected some").Len())
	assert.InDelta(t, 1, r.totals()[`arc_llm_calls_total{model=gpt-4o,status=success}`], 0)
}

func TestCallsOfIsAlone(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	err := confmap.NewFromStringMap(map[string]any{"calls_of": "llm_cost", "retention": "1h"}).Unmarshal(cfg)
	require.ErrorContains(t, err, "calls_of: excludes all other settings, which are those of llm_cost: retention")

	cfg = createDefaultConfig().(*Config)
	require.NoError(t, confmap.NewFromStringMap(map[string]any{"calls_of": "llm_cost"}).Unmarshal(cfg))
	r := buildRig(t, testConfig(nil))
	_, err = r.factory.CreateTraces(t.Context(), r.settings, cfg, consumertest.NewNop())
	require.ErrorContains(t, err, "calls_of: is for pipelines of logs alone")

	other := component.NewIDWithName(metadata.Type, "missing")
	cfg.CallsOf = &other
	way, err := r.factory.CreateLogs(t.Context(), r.settings, cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.ErrorContains(t, way.Start(t.Context(), componenttest.NewNopHost()), "no pipeline of traces or logs has the processor llm_cost/missing")
	require.NoError(t, way.Shutdown(t.Context()))
}
