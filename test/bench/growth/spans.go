// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor"
	"github.com/otelcol-arc/otelcol-arc/test/bench/traffic"
)

// spansInBatch is the size of a batch.
const (
	spansInBatch = 1000
)

// shareOfUnmarshalling is the axis of costs of spans and samples.
const shareOfUnmarshalling = "cost, as a share of unmarshalling"

func overModels() growth {
	return growth{
		name: "models", title: "A call, by models of the price table", x: "models", y: shareOfUnmarshalling, unit: share,
		lines: []line{
			{"twelve of them are called", []int{100, 10_000, 100_000, 1_000_000}, func(ctx context.Context, size int) (ratio.Measure, func() error, error) {
				return priced(ctx, size, nil, func(span ptrace.Span, i int) { call(span, "gen_ai.request.model", houseModel(i%12*size/12)) })
			}},
			{"all are called, in turns", []int{100, 10_000, 100_000}, func(ctx context.Context, size int) (ratio.Measure, func() error, error) {
				return priced(ctx, size, nil, func(span ptrace.Span, i int) { call(span, "gen_ai.request.model", houseModel(i%size)) })
			}},
		},
	}
}

func overHours() growth {
	return growth{
		name: "hours", title: "A call, by hours of the ledger", x: "hours", y: shareOfUnmarshalling, unit: share,
		lines: []line{{"calls of all hours, in turns", []int{1, 24, 168, 840}, func(ctx context.Context, size int) (ratio.Measure, func() error, error) {
			return priced(ctx, 0, nil, func(span ptrace.Span, i int) {
				ended := time.Now().Add(-time.Duration(i%size) * time.Hour)
				span.SetStartTimestamp(pcommon.NewTimestampFromTime(ended.Add(-time.Second)))
				span.SetEndTimestamp(pcommon.NewTimestampFromTime(ended))
			})
		}}},
	}
}

// overUsers is the ledger's part of the growth over label sets.
func overUsers() line {
	return line{"a call of llm_cost: users, each a row of the ledger", []int{100, 1000, 10_000, 100_000}, func(ctx context.Context, size int) (ratio.Measure, func() error, error) {
		dimensions := settings{"dimensions": []any{"service.name", "user.id"}, "max_rows": 2_000_000}
		return priced(ctx, 0, dimensions, func(span ptrace.Span, i int) {
			call(span, "gen_ai.request.model", traffic.Models[0])
			call(span, "user.id", fmt.Sprintf("user-%d", i%size))
		})
	}}
}

type settings = map[string]any

func houseModel(i int) string { return fmt.Sprintf("house-model-%d", i) }

// call changes what a call is about. A model's response is of the same model.
func call(span ptrace.Span, key, value string) {
	span.Attributes().PutStr(key, value)
	if key == "gen_ai.request.model" {
		span.Attributes().PutStr("gen_ai.response.model", value)
	}
}

// priced measures llm_cost, with so many models more in its table, on batches of
// calls each of which has been changed. All have been seen once before.
func priced(ctx context.Context, models int, config settings, change func(span ptrace.Span, i int)) (ratio.Measure, func() error, error) {
	p, shut, err := startPricing(ctx, models, config)
	if err != nil {
		return nil, nil, err
	}
	const batches = 100 // of all 100,000 of what there is most
	messages := make([][]byte, batches)
	for n := range messages {
		td := traffic.Spans(spansInBatch, 100, 1)
		for i, span := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
			change(span, n*spansInBatch+i)
		}
		if messages[n], err = (&ptrace.ProtoMarshaler{}).MarshalTraces(td); err != nil {
			return nil, nil, errors.Join(err, shut())
		}
	}
	number := uint64(0)
	pass := func(consume func(context.Context, ptrace.Traces) error) error {
		unmarshaler := &ptrace.ProtoUnmarshaler{}
		for _, message := range messages {
			td, err := unmarshaler.UnmarshalTraces(message)
			if err != nil {
				return err
			}
			number++
			traffic.Renumber(td, number)
			if err := consume(ctx, td); err != nil {
				return err
			}
		}
		return nil
	}
	if err := pass(p.ConsumeTraces); err != nil {
		return nil, nil, errors.Join(err, shut())
	}
	measure := func() (float64, error) {
		all, err := cpuOf(func() error { return pass(p.ConsumeTraces) })
		if err != nil {
			return 0, err
		}
		floor, err := cpuOf(func() error { return pass(func(context.Context, ptrace.Traces) error { return nil }) })
		return float64(all-floor) / float64(floor), err
	}
	return measure, shut, nil
}

// startPricing starts llm_cost.
func startPricing(ctx context.Context, models int, config settings) (p processor.Traces, shut func() error, err error) {
	dir, err := os.MkdirTemp("", "growth")
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	factory := llmcostprocessor.NewFactory()
	cfg := factory.CreateDefaultConfig()
	all := confmap.NewFromStringMap(config)
	if models > 0 {
		files, err := prices(dir, models)
		if err != nil {
			return nil, nil, err
		}
		if err := all.Merge(confmap.NewFromStringMap(settings{"prices": settings{"files": files}})); err != nil {
			return nil, nil, err
		}
	}
	if err := all.Unmarshal(cfg); err != nil {
		return nil, nil, err
	}
	p, err = factory.CreateTraces(ctx, processortest.NewNopSettings(factory.Type()), cfg, consumertest.NewNop())
	if err != nil {
		return nil, nil, err
	}
	shut = func() error { return p.Shutdown(context.WithoutCancel(ctx)) }
	if err := p.Start(ctx, componenttest.NewNopHost()); err != nil {
		return nil, nil, errors.Join(err, shut())
	}
	return p, shut, nil
}

// modelsInFile keeps price files below the size that is read.
const modelsInFile = 100_000

// prices writes tables of so many models.
func prices(dir string, models int) (files []any, err error) {
	for first := 0; first < models; first += modelsInFile {
		content := []byte("models:\n")
		for i := first; i < min(first+modelsInFile, models); i++ {
			content = fmt.Appendf(content, "  - {name: %s, provider: openai, prices: [{input: \"1\", output: \"2\"}]}\n", houseModel(i))
		}
		path := filepath.Join(dir, fmt.Sprintf("prices-%d.yaml", first))
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return nil, err
		}
		files = append(files, path)
	}
	return files, nil
}
