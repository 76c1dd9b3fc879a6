// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Churn makes telemetry whose users, sessions, traces, models, services and label sets are
// ever new, as those of a large company are over weeks. What is new in a batch has the batch's
// number in its name. It counts what it made.
type Churn struct {
	Spans, Calls, Events, Records, Points                 atomic.Int64
	Traces, Users, Models, Services, LabelSets, Endpoints atomic.Int64
}

// What of a hundred is so.
const (
	newUser     = 50 // traces of a user who was not seen before; the others are of 200 users
	unknown     = 12 // calls of a model that no price list has, and nobody called before
	failing     = 5  // calls that fail before they use anything
	expensive   = 1  // calls that cost more than a dollar
	late        = 15 // traces that come hours after they ended
	newServices = 33 // batches of a service that was not seen before
)

const (
	tracesInBatch = 5
	callsInTrace  = 3
	othersInTrace = 5
)

// SpansOf is batch n: five traces of ten spans, each a request, an agent's run, three calls
// and what else a request does.
func (c *Churn) SpansOf(n uint64, now time.Time) ptrace.Traces {
	random := rand.New(rand.NewPCG(n, 1)) // the same each time
	of := func(percent int) bool { return random.IntN(100) < percent }
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", c.service(n, now, of(newServices)))
	scope := rs.ScopeSpans().AppendEmpty()
	scope.Scope().SetName("shop.assistant")
	id := n << 16
	add := func(trace pcommon.TraceID, parent pcommon.SpanID, name string, begins, ends time.Time) ptrace.Span {
		id++
		span := scope.Spans().AppendEmpty()
		span.SetTraceID(trace)
		span.SetSpanID(spanID(id))
		span.SetParentSpanID(parent)
		span.SetName(name)
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(begins))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(ends))
		c.Spans.Add(1)
		return span
	}
	for i := range uint64(tracesInBatch) {
		ends := now
		if of(late) {
			ends = now.Add(-time.Duration(3+random.IntN(40)) * time.Hour)
		}
		begins := ends.Add(-3 * time.Second)
		trace := traceID(n, i)
		c.Traces.Add(1)
		user := fmt.Sprintf("user-%d", random.IntN(200))
		if of(newUser) {
			user = fmt.Sprintf("guest-%d-%d", n, i)
			c.Users.Add(1)
		}
		who := func(span ptrace.Span) pcommon.Map {
			a := span.Attributes()
			a.PutStr("user.id", user)
			a.PutStr("session.id", fmt.Sprintf("session-%d-%d", n, i))
			a.PutStr("gen_ai.conversation.id", fmt.Sprintf("conversation-%d-%d", n, i))
			return a
		}
		root := add(trace, pcommon.SpanID{}, "POST /chat", begins, ends)
		root.SetKind(ptrace.SpanKindServer)
		who(root).PutStr(fmt.Sprintf("shop.key.%d", n), "ever new") // also keys are
		agent := add(trace, root.SpanID(), "invoke_agent assistant", begins, ends)
		a := who(agent)
		a.PutStr("gen_ai.operation.name", "invoke_agent")
		a.PutStr("gen_ai.agent.name", fmt.Sprintf("assistant-%d", random.IntN(20)))
		for j := range uint64(callsInTrace) {
			model := Models[random.IntN(len(Models))]
			if of(unknown) {
				model = fmt.Sprintf("house-model-%d-%d-%d", n, i, j)
				c.Models.Add(1)
			}
			span := add(trace, agent.SpanID(), "chat "+model, begins.Add(time.Duration(j)*time.Second), begins.Add(time.Duration(j+1)*time.Second))
			span.SetKind(ptrace.SpanKindClient)
			c.Calls.Add(1)
			a := who(span)
			provider, address := sellerOf(model)
			a.PutStr("gen_ai.operation.name", "chat")
			a.PutStr("gen_ai.provider.name", provider)
			a.PutStr("gen_ai.request.model", model)
			a.PutStr("server.address", address)
			if of(failing) {
				span.Status().SetCode(ptrace.StatusCodeError)
				a.PutStr("error.type", "timeout")
				continue
			}
			a.PutStr("gen_ai.response.model", model)
			a.PutStr("gen_ai.response.id", responseID(n, int(i*callsInTrace+j)))
			a.PutInt("gen_ai.usage.input_tokens", int64(500+random.IntN(3000)))
			output := int64(100 + random.IntN(500))
			if of(expensive) {
				output = 1_000_000
			}
			a.PutInt("gen_ai.usage.output_tokens", output)
		}
		for j := range uint64(othersInTrace) {
			webRequest(add(trace, root.SpanID(), fmt.Sprintf("GET /items/%d", j), begins, ends))
		}
	}
	return td
}

// service is the name of one of ten services of the minute's new team, or of a new one.
func (c *Churn) service(n uint64, now time.Time, fresh bool) string {
	if fresh {
		c.Services.Add(1)
		return fmt.Sprintf("job-%d", n)
	}
	return fmt.Sprintf("team-%d-service-%d", now.Unix()/60, n%10)
}

// EventsOf is batch n of ten Arc events, each of which has an ID: calls, a failed call,
// requests of new endpoints, runs of new agents, and log lines.
func (c *Churn) EventsOf(n uint64, now time.Time) []byte {
	var b bytes.Buffer
	at := now.UTC().Format("2006-01-02T15:04:05.000000")
	line := func(i int, fields string) {
		fmt.Fprintf(&b, `{"timestamp": %q, "id": "event-%d-%d", "user_id": "caller-%d-%d", "request_id": "request-%d-%d", %s}`+"\n", at, n, i, n, i, n, i, fields)
		c.Events.Add(1)
	}
	model := Models[n%uint64(len(Models))]
	line(0, fmt.Sprintf(`"model": %q, "prompt_tokens": 900, "completion_tokens": 200, "duration_seconds": 1.5, "status": "success", "agent_name": "researcher"`, model))
	line(1, fmt.Sprintf(`"model": %q, "prompt_tokens": 0, "completion_tokens": 0, "duration_seconds": 30, "status": "timeout", "error_type": "Timeout"`, model))
	line(2, fmt.Sprintf(`"method": "POST", "endpoint": "/chats/%d", "status": %d, "duration": 0.31`, n, []int{200, 200, 503}[n%3]))
	line(3, fmt.Sprintf(`"agent_name": "agent-%d", "status": "success", "duration_ms": 2500`, n))
	line(4, fmt.Sprintf(`"cache_type": "cache-%d", "hit": true`, n))
	c.Calls.Add(2)
	c.Endpoints.Add(1)
	for i := 5; i < 10; i++ {
		line(i, fmt.Sprintf(`"level": "INFO", "logger": "arc.jobs.job%d", "message": "Job %d is done", "task_id": "task-%d"`, n, n, n))
	}
	return b.Bytes()
}

// LogsOf is batch n of twenty log records, of a service that may be new.
func (c *Churn) LogsOf(n uint64, now time.Time) plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", c.service(n, now, false))
	rl.Resource().Attributes().PutStr("service.instance.id", fmt.Sprintf("instance-%d", n))
	records := rl.ScopeLogs().AppendEmpty().LogRecords()
	for i := range uint64(20) {
		r := records.AppendEmpty()
		r.SetTimestamp(pcommon.NewTimestampFromTime(now))
		r.SetSeverityNumber(plog.SeverityNumberInfo)
		r.SetTraceID(traceID(n, i))
		r.Body().SetStr(fmt.Sprintf("Order %d-%d is paid", n, i))
		r.Attributes().PutStr("order.id", fmt.Sprintf("order-%d-%d", n, i))
		c.Records.Add(1)
	}
	return ld
}

// MetricsOf is batch n of 50 counters since the start: 35 that are in every batch, and 15 whose
// label sets are new. Another is under a name that is reserved, and each time of a new service.
func (c *Churn) MetricsOf(n uint64, start, now time.Time) pmetric.Metrics {
	md := pmetric.NewMetrics()
	sumOf := func(service, name string) pmetric.NumberDataPointSlice {
		rm := md.ResourceMetrics().AppendEmpty()
		rm.Resource().Attributes().PutStr("service.name", service)
		m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		m.SetName(name)
		sum := m.SetEmptySum()
		sum.SetIsMonotonic(true)
		sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		return sum.DataPoints()
	}
	add := func(points pmetric.NumberDataPointSlice, tenant string) {
		p := points.AppendEmpty()
		p.Attributes().PutStr("tenant", tenant)
		p.SetStartTimestamp(pcommon.NewTimestampFromTime(start))
		p.SetTimestamp(pcommon.NewTimestampFromTime(now))
		p.SetIntValue(int64(n))
		c.Points.Add(1)
	}
	orders := sumOf("shop", "shop_orders_total")
	for i := range 35 {
		add(orders, fmt.Sprintf("tenant-%d", i))
	}
	for i := range 15 {
		add(orders, fmt.Sprintf("tenant-%d-%d", n, i))
		c.LabelSets.Add(1)
	}
	add(sumOf(fmt.Sprintf("imposter-%d", n), "arc_llm_cost_dollars"), "tenant-0")
	return md
}

func traceID(n, i uint64) pcommon.TraceID {
	var id pcommon.TraceID
	binary.BigEndian.PutUint64(id[:8], n+1)
	binary.BigEndian.PutUint64(id[8:], i+1)
	return id
}

func spanID(n uint64) pcommon.SpanID {
	var id pcommon.SpanID
	binary.BigEndian.PutUint64(id[:], n)
	return id
}
