// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// model is a model that the demo's agents call, with the usual size of a call.
type model struct {
	name, provider string
	input, output  int
	milliseconds   int
	caches         bool    // part of the input is read from a cache
	reported       float64 // dollars a million input tokens by the application's own, old, table; 0: it reports none
}

var models = []model{
	{name: "gpt-4o", provider: "openai", input: 3200, output: 450, milliseconds: 2100},
	{name: "gpt-4o-mini", provider: "openai", input: 1800, output: 220, milliseconds: 900},
	{name: "gpt-4o-mini", provider: "openai", input: 2400, output: 180, milliseconds: 800},
	{name: "claude-3-5-sonnet-20241022", provider: "anthropic", input: 9400, output: 900, milliseconds: 4200, caches: true},
	{name: "claude-3-haiku-20240307", provider: "anthropic", input: 900, output: 120, milliseconds: 700, reported: .4},
}

// unknown is a model that no price table has.
var unknown = model{name: "acme-70b-instruct", provider: "acme", input: 2800, output: 380, milliseconds: 3000}

// costly is a call with a context so long that it costs more than a dollar.
var costly = model{name: "gpt-4-turbo", provider: "openai", input: 118_000, output: 4000, milliseconds: 38_000}

// application is a service with its agents.
type application struct {
	service string
	agents  []string
}

var applications = []application{
	{"support-desk", []string{"triage", "answer"}},
	{"research-agents", []string{"planner", "reader", "writer"}},
	{"billing", []string{"reconcile"}},
}

// busy is the load at a time of day, as a share of the busiest hour.
func busy(at time.Time) float64 {
	fromNoon := (float64(at.Hour()) + float64(at.Minute())/60 - 13) / 6
	return max(.1, 1-fromNoon*fromNoon)
}

// sendSpans sends the spans of instrumented applications between two times: agent runs
// with LLM calls, a few of which fail, and at the end of a day one that costs more than
// a dollar. Every is the interval between runs in the busiest hour.
func sendSpans(ctx context.Context, endpoint string, from, to time.Time, every time.Duration) (calls int, err error) {
	for i, app := range applications {
		exporter, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpoint(endpoint), otlptracegrpc.WithInsecure())
		if err != nil {
			return calls, err
		}
		provider := sdktrace.NewTracerProvider(
			sdktrace.WithBatcher(exporter, sdktrace.WithBlocking()),
			sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", app.service))),
		)
		tracer := provider.Tracer("demo")
		for at := from; ; {
			pause := rand.ExpFloat64() * float64(every) * float64(len(applications)) / busy(at)
			if at = at.Add(time.Duration(pause)); at.After(to) {
				break
			}
			calls += sendRun(ctx, tracer, app, at, false)
		}
		if i == 1 && to.Sub(from) > time.Hour {
			calls += sendRun(ctx, tracer, app, to, true)
		}
		if err := errors.Join(provider.ForceFlush(ctx), provider.Shutdown(ctx)); err != nil {
			return calls, err
		}
	}
	return calls, nil
}

// sendRun sends a run of an agent that ends at end, and returns how many calls are in it.
func sendRun(ctx context.Context, tracer trace.Tracer, app application, end time.Time, withCostly bool) (calls int) {
	agent := app.agents[rand.IntN(len(app.agents))]
	user := fmt.Sprintf("user-%d", 1+min(rand.IntN(9), rand.IntN(9)))
	var made []model
	for range 1 + rand.IntN(4) {
		made = append(made, models[rand.IntN(len(models))])
	}
	if rand.IntN(25) == 0 {
		made = append(made, unknown)
	}
	if withCostly {
		made = append(made, costly)
	}
	took := make([]time.Duration, len(made))
	start := end
	for i, m := range made {
		took[i] = time.Duration(float64(m.milliseconds)*(.5+.5*rand.ExpFloat64())) * time.Millisecond
		start = start.Add(-took[i])
	}
	ctx, span := tracer.Start(ctx, "invoke_agent "+agent, trace.WithTimestamp(start), trace.WithAttributes(
		attribute.String("gen_ai.operation.name", "invoke_agent"),
		attribute.String("gen_ai.agent.name", agent),
	))
	for i, m := range made {
		sendCall(ctx, tracer, m, agent, user, start, took[i])
		start = start.Add(took[i])
	}
	span.End(trace.WithTimestamp(end))
	return len(made)
}

func sendCall(ctx context.Context, tracer trace.Tracer, m model, agent, user string, start time.Time, took time.Duration) {
	input, output := around(m.input), around(m.output)
	_, span := tracer.Start(ctx, "chat "+m.name, trace.WithTimestamp(start), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("gen_ai.operation.name", "chat"),
		attribute.String("gen_ai.provider.name", m.provider),
		attribute.String("gen_ai.request.model", m.name),
		attribute.String("gen_ai.agent.name", agent),
		attribute.String("user.id", user),
		attribute.Int("gen_ai.usage.input_tokens", input),
	))
	defer func() { span.End(trace.WithTimestamp(start.Add(took))) }()
	if rand.IntN(40) == 0 && m != costly {
		span.SetStatus(codes.Error, "rate limit exceeded")
		span.SetAttributes(attribute.String("error.type", "rate_limit_exceeded"))
		return
	}
	span.SetAttributes(attribute.Int("gen_ai.usage.output_tokens", output))
	if m.caches && rand.IntN(3) > 0 {
		span.SetAttributes(attribute.Int("gen_ai.usage.cache_read.input_tokens", input*7/10))
	}
	if m.reported > 0 {
		span.SetAttributes(attribute.Float64("gen_ai.usage.cost", m.reported*float64(input)/1e6))
	}
}

// around is n plus or minus up to a fifth.
func around(n int) int { return n - n/5 + rand.IntN(2*n/5+1) }
