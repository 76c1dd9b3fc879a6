// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Command llmcost compares the llm_cost processor with the other way to price calls
// in the Collector: statements of the transform processor. The cost of a batch is
// reported as a share of unmarshalling it from OTLP. An argument selects the systems
// whose names begin with it; ratios prints those that `make bench-check` compares, as JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
	"github.com/otelcol-arc/otelcol-arc/test/bench/traffic"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	runtime.GOMAXPROCS(1) // figures are for one core
	systems, stop, err := startSystems(context.Background())
	if err != nil {
		return err
	}
	defer stop()
	if slices.Equal(os.Args[1:], []string{"ratios"}) {
		return printRatios(systems[0])
	}
	for _, percent := range []int{100, 10} {
		batches := newBatches(percent)
		ratio.Head(os.Stdout, fmt.Sprintf("Pricing, %d %% of spans are calls", percent), "what", "a span", "unmarshal a span", "ratio")
		for _, s := range systems {
			if len(os.Args) > 1 && !strings.HasPrefix(s.name, os.Args[1]) {
				continue
			}
			beyond, floor, err := batches.measure(s)
			if err != nil {
				return err
			}
			ratio.Row(os.Stdout, s.name, ratio.Cell(nanos, beyond.Sample()), ratio.Cell(nanos, floor.Sample()), fmt.Sprintf("%.2f", beyond.Over(floor).Median()))
		}
	}
	return nil
}

// printRatios prints the cost of a system over that of unmarshalling.
func printRatios(s system) error {
	encoder := json.NewEncoder(os.Stdout)
	for _, percent := range []int{10, 100} {
		beyond, floor, err := newBatches(percent).measure(s)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%s, CPU over unmarshalling: %d %% of spans are calls", s.name, percent)
		if err := encoder.Encode(ratio.NewFigure(name, beyond.Over(floor))); err != nil {
			return err
		}
	}
	return nil
}

func nanos(v float64) string { return fmt.Sprintf("%.0f ns", v) }

const (
	spansInBatch    = 1000
	batchesMeasured = 50
)

// batches are requests as they come over the wire, each with IDs of its own.
type batches struct {
	message []byte
	round   uint64
}

func newBatches(percent int) *batches {
	td := traffic.Spans(spansInBatch, percent, 1)
	content, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
	if err != nil {
		panic(err)
	}
	return &batches{message: content}
}

// measure measures the cost of a system so often that a median can be taken.
func (b *batches) measure(s system) (beyond, floor ratio.Series, err error) {
	all, err := ratio.Turns(ratio.Runs, func() ([]float64, error) {
		beyond, floor, err := b.cost(s.batches, s.consume)
		return []float64{beyond, floor}, err
	})
	if err != nil {
		return nil, nil, err
	}
	return all[0][0], all[0][1], nil
}

// cost is the CPU time of a span, in nanoseconds: of consume, and of unmarshalling it
// before. The garbage collector runs on the same core and takes its time from both,
// most from what allocates most.
func (b *batches) cost(times int, consume func(context.Context, ptrace.Traces) error) (beyond, floor float64, err error) {
	unmarshaler := &ptrace.ProtoUnmarshaler{}
	runtime.GC()
	for range times {
		begun := cpu()
		td, err := unmarshaler.UnmarshalTraces(b.message)
		if err != nil {
			return 0, 0, err
		}
		floor += float64(cpu() - begun)
		b.round++
		traffic.Renumber(td, b.round)
		begun = cpu()
		if err := consume(context.Background(), td); err != nil {
			return 0, 0, err
		}
		beyond += float64(cpu() - begun)
	}
	spans := float64(times * spansInBatch)
	return beyond / spans, floor / spans, nil
}

// cpu is the time that the process has spent.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
