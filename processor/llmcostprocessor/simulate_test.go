// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
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
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// TestSimulatedApplications has applications with a true ledger report their calls
// by instrumentations that disagree: one to three around each call, in one trace or
// in several, with and without response IDs, cached tokens inclusive and exclusive,
// thoughts in the output and in addition to it, clocks and buffers that differ by some
// 30 ms, streams, attempts that fail, equal calls in parallel, loops of tools within
// agents that repeat the sum, two providers of telemetry in one process, events that do not
// name their span, spans that are sent before they end, and a gateway without the trace
// context. In
// whatever order, batches and processes it arrives, the ledger is the true one.
func TestSimulatedApplications(t *testing.T) {
	seeds := 60
	if testing.Short() {
		seeds = 15
	}
	for seed := range seeds {
		falseclock.Test(t, func(t *testing.T) {
			wakeUp()
			a := simulate(rand.New(rand.NewPCG(uint64(seed), 11)))
			for order := range 3 {
				random := rand.New(rand.NewPCG(uint64(seed), uint64(100+order)))
				require.Equal(t, a.want(), a.count(t, random, order > 0), "seed %d, order %d:\n%s", seed, order, a.dump())
			}
		})
	}
}

// tariff is the price of a model in dollars per million tokens, from the price table
// (vendors' pages, 2026-11).
type tariff struct{ input, cacheRead, write5m, write1h, output float64 }

type simulatedModel struct {
	name, dated, provider string
	tariff                tariff
}

var simulatedModels = []simulatedModel{
	{"gpt-4o", "gpt-4o-2024-08-06", "openai", tariff{2.5, 1.25, 0, 0, 10}},
	{"gpt-5-mini", "gpt-5-mini-2025-08-07", "openai", tariff{0.25, 0.025, 0, 0, 2}},
	{"claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "anthropic", tariff{3, 0.3, 3.75, 6, 15}},
	{"gemini-2.5-flash", "gemini-2.5-flash", "gemini", tariff{0.3, 0.03, 0, 0, 2.5}},
}

func (m *simulatedModel) anthropic() bool { return m.provider == "anthropic" }
func (m *simulatedModel) gemini() bool    { return m.provider == "gemini" }
func (m *simulatedModel) reasons() bool   { return m.gemini() || m.name == "gpt-5-mini" }

// simulatedCall is one request to a model. Its counts are disjoint.
type simulatedCall struct {
	model      *simulatedModel
	fresh      int64 // input tokens that are neither read from a cache nor written to one
	read       int64
	write5m    int64
	write1h    int64
	output     int64 // without reasoning
	reasoning  int64
	id         string
	agent      string
	stream     bool
	failed     bool
	start, end time.Time
	// Of some facts it depends on the instrumentations whether they can be known.
	splitKnown, reasoningKnown, cacheKnown bool
}

func (c *simulatedCall) prompt() int64     { return c.fresh + c.read + c.write5m + c.write1h }
func (c *simulatedCall) completion() int64 { return c.output + c.reasoning }

// simulatedTotals are the figures of a model and an agent.
type simulatedTotals struct {
	calls, errors                                int64
	input, cacheRead, cacheWrite, output, thinks int64
	nanodollars                                  int64
}

// application is what runs: its calls, and what its instrumentations send.
type application struct {
	random *rand.Rand
	calls  []*simulatedCall
	sent   []telemetry
	ids    uint64
	clock  time.Time
}

// style is one instrumentation: what it knows of a call, and how it writes it.
type style struct {
	scope string
	// knows reports whether the instrumentation is one of the model's client.
	knows func(*simulatedModel) bool
	// framework: it is around the client, not within.
	framework bool
	// knowsID: it reports the ID of the response.
	knowsID bool
	write   func(a *application, c *simulatedCall, attributes map[string]any)
}

func ofVendor(vendors ...string) func(*simulatedModel) bool {
	return func(m *simulatedModel) bool { return slices.Contains(vendors, m.provider) }
}

func anyModel(*simulatedModel) bool { return true }

var styles = []style{
	{scope: "opentelemetry.instrumentation.genai.openai", knows: ofVendor("openai"), knowsID: true, write: writeConventions},
	{scope: "opentelemetry.instrumentation.genai.anthropic", knows: ofVendor("anthropic"), knowsID: true, write: writeConventions},
	{scope: "com.anthropic.sdk.python", knows: ofVendor("anthropic"), knowsID: true, write: writeAnthropicSDK},
	{scope: "opentelemetry.instrumentation.openai.v1", knows: ofVendor("openai"), knowsID: true, write: writeConventionsWithTotal},
	{scope: "opentelemetry.instrumentation.anthropic", knows: ofVendor("anthropic"), knowsID: true, write: writeOpenLLMetryAnthropic},
	{scope: "openinference.instrumentation.openai", knows: ofVendor("openai"), write: writeOpenInference},
	{scope: "openinference.instrumentation.anthropic", knows: ofVendor("anthropic"), write: writeOpenInference},
	{scope: "openinference.instrumentation.google_genai", knows: ofVendor("gemini"), write: writeOpenInference},
	{scope: "openlit.instrumentation.anthropic", knows: ofVendor("anthropic"), knowsID: true, write: writeOpenLIT},
	{scope: "openlit.instrumentation.google_ai_studio", knows: ofVendor("gemini"), knowsID: true, write: writeOpenLIT},
	{scope: "opentelemetry.instrumentation.google_generativeai", knows: ofVendor("gemini"), write: writeGeminiTotal},
	{scope: "openinference.instrumentation.langchain", knows: anyModel, framework: true, write: writeOpenInference},
	{scope: "openinference.instrumentation.agno", knows: anyModel, framework: true, write: writeAgno},
	{scope: "langfuse-sdk", knows: anyModel, framework: true, write: writeLangfuse},
	{scope: "somebody.framework", knows: anyModel, framework: true, write: writeBlind},
	{scope: "somebody.gateway", knows: anyModel, framework: true, write: writeNoUsage},
}

// simulate makes an application of a few calls at random.
func simulate(random *rand.Rand) *application {
	a := &application{random: random, clock: morning.Add(-2 * time.Minute)}
	for range 2 + random.IntN(3) {
		model := &simulatedModels[random.IntN(len(simulatedModels))]
		switch random.IntN(6) {
		case 0: // equal calls in parallel, of one instrumentation
			one := a.draw(model)
			stack := a.stack(model, 1)
			for range 2 + random.IntN(2) {
				twin := *one
				twin.id = a.responseID()
				twin.start, twin.end = a.jitter(one.start), a.jitter(one.end)
				a.report(&twin, stack, span{}, nil)
			}
		case 1: // a loop of tools within an agent that repeats the sum
			a.loop(model)
		case 2: // an attempt that fails, and is tried again
			failed := a.draw(model)
			failed.failed = true
			stack := a.stack(model, 1+random.IntN(2))
			a.report(failed, stack, span{}, nil)
			a.report(a.draw(model), stack, span{}, nil)
		default:
			a.report(a.draw(model), a.stack(model, 1+random.IntN(3)), span{}, nil)
		}
	}
	return a
}

// draw makes a call, after those before.
func (a *application) draw(model *simulatedModel) *simulatedCall {
	r := a.random
	c := &simulatedCall{model: model, fresh: int64(50 + r.IntN(9000)), output: int64(20 + r.IntN(900)), id: a.responseID(), stream: r.IntN(3) == 0}
	if r.IntN(3) > 0 {
		c.read = int64(500 + r.IntN(4000))
	}
	if model.anthropic() && r.IntN(2) == 0 {
		c.write5m = int64(300 + r.IntN(2000))
		if r.IntN(2) == 0 {
			c.write1h = int64(100 + r.IntN(700))
		}
	}
	if model.reasons() && r.IntN(2) == 0 {
		c.reasoning = int64(10 + r.IntN(1200))
	}
	c.start = a.clock
	c.end = c.start.Add(time.Duration(300+r.IntN(4000)) * time.Millisecond)
	a.clock = c.end.Add(time.Duration(400+r.IntN(2000)) * time.Millisecond)
	return c
}

func (a *application) responseID() string {
	a.ids++
	return fmt.Sprintf("resp_%d_%x", a.ids, a.random.Uint64())
}

// jitter is the time as another clock or buffer has it.
func (a *application) jitter(at time.Time) time.Time {
	return at.Add(time.Duration(a.random.IntN(30)-15) * time.Millisecond)
}

// stack draws the instrumentations around a call: frameworks outside, at least one
// that knows what was used.
func (a *application) stack(model *simulatedModel, n int) []*style {
	for {
		var clients, frameworks []*style
		for _, i := range a.random.Perm(len(styles)) {
			s := &styles[i]
			switch {
			case !s.knows(model) || len(clients)+len(frameworks) == n:
			case s.framework:
				frameworks = append(frameworks, s)
			default:
				clients = append(clients, s)
			}
		}
		stack := slices.Concat(frameworks, clients)
		if slices.ContainsFunc(stack, func(s *style) bool { return s.scope != "somebody.gateway" }) {
			return stack
		}
	}
}

// span is where a span is.
type span struct {
	trace pcommon.TraceID
	id    pcommon.SpanID
}

func (a *application) span(trace pcommon.TraceID) span {
	a.ids++
	s := span{trace: trace}
	binary.BigEndian.PutUint64(s.id[:], a.ids)
	if trace.IsEmpty() {
		binary.BigEndian.PutUint64(s.trace[:], a.ids)
		s.trace[15] = 1
	}
	return s
}

// report has each instrumentation of a stack write a span: one within the other, or,
// as those whose span is not current, in a trace of its own.
func (a *application) report(c *simulatedCall, stack []*style, within span, agent map[string]any) {
	a.calls = append(a.calls, c)
	parent := within
	for i, s := range stack {
		if i > 0 && within == (span{}) && a.mayBeSeparate(c, stack, i) {
			parent = span{}
		}
		own := a.span(parent.trace)
		attributes := map[string]any{}
		s.write(a, c, attributes)
		if c.failed {
			dropUsage(attributes)
			attributes["error.type"] = "429"
		} else if s.knowsID {
			attributes["gen_ai.response.id"] = c.id
		}
		if i == 0 {
			maps.Copy(attributes, agent)
		}
		end := a.jitter(c.end)
		if s.scope == "somebody.gateway" && c.stream && !c.failed {
			end = c.start.Add(100 * time.Millisecond) // it ends with the request
		}
		a.send(s.scope, own, parent, a.jitter(c.start), end, attributes)
		switch a.random.IntN(8) {
		case 0, 1:
			if s.knowsID && !c.failed {
				a.sendEvent(s.scope, own, c.end, attributes)
			}
		case 2: // an event that does not name its span, nor the response
			if s.exact() && !c.failed {
				attributes = maps.Clone(attributes)
				delete(attributes, "gen_ai.response.id")
				a.sendEvent(s.scope, span{}, a.jitter(end), attributes)
			}
		case 3: // what is known of a span while it lasts
			if !c.failed {
				attributes = maps.Clone(attributes)
				dropUsage(attributes)
				a.send(s.scope, own, parent, c.start, c.start, attributes)
			}
		}
		if s.knowsID && !c.failed && a.random.IntN(6) == 0 {
			a.sendByGateway(c)
		}
		parent = own
		if a.random.IntN(3) == 0 { // an HTTP client's, or a step's
			between := a.span(parent.trace)
			a.send("http", between, parent, c.start, c.end, map[string]any{"http.request.method": "POST"})
			parent = between
		}
	}
}

// exact reports whether an instrumentation reports what was used, and no more.
func (s *style) exact() bool {
	return s.scope != "somebody.gateway" && s.scope != "opentelemetry.instrumentation.anthropic"
}

// sendByGateway sends the span of a gateway, which got no trace context and has another clock.
func (a *application) sendByGateway(c *simulatedCall) {
	attributes := map[string]any{}
	writeConventions(a, c, attributes)
	attributes["gen_ai.response.id"] = c.id
	ahead := time.Duration(a.random.IntN(60)-30) * time.Second
	a.sendFrom("gateway", "litellm", a.span(pcommon.TraceID{}), span{}, c.start.Add(ahead), c.end.Add(ahead), attributes)
}

// mayBeSeparate reports whether the span of an instrumentation may be in a trace of its own:
// if anything but the trace shows that it is of the call.
func (a *application) mayBeSeparate(c *simulatedCall, stack []*style, i int) bool {
	if a.random.IntN(3) > 0 {
		return false
	}
	outer, inner := stack[:i], stack[i:]
	gateway := func(s *style) bool { return s.scope == "somebody.gateway" }
	both := func(of func(*style) bool) bool {
		return slices.ContainsFunc(outer, of) && slices.ContainsFunc(inner, of)
	}
	if c.failed {
		return true // by the time, the model and the scopes
	}
	knowsID := func(s *style) bool { return s.knowsID }
	return both(knowsID) || both((*style).exact) && !slices.ContainsFunc(stack, gateway)
}

// loop makes calls within the span of an agent, which repeats what they used.
func (a *application) loop(model *simulatedModel) {
	around := a.span(pcommon.TraceID{})
	agent := fmt.Sprint("agent-", a.random.IntN(2))
	stack := a.stack(model, 1+a.random.IntN(2))
	begin := a.clock
	var prompt, completion int64
	for range 2 + a.random.IntN(2) {
		c := a.draw(model)
		c.agent = agent
		prompt, completion = prompt+c.prompt(), completion+c.completion()
		a.report(c, stack, around, nil)
		tool := a.span(around.trace)
		a.send("agents", tool, around, c.end, c.end.Add(50*time.Millisecond), map[string]any{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_weather"})
	}
	operation := "invoke_agent"
	if a.random.IntN(3) == 0 { // one that nobody knows, of which not all calls are reported
		operation = "run_team"
		prompt, completion = prompt+a.random.Int64N(3)*100, completion+a.random.Int64N(3)*20
	}
	a.send("agents", around, span{}, begin.Add(-100*time.Millisecond), a.clock, map[string]any{
		"gen_ai.operation.name": operation, "gen_ai.agent.name": agent, "gen_ai.request.model": model.name,
		"gen_ai.usage.input_tokens": prompt, "gen_ai.usage.output_tokens": completion,
	})
}

func (a *application) send(scope string, own, parent span, start, end time.Time, attributes map[string]any) {
	a.sendFrom("shop", scope, own, parent, start, end, attributes)
}

func (a *application) sendFrom(service, scope string, own, parent span, start, end time.Time, attributes map[string]any) {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	a.describeProcess(rs.Resource(), scope)
	rs.Resource().Attributes().PutStr("service.name", service)
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName(scope)
	s := ss.Spans().AppendEmpty()
	s.SetName("span of " + scope)
	s.SetTraceID(own.trace)
	s.SetSpanID(own.id)
	s.SetParentSpanID(parent.id)
	s.SetStartTimestamp(pcommon.NewTimestampFromTime(start))
	s.SetEndTimestamp(pcommon.NewTimestampFromTime(end))
	fill(s.Attributes(), attributes)
	a.sent = append(a.sent, telemetry{spans: &td})
}

// describeProcess makes the resource of the one process, to which one of the providers
// of telemetry adds what it knows.
func (a *application) describeProcess(resource pcommon.Resource, scope string) {
	resource.Attributes().PutStr("service.name", "shop")
	resource.Attributes().PutStr("service.instance.id", "7b1c")
	if strings.HasPrefix(scope, "langfuse") || strings.HasPrefix(scope, "somebody") {
		resource.Attributes().PutStr("host.name", "node-3")
	}
}

// sendEvent writes the event that an instrumentation writes in its span.
func (a *application) sendEvent(scope string, own span, at time.Time, attributes map[string]any) {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	a.describeProcess(rl.Resource(), scope)
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName(scope)
	lr := sl.LogRecords().AppendEmpty()
	lr.SetEventName("gen_ai.client.inference.operation.details")
	lr.SetTraceID(own.trace)
	lr.SetSpanID(own.id)
	lr.SetTimestamp(pcommon.NewTimestampFromTime(at))
	fill(lr.Attributes(), attributes)
	a.sent = append(a.sent, telemetry{logs: &ld})
}

func fill(to pcommon.Map, attributes map[string]any) {
	if err := to.FromRaw(attributes); err != nil {
		panic(err)
	}
}

func dropUsage(attributes map[string]any) {
	maps.DeleteFunc(attributes, func(key string, _ any) bool {
		return strings.Contains(key, "usage") || strings.Contains(key, "token_count")
	})
}

// writeConventions: everything inclusive.
func writeConventions(_ *application, c *simulatedCall, to map[string]any) {
	c.reasoningKnown, c.cacheKnown = true, true
	maps.Copy(to, map[string]any{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": c.model.provider, "gen_ai.request.model": c.model.name, "gen_ai.response.model": c.model.dated,
		"gen_ai.usage.input_tokens": c.prompt(), "gen_ai.usage.output_tokens": c.completion(),
		"gen_ai.usage.cache_read.input_tokens": c.read, "gen_ai.usage.reasoning.output_tokens": c.reasoning,
	})
	if c.model.anthropic() {
		to["gen_ai.usage.cache_creation.input_tokens"] = c.write5m + c.write1h
	}
}

func writeConventionsWithTotal(a *application, c *simulatedCall, to map[string]any) {
	writeConventions(a, c, to)
	to["gen_ai.usage.total_tokens"] = c.prompt() + c.completion()
}

func writeAnthropicSDK(a *application, c *simulatedCall, to map[string]any) {
	c.splitKnown = true
	writeConventions(a, c, to)
	to["anthropic.usage.cache_creation.ephemeral_5m_input_tokens"] = c.write5m
	to["anthropic.usage.cache_creation.ephemeral_1h_input_tokens"] = c.write1h
}

// writeOpenLLMetryAnthropic adds what a stream began with to the output. Where it is
// alone nobody can know, so it does not here.
func writeOpenLLMetryAnthropic(a *application, c *simulatedCall, to map[string]any) {
	writeConventionsWithTotal(a, c, to)
	delete(to, "gen_ai.usage.reasoning.output_tokens")
}

func writeOpenInference(_ *application, c *simulatedCall, to map[string]any) {
	c.reasoningKnown, c.cacheKnown = true, true
	maps.Copy(to, map[string]any{
		"openinference.span.kind": "LLM", "llm.provider": c.model.provider, "llm.model_name": c.model.dated,
		"llm.token_count.prompt": c.prompt(), "llm.token_count.completion": c.completion(), "llm.token_count.total": c.prompt() + c.completion(),
		"llm.token_count.prompt_details.cache_read": c.read, "llm.token_count.completion_details.reasoning": c.reasoning,
	})
	if c.model.anthropic() {
		to["llm.token_count.prompt_details.cache_write"] = c.write5m + c.write1h
	}
}

// writeAgno: as the API counts, which Anthropic's does without the cached tokens.
func writeAgno(a *application, c *simulatedCall, to map[string]any) {
	writeOpenInference(a, c, to)
	delete(to, "llm.token_count.total")
	to["llm.provider"] = strings.ToUpper(c.model.provider[:1]) + c.model.provider[1:]
	if c.model.anthropic() {
		to["llm.token_count.prompt"] = c.fresh
	}
	if c.model.gemini() {
		to["llm.token_count.completion"] = c.output
	}
}

func writeOpenLIT(_ *application, c *simulatedCall, to map[string]any) {
	c.reasoningKnown, c.cacheKnown = true, true
	maps.Copy(to, map[string]any{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": c.model.provider, "gen_ai.request.model": c.model.name, "gen_ai.response.model": c.model.dated,
		"gen_ai.sdk.version": "1.0", "gen_ai.usage.input_tokens": c.prompt(), "gen_ai.usage.output_tokens": c.completion(),
		"gen_ai.usage.cache_read.input_tokens": c.read, "gen_ai.usage.cache_creation.input_tokens": c.write5m + c.write1h, "gen_ai.usage.cost": 0,
	})
	if c.model.anthropic() {
		to["gen_ai.usage.input_tokens"] = c.fresh
	}
	if c.model.gemini() {
		to["gen_ai.usage.output_tokens"], to["gen_ai.usage.reasoning_tokens"] = c.output, c.reasoning
	}
}

// writeGeminiTotal has thoughts in the total alone.
func writeGeminiTotal(_ *application, c *simulatedCall, to map[string]any) {
	c.reasoningKnown, c.cacheKnown = true, true
	maps.Copy(to, map[string]any{
		"gen_ai.operation.name": "generate_content", "gen_ai.provider.name": "gcp.gen_ai", "gen_ai.request.model": c.model.name,
		"gen_ai.usage.input_tokens": c.prompt(), "gen_ai.usage.output_tokens": c.output, "gen_ai.usage.total_tokens": c.prompt() + c.completion(),
		"gen_ai.usage.cache_read.input_tokens": c.read,
	})
}

// writeLangfuse: disjoint kinds, in an object.
func writeLangfuse(_ *application, c *simulatedCall, to map[string]any) {
	c.reasoningKnown, c.cacheKnown = true, true
	counts, _ := json.Marshal(map[string]int64{
		"input": c.fresh, "input_cached_tokens": c.read, "input_cache_creation": c.write5m + c.write1h,
		"output": c.output, "output_reasoning_tokens": c.reasoning, "total": c.prompt() + c.completion(),
	})
	maps.Copy(to, map[string]any{
		"langfuse.observation.type": "generation", "langfuse.observation.model.name": c.model.dated, "gen_ai.provider.name": c.model.provider,
		"langfuse.observation.usage_details": string(counts),
	})
}

// writeBlind knows the totals alone.
func writeBlind(_ *application, c *simulatedCall, to map[string]any) {
	maps.Copy(to, map[string]any{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": c.model.provider, "gen_ai.request.model": c.model.name,
		"gen_ai.usage.input_tokens": c.prompt(), "gen_ai.usage.output_tokens": c.completion(),
	})
}

// writeNoUsage knows that there was a call.
func writeNoUsage(_ *application, c *simulatedCall, to map[string]any) {
	maps.Copy(to, map[string]any{"gen_ai.operation.name": "chat", "gen_ai.provider.name": c.model.provider, "gen_ai.request.model": c.model.name})
}

// want is the true ledger, as far as what was sent has it.
func (a *application) want() map[string]simulatedTotals {
	all := map[string]simulatedTotals{}
	for _, c := range a.calls {
		key := c.model.name + " " + c.agent
		t := all[key]
		t.calls++
		if c.failed {
			t.errors++
			all[key] = t
			continue
		}
		read, write5m, write1h, reasoning := c.read, c.write5m, c.write1h, c.reasoning
		if !c.splitKnown {
			write5m, write1h = write5m+write1h, 0
		}
		if !c.cacheKnown {
			read, write5m, write1h = 0, 0, 0
		}
		if !c.reasoningKnown {
			reasoning = 0
		}
		p := c.model.tariff
		micros := float64(c.prompt()-read-write5m-write1h)*p.input + float64(read)*p.cacheRead + float64(write5m)*p.write5m + float64(write1h)*p.write1h +
			float64(c.completion())*p.output
		t.input += c.prompt()
		t.cacheRead += read
		t.cacheWrite += write5m + write1h
		t.output += c.completion()
		t.thinks += reasoning
		t.nanodollars += int64(micros*1000 + 0.5)
		all[key] = t
	}
	return all
}

// count returns the ledger of a collector to which everything was sent: in batches,
// some of it again, and with restarts and kills between them.
func (a *application) count(t *testing.T, random *rand.Rand, shuffle bool) map[string]simulatedTotals {
	t.Helper()
	return simulatedLedger(t, a.countWith(t, random, shuffle, func(cfg *Config, extensions ...extension) *rig { return newRig(t, cfg, extensions...) }))
}

// countWith sends everything to the collectors that start makes, one after the other.
func (a *application) countWith(t *testing.T, random *rand.Rand, shuffle bool, start func(*Config, ...extension) *rig) *page {
	t.Helper()
	return a.collect(t, random, shuffle, false, start)
}

// collect is the same. Some of the restarts are kills, if those are wanted.
func (a *application) collect(t *testing.T, random *rand.Rand, shuffle, kills bool, start func(*Config, ...extension) *rig) *page {
	t.Helper()
	sent := slices.Clone(a.sent)
	if shuffle {
		random.Shuffle(len(sent), func(i, j int) { sent[i], sent[j] = sent[j], sent[i] })
	}
	m := &memory{}
	p, e := newPage()
	r := start(withStorage(nil), m.extension(), e)
	for i := 0; i < len(sent); {
		n := min(1+random.IntN(6), len(sent)-i)
		batch := ptrace.NewTraces()
		for _, one := range sent[i : i+n] {
			if one.logs != nil {
				send(r, one)
				continue
			}
			one.spans.ResourceSpans().At(0).CopyTo(batch.ResourceSpans().AppendEmpty())
		}
		again := ptrace.NewTraces()
		batch.CopyTo(again)
		r.price(batch)
		if random.IntN(5) == 0 {
			r.price(again)
		}
		i += n
		if random.IntN(8) == 0 {
			if kills && random.IntN(3) == 0 {
				time.Sleep(20 * time.Second) // a snapshot is written
				continue
			}
			if kills && random.IntN(2) == 0 {
				m = m.copy()
			} else {
				r.stop()
			}
			p, e = newPage()
			r = start(withStorage(nil), m.extension(), e)
		}
	}
	return p
}

func simulatedLedger(t *testing.T, p *page) map[string]simulatedTotals {
	t.Helper()
	rows, err := p.usage.Usage(dashboard.Query{From: morning.Add(-time.Hour), To: morning.Add(time.Hour), GroupBy: []string{dashboard.Model, attrAgent}})
	require.NoError(t, err)
	all := map[string]simulatedTotals{}
	for _, row := range rows {
		u := row.Usage
		if u.Calls == 0 && u.Dollars == 0 {
			continue
		}
		all[strings.Join(row.Group, " ")] = simulatedTotals{
			calls: u.Calls, errors: u.Errors, input: u.Amounts.Prompt(), cacheRead: u.Amounts.CacheReads(), cacheWrite: u.Amounts.CacheWrites(),
			output: u.Amounts.Completion(), thinks: u.Amounts[usage.Reasoning], nanodollars: int64(u.Dollars*1e9 + 0.5),
		}
	}
	return all
}

// dump shows what was sent, as arctool explain does.
func (a *application) dump() string {
	var in, out bytes.Buffer
	for _, one := range a.sent {
		if one.spans != nil {
			content, _ := (&ptrace.JSONMarshaler{}).MarshalTraces(*one.spans)
			in.Write(content)
		} else {
			content, _ := (&plog.JSONMarshaler{}).MarshalLogs(*one.logs)
			in.Write(content)
		}
		in.WriteByte('\n')
	}
	_, err := Explain(&out, &in, nil, morning)
	if err != nil {
		return err.Error()
	}
	return out.String()
}

// The simulation itself: what it draws has every kind of call and report.
func TestSimulationIsVaried(t *testing.T) {
	seen := map[string]bool{}
	for seed := range 100 {
		a := simulate(rand.New(rand.NewPCG(uint64(seed), 11)))
		for _, one := range a.sent {
			if one.spans != nil {
				seen[one.spans.ResourceSpans().At(0).ScopeSpans().At(0).Scope().Name()] = true
			} else {
				seen["events"] = true
			}
		}
		for _, c := range a.calls {
			seen[fmt.Sprintf("failed %v", c.failed)], seen[c.model.name] = true, true
		}
	}
	for _, s := range styles {
		assert.True(t, seen[s.scope], s.scope)
	}
	for _, other := range []string{"events", "agents", "http", "failed true", "failed false", "gpt-4o", "gemini-2.5-flash"} {
		assert.True(t, seen[other], other)
	}
}
