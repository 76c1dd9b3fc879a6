// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Command go is a small agent application that sends OTLP to the collector:
// an agent's span, and below it a span for each call of a model. The collector prices
// the calls.
package main

import (
	"context"
	"fmt"
	"os"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func main() {
	endpoint := "localhost:4317"
	if len(os.Args) > 1 {
		endpoint = os.Args[1]
	}
	if err := run(context.Background(), endpoint); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, endpoint string) error {
	exporter, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpoint(endpoint), otlptracegrpc.WithInsecure())
	if err != nil {
		return err
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "arc-go"))),
	)
	app := application{tracer: provider.Tracer("examples/go")}
	app.research(ctx, "what do our agents cost?")
	return provider.Shutdown(ctx)
}

type application struct{ tracer trace.Tracer }

// research is an agent: it asks a model twice.
func (a application) research(ctx context.Context, task string) {
	ctx, span := a.tracer.Start(ctx, "invoke_agent researcher", trace.WithAttributes(
		attribute.String("gen_ai.operation.name", "invoke_agent"),
		attribute.String("gen_ai.agent.name", "researcher"),
	))
	defer span.End()
	for _, prompt := range []string{"Plan: " + task, "Answer: " + task} {
		if _, err := a.chat(ctx, prompt); err != nil {
			span.SetStatus(codes.Error, err.Error())
			return
		}
	}
}

// chat is a call of a model, as the GenAI semantic conventions describe it.
func (a application) chat(ctx context.Context, prompt string) (string, error) {
	ctx, span := a.tracer.Start(ctx, "chat claude-sonnet-4-5", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("gen_ai.operation.name", "chat"),
		attribute.String("gen_ai.provider.name", "anthropic"),
		attribute.String("gen_ai.request.model", "claude-sonnet-4-5"),
	))
	defer span.End()
	completion, err := callModel(ctx, prompt)
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
		return "", err
	}
	span.SetAttributes(
		attribute.Int("gen_ai.usage.input_tokens", completion.inputTokens),
		attribute.Int("gen_ai.usage.output_tokens", completion.outputTokens),
	)
	return completion.text, nil
}

type completion struct {
	text                      string
	inputTokens, outputTokens int
}

// callModel stands in for the provider's client of a real application.
func callModel(ctx context.Context, prompt string) (completion, error) {
	if err := ctx.Err(); err != nil {
		return completion{}, err // as a client of a provider does
	}
	return completion{text: prompt, inputTokens: 1000, outputTokens: 200}, nil
}
