// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

// Whatever is merged and corrected, restarted and killed, the single calls add up to the
// ledger.
func TestKeptCallsAddUpToTheLedger(t *testing.T) {
	seeds := 40
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		falseclock.Test(t, func(t *testing.T) {
			wakeUp()
			a := simulate(rand.New(rand.NewPCG(uint64(seed), 23)))
			random := rand.New(rand.NewPCG(uint64(seed), 24))
			p := a.collect(t, random, seed%2 > 0, true, func(cfg *Config, extensions ...extension) *rig { return newRig(t, cfg, extensions...) })
			want := simulatedLedger(t, p)
			got := map[string]simulatedTotals{}
			ids := map[string]bool{}
			for _, call := range p.usage.Calls(dashboard.CallQuery{}) {
				require.False(t, ids[call.ID], "an ID is that of one call")
				ids[call.ID] = true
				key := call.Values[0] + " " + call.Agent
				sum := got[key]
				sum.calls++
				if call.Status == "error" {
					sum.errors++
				}
				sum.input += call.Tokens.Input
				sum.output += call.Tokens.Output
				sum.cacheRead += call.Tokens.CacheRead
				sum.cacheWrite += call.Tokens.CacheWrite
				sum.thinks += call.Tokens.Reasoning
				if call.Dollars != nil {
					sum.nanodollars += int64(*call.Dollars*1e9 + .5)
				}
				got[key] = sum
			}
			require.Equal(t, want, got, "seed %d:\n%s", seed, a.dump())
		})
	}
}

func describe(calls []dashboard.Call) (all []string) {
	for _, c := range calls {
		dollars := -1.
		if c.Dollars != nil {
			dollars = *c.Dollars
		}
		all = append(all, fmt.Sprint(c.ID, c.TraceID, c.SpanID, c.Values, c.Status, c.Tokens, dollars, c.Merged, c.ResponseID, c.User, c.Session))
	}
	slices.Sort(all)
	return all
}

// A call and all that is known of it is there after a restart, and after a kill before and
// after a snapshot; and what arrives then corrects it in place.
func TestKeptCallsSurvive(t *testing.T) {
	for name, restart := range map[string]func(*rig, *memory) *memory{
		"restart": func(r *rig, m *memory) *memory { r.stop(); return m },
		"killed":  func(_ *rig, m *memory) *memory { return m.copy() },
		"killed after a snapshot": func(_ *rig, m *memory) *memory {
			time.Sleep(time.Minute)
			synctest.Wait()
			return m.copy()
		},
		"killed while snapshots fail": func(r *rig, m *memory) *memory {
			m.change(func() { m.failLast = true }) // the chunks of calls are written, and the rest is not
			time.Sleep(20 * time.Second)
			synctest.Wait()
			m.change(func() { m.failLast = false })
			require.Equal(r.t, 1, r.warnings.FilterMessageSnippet("Writing the ledger to the storage failed").Len())
			return m.copy()
		},
	} {
		t.Run(name, func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				wakeUp()
				m := &memory{}
				p, e := newPage()
				r := newRig(t, withStorage(nil), m.extension(), e)
				for n := range byte(20) {
					r.price(numbered(callSpan(endsAt(morning), put("gen_ai.response.id", fmt.Sprint("resp-", n)), put("user.id", "ada")), n+1))
					if n == 9 {
						time.Sleep(20 * time.Second)
					}
				}
				r.price(numbered(callSpan(endsAt(morning), failed), 21))
				before := p.usage.Calls(dashboard.CallQuery{})
				require.Len(t, before, 21)

				m = restart(r, m)
				p, e = newPage()
				r = newRig(t, withStorage(nil), m.extension(), e)
				assert.Equal(t, describe(before), describe(p.usage.Calls(dashboard.CallQuery{})))
				one := p.usage.Calls(dashboard.CallQuery{ResponseID: "resp-3"})
				require.Len(t, one, 1)
				assert.Equal(t, "ada", one[0].User)

				// A second report of that call, which knows more, corrects it.
				td := numbered(callSpan(endsAt(morning), put("gen_ai.usage.reasoning.output_tokens", int64(10)), put("gen_ai.response.id", "resp-3"), put("user.id", "ada")), 4)
				inner := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
				inner.SetParentSpanID(inner.SpanID())
				inner.SetSpanID([8]byte{0: 9, 7: 9})
				r.price(td)
				corrected := p.usage.Calls(dashboard.CallQuery{ResponseID: "resp-3"})
				require.Len(t, corrected, 1, "it is corrected, not added")
				assert.Equal(t, one[0].ID, corrected[0].ID)
				assert.Len(t, corrected[0].Merged, 1)
				assert.Len(t, p.usage.Calls(dashboard.CallQuery{}), 21)
			})
		})
	}
}

// What versions before have stored is read; they have no single calls.
func TestStorageWithoutKeptCalls(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		m := &memory{}
		r := newRig(t, withStorage(nil), m.extension())
		r.price(numbered(callSpan(), 1))
		r.stop()
		m.change(func() {
			for key := range m.content {
				if strings.HasPrefix(key, keyKept) {
					delete(m.content, key)
				}
			}
		})
		p, e := newPage()
		r = newRig(t, withStorage(nil), m.extension(), e)
		assert.Empty(t, p.usage.Calls(dashboard.CallQuery{}))
		r.price(numbered(callSpan(), 1))
		assert.Empty(t, p.usage.Calls(dashboard.CallQuery{}), "a copy adds nothing")
		r.price(numbered(callSpan(), 2))
		assert.Len(t, p.usage.Calls(dashboard.CallQuery{}), 1)
		assert.Equal(t, 0.015, r.totals()[costOfGPT4o])
	})
}

// Of a storage that holds more calls than are kept now, the newest are loaded.
func TestFewerCallsAreKept(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		m := &memory{}
		limit := func(newest, expensive int) *Config {
			return withStorage(func(c *Config) { c.Calls.MaxEntries, c.Calls.MostExpensivePerDay = newest, expensive })
		}
		r := newRig(t, limit(1000, 10), m.extension())
		for range 600 {
			r.price(callSpan())
		}
		r.price(callSpan(put("gen_ai.usage.input_tokens", int64(100_000))))
		for range 20 {
			r.price(callSpan())
		}
		r.stop()
		p, e := newPage()
		r = newRig(t, limit(15, 2), m.extension(), e)
		assert.Len(t, p.usage.Calls(dashboard.CallQuery{}), 15)
		for range 3 {
			r.price(callSpan())
		}
		assert.Len(t, p.usage.Calls(dashboard.CallQuery{}), 17, "two of those that lost their place are among the most expensive of the day")
		kept := p.usage.(dashboard.CallSource).CallsKept()
		assert.Equal(t, 15, kept.Newest)
		assert.Equal(t, 2, kept.MostExpensive)
		assert.Positive(t, kept.Dropped)
		assert.False(t, kept.Since.IsZero())
	})
}

// Calls can be chosen by everything that is known of them.
func TestCallFilters(t *testing.T) {
	p, e := newPage()
	r := newRig(t, testConfig(nil), e)
	r.price(numbered(callSpan(put("gen_ai.response.id", "resp-1"), put("user.id", "ada"), put("session.id", "s1"), put("gen_ai.agent.name", "writer"),
		put("gen_ai.response.time_to_first_chunk", 0.25)), 1))
	r.price(numbered(callSpan(failed, put("error.type", "RateLimitError")), 2))
	r.price(numbered(callSpan(put("gen_ai.usage.input_tokens", int64(1_000_000))), 3))
	r.price(numbered(callSpan(put("gen_ai.request.model", "house-model")), 4))
	dollar := 1.0
	for name, tt := range map[string]struct {
		query dashboard.CallQuery
		want  []byte
	}{
		"trace":        {dashboard.CallQuery{TraceID: "00000000000000000000000000000002"}, []byte{2}},
		"no trace":     {dashboard.CallQuery{TraceID: "no trace"}, nil},
		"response":     {dashboard.CallQuery{ResponseID: "resp-1"}, []byte{1}},
		"part of it":   {dashboard.CallQuery{ResponseID: "resp"}, nil},
		"user":         {dashboard.CallQuery{User: "ada"}, []byte{1}},
		"session":      {dashboard.CallQuery{Session: "s1"}, []byte{1}},
		"agent":        {dashboard.CallQuery{Agent: "writer"}, []byte{1}},
		"failed":       {dashboard.CallQuery{Status: "failed"}, []byte{2}},
		"error":        {dashboard.CallQuery{Status: "error", ErrorType: "RateLimitError"}, []byte{2}},
		"success":      {dashboard.CallQuery{Status: "success"}, []byte{1, 3, 4}},
		"expensive":    {dashboard.CallQuery{MinDollars: &dollar}, []byte{3}},
		"cheap":        {dashboard.CallQuery{MaxDollars: &dollar}, []byte{1, 2}},
		"unpriced":     {dashboard.CallQuery{CostStatus: "unpriced"}, []byte{4}},
		"by dimension": {dashboard.CallQuery{Where: map[string]string{"model": "house-model"}}, []byte{4}},
		"no dimension": {dashboard.CallQuery{Where: map[string]string{"team": "x"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []byte
			for _, call := range p.usage.Calls(tt.query) {
				got = append(got, call.TraceID[31]-'0')
			}
			slices.Sort(got)
			assert.Equal(t, tt.want, got)
		})
	}
	call := p.usage.Calls(dashboard.CallQuery{ResponseID: "resp-1"})[0]
	assert.Equal(t, 0.25, *call.FirstToken)
	by := p.usage.Calls(dashboard.CallQuery{ID: call.ID})
	require.Len(t, by, 1)
	assert.Equal(t, "resp-1", by[0].ResponseID)
	assert.Empty(t, p.usage.Calls(dashboard.CallQuery{ID: "0123"}))
}

// A call without a session has that of the agent around it, also where no dimension is one. A
// dimension that drops it has it nowhere.
func TestSessionOfTheAgent(t *testing.T) {
	agent := func(trace byte, session string) ptrace.Traces {
		return numbered(callSpan(put("gen_ai.operation.name", "invoke_agent"), put("gen_ai.conversation.id", session)), trace)
	}
	for name, tt := range map[string]struct {
		dimensions []DimensionConfig
		want       map[string]string
	}{
		"no dimension": {nil, map[string]string{"1": "s-1", "2": "own", "3": ""}},
		"dropped":      {[]DimensionConfig{{Name: "session.id", Drop: true}}, map[string]string{"1": "", "2": "", "3": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			m := &memory{}
			p, e := newPage()
			r := newRig(t, withStorage(func(c *Config) { c.Dimensions = append(c.Dimensions, tt.dimensions...) }), m.extension(), e)
			r.price(agent(1, "s-1"))
			for trace, change := range []func(ptrace.Span){plainly, put("session.id", "own"), plainly} {
				td := numbered(callSpan(change), byte(trace+1))
				firstSpan(td).SetSpanID(pcommon.SpanID{9})
				r.price(td)
			}
			r.price(agent(2, "s-2"))
			got := map[string]string{}
			for _, call := range p.usage.Calls(dashboard.CallQuery{}) {
				got[call.TraceID[31:]] = call.Session
			}
			assert.Equal(t, tt.want, got)
			r.stop()
			if tt.dimensions != nil {
				m.change(func() {
					for key, content := range m.content {
						assert.NotContains(t, string(content), "s-1", key)
					}
				})
			}
		})
	}
}

func plainly(ptrace.Span) {}

// What a dimension hashes or drops is nowhere in clear.
func TestHiddenUsers(t *testing.T) {
	for name, dimension := range map[string]DimensionConfig{
		"hashed":      {Name: "user.id", Hash: true},
		"dropped":     {Name: "user.id", Drop: true},
		"another key": {Name: "who", From: []string{"langfuse.user.id", "user_name"}, Hash: true},
	} {
		t.Run(name, func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				wakeUp()
				m := &memory{}
				p, e := newPage()
				r := newRig(t, withStorage(func(c *Config) { c.Dimensions = append(c.Dimensions, dimension) }), m.extension(), e)
				r.price(callSpan(put("user.id", "ada.lovelace"), put("gen_ai.input.messages", "a secret")))
				calls := p.usage.Calls(dashboard.CallQuery{})
				require.Len(t, calls, 1)
				assert.NotContains(t, calls[0].User, "ada")
				r.stop()
				m.change(func() {
					for key, content := range m.content {
						assert.NotContains(t, string(content), "ada.lovelace", key)
						assert.NotContains(t, string(content), "a secret", key)
					}
				})
			})
		})
	}
}

// The price of a call is that of the table, line by line, and adds up to what was counted.
func TestCallPrice(t *testing.T) {
	p, e := newPage()
	r := newRig(t, testConfig(nil), e)
	r.price(callSpan())
	r.price(callSpan(put("gen_ai.request.model", "house-model")))
	source := p.usage.(dashboard.CallSource)
	for _, call := range p.usage.Calls(dashboard.CallQuery{}) {
		price, known := source.CallPrice(call.ID)
		require.True(t, known)
		if call.Dollars == nil {
			assert.Equal(t, dashboard.CallPrice{Tier: "standard"}, price)
			continue
		}
		assert.Equal(t, []string{"gpt-4o", "openai", "built-in", "standard"}, []string{price.Entry, price.Provider, price.List, price.Tier})
		assert.False(t, price.Changed)
		assert.NotEmpty(t, price.Source)
		sum := 0.0
		for _, line := range price.Lines {
			sum += line.Dollars
		}
		assert.InDelta(t, *call.Dollars, sum, 1e-12)
	}
	_, known := source.CallPrice("0")
	assert.False(t, known)
}

// A chunk that is damaged loses its calls and nothing else.
func TestDamagedCalls(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		m := &memory{}
		r := newRig(t, withStorage(nil), m.extension())
		for range 600 {
			r.price(callSpan())
		}
		r.stop()
		const keyFirstCalls = "kept/1"
		m.change(func() { m.content[keyFirstCalls] = []byte("damaged") })
		p, e := newPage()
		r = newRig(t, withStorage(nil), m.extension(), e)
		assert.Len(t, p.usage.Calls(dashboard.CallQuery{}), 600-256)
		assert.Contains(t, m.content, keyDamaged+keyFirstCalls)
		assert.InDelta(t, 600*0.0075, r.totals()[costOfGPT4o], 1e-9)
	})
}
