// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// model is what the demo's agents call, and how much they usually say to it.
type model struct {
	name, provider string
	input, output  int
}

var models = []model{
	{name: "gpt-4o", provider: "openai", input: 3200, output: 450},
	{name: "gpt-4o-mini", provider: "openai", input: 1800, output: 220},
	{name: "claude-3-5-sonnet-20241022", provider: "anthropic", input: 5400, output: 900},
	{name: "claude-3-haiku-20240307", provider: "anthropic", input: 900, output: 120},
}

// sendSpans sends what an instrumented application does: agent runs with LLM
// calls in them, a few that fail, and one with a context so long that the call
// costs more than a dollar.
func sendSpans(ctx context.Context) error {
	exporter, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpoint("localhost:4317"), otlptracegrpc.WithInsecure())
	if err != nil {
		return err
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "research-agents"))),
	)
	tracer := provider.Tracer("demo")
	for run := range 60 {
		start := time.Now().Add(-time.Duration(rand.IntN(300)) * time.Second)
		runCtx, agent := tracer.Start(ctx, "invoke_agent researcher", trace.WithTimestamp(start), trace.WithAttributes(
			attribute.String("gen_ai.operation.name", "invoke_agent"),
			attribute.String("gen_ai.agent.name", "researcher"),
		))
		end := start
		for range 1 + rand.IntN(4) {
			m := models[rand.IntN(len(models))]
			end = sendCall(runCtx, tracer, m, end, rand.IntN(20) == 0)
		}
		if run == 0 {
			end = sendCall(runCtx, tracer, model{name: "gpt-4-turbo", provider: "openai", input: 118_000, output: 4000}, end, false)
		}
		agent.End(trace.WithTimestamp(end))
	}
	return errors.Join(provider.ForceFlush(ctx), provider.Shutdown(ctx))
}

// sendCall sends one call that starts at start, and returns when it ended.
func sendCall(ctx context.Context, tracer trace.Tracer, m model, start time.Time, fails bool) time.Time {
	_, span := tracer.Start(ctx, "chat "+m.name, trace.WithTimestamp(start), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("gen_ai.operation.name", "chat"),
		attribute.String("gen_ai.provider.name", m.provider),
		attribute.String("gen_ai.request.model", m.name),
		attribute.Int("gen_ai.usage.input_tokens", around(m.input)),
	))
	end := start.Add(time.Duration(around(1800)) * time.Millisecond)
	if fails {
		span.SetStatus(codes.Error, "rate limit exceeded")
		span.SetAttributes(attribute.String("error.type", "rate_limit_exceeded"))
	} else {
		span.SetAttributes(attribute.Int("gen_ai.usage.output_tokens", around(m.output)))
	}
	span.End(trace.WithTimestamp(end))
	return end
}

// around is n, give or take a fifth.
func around(n int) int { return n - n/5 + rand.IntN(2*n/5+1) }
