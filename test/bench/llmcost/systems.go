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

	"github.com/open-telemetry/opentelemetry-collector-contrib/connector/signaltometricsconnector"
	"github.com/open-telemetry/opentelemetry-collector-contrib/connector/spanmetricsconnector"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/transformprocessor"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/connectortest"
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
	prices  bool // writes a cost
	batches int  // of a measurement: fewer where it is slow
	consume func(context.Context, ptrace.Traces) error
}

// startSystems starts ours with three sizes of its table, and the peers.
func startSystems(ctx context.Context) (systems []system, stop func(), err error) {
	dir, err := os.MkdirTemp("", "llmcost")
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
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
	run := func(name string, prices bool, traces component.Component, consume func(context.Context, ptrace.Traces) error) error {
		if err := traces.Start(ctx, componenttest.NewNopHost()); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", name, err), traces.Shutdown(ctx))
		}
		running = append(running, traces)
		systems = append(systems, system{name: name, prices: prices, batches: batchesMeasured, consume: consume})
		return nil
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
		{"transform, looking prices up in a map of 2,000 models", transformprocessor.NewFactory(), lookups(2000)},
	} {
		cfg := s.factory.CreateDefaultConfig()
		if err := confmap.NewFromStringMap(s.config).Unmarshal(cfg); err != nil {
			return nil, stop, fmt.Errorf("%s: %w", s.name, err)
		}
		traces, err := s.factory.CreateTraces(ctx, processortest.NewNopSettings(s.factory.Type()), cfg, consumertest.NewNop())
		if err != nil {
			return nil, stop, fmt.Errorf("%s: %w", s.name, err)
		}
		if err := run(s.name, true, traces, traces.ConsumeTraces); err != nil {
			return nil, stop, err
		}
	}
	for _, s := range []struct {
		name    string
		factory connector.Factory
		config  map[string]any
	}{
		{"signaltometrics, five metrics, no cost", signaltometricsconnector.NewFactory(), aggregates()},
		{"spanmetrics, by model and user, no cost", spanmetricsconnector.NewFactory(), map[string]any{
			"dimensions": []any{map[string]any{"name": "gen_ai.request.model"}, map[string]any{"name": "user.id"}},
		}},
	} {
		cfg := s.factory.CreateDefaultConfig()
		if err := confmap.NewFromStringMap(s.config).Unmarshal(cfg); err != nil {
			return nil, stop, fmt.Errorf("%s: %w", s.name, err)
		}
		traces, err := s.factory.CreateTracesToMetrics(ctx, connectortest.NewNopSettings(s.factory.Type()), cfg, consumertest.NewNop())
		if err != nil {
			return nil, stop, fmt.Errorf("%s: %w", s.name, err)
		}
		if err := run(s.name, false, traces, traces.ConsumeTraces); err != nil {
			return nil, stop, err
		}
	}
	marshaler := &ptrace.ProtoMarshaler{}
	systems = append(systems,
		system{"a list of 20 rules, the first that matches, five attributes", true, batchesMeasured, newRuleList(20).consume},
		system{"a list of 2,000 rules", true, 20, newRuleList(2000).consume},
		system{"marshalling it again, the least that a pipeline does", false, batchesMeasured, func(_ context.Context, td ptrace.Traces) error {
			_, err := marshaler.MarshalTraces(td)
			return err
		}},
	)
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

// lookups are the statements of who would rather have a map: those for a
// resource put prices of n models on it and take them away in the end, and the
// one for each span looks its own up.
func lookups(n int) map[string]any {
	var input, output strings.Builder
	for i := range n {
		model := fmt.Sprintf("house-model-%d", i)
		if i < len(traffic.Models) {
			model = traffic.Models[i]
		}
		fmt.Fprintf(&input, "%q: 0.0000025, ", model)
		fmt.Fprintf(&output, "%q: 0.00001, ", model)
	}
	literal := func(b *strings.Builder) string { return "{" + strings.TrimSuffix(b.String(), ", ") + "}" }
	return map[string]any{"trace_statements": []any{
		map[string]any{"context": "resource", "statements": []any{
			`set(attributes["prices.input"], ` + literal(&input) + `)`,
			`set(attributes["prices.output"], ` + literal(&output) + `)`,
		}},
		map[string]any{
			"context":    "span",
			"conditions": []any{`attributes["gen_ai.request.model"] != nil`},
			"statements": []any{`set(attributes["gen_ai.usage.cost"], ` +
				`attributes["gen_ai.usage.input_tokens"]*resource.attributes["prices.input"][attributes["gen_ai.request.model"]] + ` +
				`attributes["gen_ai.usage.output_tokens"]*resource.attributes["prices.output"][attributes["gen_ai.request.model"]])`},
		},
		map[string]any{"context": "resource", "statements": []any{
			`delete_key(attributes, "prices.input")`,
			`delete_key(attributes, "prices.output")`,
		}},
	}}
}

// aggregates are what is asked of signaltometrics: what the ledger counts.
func aggregates() map[string]any {
	metric := func(name, kind string, of map[string]any) map[string]any {
		return map[string]any{
			"name": name, kind: of,
			"attributes": []any{map[string]any{"key": "gen_ai.request.model"}, map[string]any{"key": "gen_ai.agent.name", "optional": true}},
		}
	}
	sum := func(value string) map[string]any { return map[string]any{"value": value} }
	return map[string]any{"spans": []any{
		metric("calls", "sum", sum("1")),
		metric("input_tokens", "sum", sum(`attributes["gen_ai.usage.input_tokens"]`)),
		metric("output_tokens", "sum", sum(`attributes["gen_ai.usage.output_tokens"]`)),
		metric("max_tokens", "sum", sum(`attributes["gen_ai.request.max_tokens"]`)),
		metric("duration", "histogram", map[string]any{
			"value": "Seconds(end_time - start_time)", "buckets": []any{0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0},
		}),
	}}
}
