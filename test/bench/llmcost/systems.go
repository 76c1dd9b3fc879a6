// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/transformprocessor"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor"
	"github.com/otelcol-arc/otelcol-arc/test/bench/traffic"
)

// system is a way to price calls.
type system struct {
	name    string
	consume func(context.Context, ptrace.Traces) error
}

// startSystems starts ours with three sizes of its table, and the peers.
func startSystems(ctx context.Context) (systems []system, stop func(), err error) {
	dir, err := os.MkdirTemp("", "llmcost")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	more, err := priceFile(dir, 20_000)
	if err != nil {
		return nil, nil, err
	}
	var running []component.Component
	stop = func() {
		for _, c := range running {
			_ = c.Shutdown(context.WithoutCancel(ctx))
		}
	}
	for _, s := range []struct {
		name    string
		factory processor.Factory
		config  map[string]any
	}{
		{"llm_cost, the built-in table of 4,000 models", llmcostprocessor.NewFactory(), map[string]any{}},
		{"llm_cost, 20,000 models more", llmcostprocessor.NewFactory(), map[string]any{"prices": map[string]any{"files": []any{more}}}},
		{"transform, a guarded statement for each of 20 models", transformprocessor.NewFactory(), guarded(20)},
		{"transform, a guarded statement for each of 100 models", transformprocessor.NewFactory(), guarded(100)},
	} {
		cfg := s.factory.CreateDefaultConfig()
		if err := confmap.NewFromStringMap(s.config).Unmarshal(cfg); err != nil {
			return nil, stop, fmt.Errorf("%s: %w", s.name, err)
		}
		traces, err := s.factory.CreateTraces(ctx, processortest.NewNopSettings(s.factory.Type()), cfg, consumertest.NewNop())
		if err != nil {
			return nil, stop, fmt.Errorf("%s: %w", s.name, err)
		}
		if err := traces.Start(ctx, componenttest.NewNopHost()); err != nil {
			return nil, stop, errors.Join(fmt.Errorf("%s: %w", s.name, err), traces.Shutdown(ctx))
		}
		running = append(running, traces)
		systems = append(systems, system{s.name, traces.ConsumeTraces})
	}
	return systems, stop, nil
}

// priceFile has so many models that nobody calls.
func priceFile(dir string, n int) (string, error) {
	var file strings.Builder
	file.WriteString("models:\n")
	for i := range n {
		fmt.Fprintf(&file, "  - {name: house-model-%d, provider: house, prices: [{input: \"1\", output: \"2\"}]}\n", i)
	}
	name := filepath.Join(dir, "prices.yaml")
	return name, os.WriteFile(name, []byte(file.String()), 0o600)
}

// guarded are the statements that people write: for each model one that computes
// the cost, in doubles, where the model is that one.
func guarded(n int) map[string]any {
	var statements []any
	for i := range n {
		model := fmt.Sprintf("house-model-%d", i)
		if i < len(traffic.Models) {
			model = traffic.Models[i]
		}
		statements = append(statements, fmt.Sprintf(
			`set(attributes["gen_ai.usage.cost"], attributes["gen_ai.usage.input_tokens"]*0.0000025 + attributes["gen_ai.usage.output_tokens"]*0.00001) where attributes["gen_ai.request.model"] == %q`, model))
	}
	return map[string]any{"trace_statements": []any{map[string]any{
		"context":    "span",
		"conditions": []any{`attributes["gen_ai.request.model"] != nil`},
		"statements": statements,
	}}}
}
