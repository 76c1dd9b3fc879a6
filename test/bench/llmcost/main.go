// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Command llmcost measures the llm_cost processor beside what else the Collector
// has to price calls with: statements of the transform processor. What a batch
// costs is told as a share of unmarshalling it from OTLP.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"runtime"
	"syscall"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/test/bench/ratio"
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
	for _, percent := range []int{100, 10} {
		batches := newBatches(percent)
		ratio.Head(os.Stdout, fmt.Sprintf("Pricing, %d %% of spans are calls", percent), "what", "a span", "unmarshal a span", "ratio")
		for _, s := range systems {
			// Both in turns: the ratio is of one weather.
			all, err := ratio.Turns(func() ([]float64, error) {
				floor, err := batches.cost(s.batches, nil)
				if err != nil {
					return nil, err
				}
				with, err := batches.cost(s.batches, s.consume)
				return []float64{with - floor, floor}, err
			})
			if err != nil {
				return err
			}
			beyond, floor := all[0][0], all[0][1]
			ratio.Row(os.Stdout, s.name, ratio.Cell(nanos, beyond.Sample()), ratio.Cell(nanos, floor.Sample()), fmt.Sprintf("%.2f", beyond.Over(floor).Median()))
		}
	}
	return nil
}

func nanos(v float64) string { return fmt.Sprintf("%.0f ns", v) }

const (
	spansInBatch    = 1000
	batchesMeasured = 50
)

// batches are requests as they come over the wire, with IDs of their own.
type batches struct {
	messages [][]byte
	round    uint64
}

func newBatches(percent int) *batches {
	td := traffic.Spans(spansInBatch, percent, 1)
	b := &batches{}
	content, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
	if err != nil {
		panic(err)
	}
	b.messages = append(b.messages, content)
	return b
}

// cost is the CPU time of a span, in nanoseconds, garbage collection included:
// of unmarshalling it, and of what consume does with it.
func (b *batches) cost(times int, consume func(context.Context, ptrace.Traces) error) (float64, error) {
	unmarshaler := &ptrace.ProtoUnmarshaler{}
	runtime.GC()
	begun := cpu()
	for range times {
		td, err := unmarshaler.UnmarshalTraces(b.messages[0])
		if err != nil {
			return 0, err
		}
		b.round++
		traffic.Renumber(td, b.round)
		if consume == nil {
			continue
		}
		if err := consume(context.Background(), td); err != nil {
			return 0, err
		}
	}
	runtime.GC()
	return float64((cpu() - begun).Nanoseconds()) / float64(times*spansInBatch), nil
}

// cpu is the time that the process has spent.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
