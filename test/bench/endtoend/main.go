// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Command endtoend measures the built binary, a process of its own, under a load
// that leaves the machine time to spare: the default configuration beside the
// same without our processors, and beside what people have who do the same with
// the Collector's own components. Arguments name the tables to make: spans,
// upstream, events, start, memory, containers, disk, recovery; without any, all. With PROFILE set to a folder it writes CPU
// profiles of 15 s there, and no tables: of each process, or of those that are named, as ours-spans-100. With BEFORE set to another binary, the
// tables of spans, upstream and events compare that with the built one, those of spans and events instead of the peers. The
// argument ratios prints the ratios that `make bench-check` compares, as JSON. The argument
// soak runs the default configuration under churn for an hour, or for the time in SOAK.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "endtoend")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b := &bench{root: root, dir: dir, binary: filepath.Join(root, "bin", "otelcol-arc")}
	if _, err := os.Stat(b.binary); err != nil {
		return fmt.Errorf("no binary to measure, run 'make build': %w", err)
	}
	if folder := os.Getenv("PROFILE"); folder != "" {
		return b.profiles(ctx, folder, os.Args[1:])
	}
	tables := []struct {
		name  string
		write func(context.Context, *os.File) error
	}{{"spans", b.spanTables}, {"upstream", b.upstreamTable}, {"events", b.eventTable}, {"start", b.startTable}, {"memory", b.memoryTable}, {"containers", b.containersTable}, {"disk", b.diskTables}, {"recovery", b.recoveryTable}}
	switch {
	case slices.Equal(os.Args[1:], []string{"ratios"}):
		return b.ratios(ctx, os.Stdout)
	case slices.Equal(os.Args[1:], []string{"soak"}):
		return b.soak(ctx, os.Stdout)
	}
	for _, table := range tables {
		if only := os.Args[1:]; len(only) > 0 && !slices.Contains(only, table.name) {
			continue
		}
		if err := table.write(ctx, os.Stdout); err != nil {
			return fmt.Errorf("%s: %w", table.name, err)
		}
	}
	return nil
}

// bench is where things are.
type bench struct{ root, dir, binary string }

// system is a configuration that is measured.
type system struct {
	name   string
	derive func(settings) settings
	binary string // "" for the built one

	environment []string // NAME=VALUE
}

var (
	bare    = system{name: "without our processors", derive: func(c settings) settings { return without(c, "llm_cost", "alert", "dashboard") }}
	ours    = system{name: "the default configuration", derive: func(c settings) settings { return c }}
	costs   = system{name: "the default configuration without `alert`", derive: func(c settings) settings { return without(c, "alert") }}
	contrib = system{name: "transform with 20 statements, signaltometrics", derive: func(c settings) settings { return byContrib(bare.derive(c)) }}
)

// orBefore are the systems to compare ours with: the binary of before, if there is one, or
// else these.
func orBefore(peers ...system) []system {
	if before := ofBefore(ours); len(before) > 0 {
		peers = before
	}
	return append([]system{bare, ours}, peers...)
}

// ofBefore is a system with the binary of before, if there is one.
func ofBefore(s system) []system {
	if binary := os.Getenv("BEFORE"); binary != "" {
		return []system{{name: s.name + ", the binary of before", derive: s.derive, binary: binary}}
	}
	return nil
}

// config writes the configuration of a system.
func (b *bench) config(s system) (path string, err error) {
	c, err := defaults(b.root)
	if err != nil {
		return "", err
	}
	return write(s.derive(c), b.dir, "config")
}

// demand is a kind of load.
type demand struct {
	senders   func(percent int) ([]sender, int, func(), error)
	percent   int
	perSecond int // batches
}

// What a measurement of a process under load returns.
const (
	cpuOfItem    = iota // nanoseconds
	slowestOf100        // p99 of an export call, in milliseconds
	memoryAtMost        // MiB
)

// load starts a process, and measures it under the load.
func (b *bench) load(ctx context.Context, s system, t demand) (quantities []float64, err error) {
	path, err := b.config(s)
	if err != nil {
		return nil, err
	}
	p, err := launch(ctx, b.root, cmp.Or(s.binary, b.binary), "--config", path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	all, items, closeAll, err := t.senders(t.percent)
	defer closeAll()
	if err != nil {
		return nil, err
	}
	return p.underLoad(ctx, all, items, t.perSecond, scrape)
}

// underLoad measures the process under a load; also is done at its end, and counts.
func (p *process) underLoad(ctx context.Context, all []sender, items, perSecond int, also func(context.Context) error) ([]float64, error) {
	if _, err := send(ctx, all, 0, perSecond, warmUp); err != nil {
		return nil, err
	}
	before, err := p.cpu()
	if err != nil {
		return nil, err
	}
	latencies, err := send(ctx, all, 1<<32, perSecond, measured)
	if err != nil {
		return nil, err
	}
	if err := also(ctx); err != nil {
		return nil, err
	}
	time.Sleep(settling) // what is done beside the pipeline counts, too
	after, err := p.cpu()
	if err != nil {
		return nil, err
	}
	most, err := p.memory("VmHWM")
	if err != nil {
		return nil, err
	}
	return []float64{
		cpuOfItem:    float64((after - before).Nanoseconds()) / float64(len(latencies)*items),
		slowestOf100: float64(latencies[len(latencies)*99/100]) / float64(time.Millisecond),
		memoryAtMost: most,
	}, nil
}

// table compares systems, the first of which is the one without our processors.
func (b *bench) table(ctx context.Context, out *os.File, title, item string, t demand, systems ...system) error {
	var turns []func() ([]float64, error)
	for _, s := range systems {
		turns = append(turns, func() ([]float64, error) { return b.load(ctx, s, t) })
	}
	all, err := ratio.Turns(ratio.Runs, turns...)
	if err != nil {
		return err
	}
	ratio.Head(out, title, "", "CPU of "+item, "a CPU-second takes", "CPU beside the first", "p99 of an export", "memory at most")
	for i, s := range systems {
		cpu := all[i][cpuOfItem]
		ratio.Row(out, s.name, ratio.Cell(micros, cpu.Sample()), fmt.Sprintf("%.0f", 1e9/cpu.Sample().Median()),
			ratio.Cell(times, cpu.Over(all[0][cpuOfItem])), ratio.Cell(millis, all[i][slowestOf100].Sample()), ratio.Cell(mebibytes, all[i][memoryAtMost].Sample()))
	}
	return nil
}

// ratios are the CPU time of the default configuration over that without our processors.
func (b *bench) ratios(ctx context.Context, out *os.File) error {
	encoder := json.NewEncoder(out)
	for _, load := range []struct {
		name string
		demand
	}{
		{"spans, 10 % are calls", demand{spanSenders, 10, spanBatches}},
		{"spans, 100 % are calls", demand{spanSenders, 100, spanBatches}},
		{"events, 10 % are calls", demand{eventSenders, 10, eventBatches}},
	} {
		all, err := ratio.Turns(ratio.Runs,
			func() ([]float64, error) { return b.load(ctx, bare, load.demand) },
			func() ([]float64, error) { return b.load(ctx, ours, load.demand) },
		)
		if err != nil {
			return fmt.Errorf("%s: %w", load.name, err)
		}
		name := "default configuration, CPU over that without our processors: " + load.name
		if err := encoder.Encode(ratio.NewFigure(name, all[1][cpuOfItem].Over(all[0][cpuOfItem]))); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) spanTables(ctx context.Context, out *os.File) error {
	for _, percent := range []int{10, 100} {
		title := fmt.Sprintf("Spans over OTLP gRPC, %d %% are calls", percent)
		if err := b.table(ctx, out, title, "a span", demand{spanSenders, percent, spanBatches}, orBefore(costs, contrib)...); err != nil {
			return err
		}
	}
	return nil
}

// upstreamTable compares what receiving and exporting spans takes with upstream's distribution:
// what there is before our processors.
func (b *bench) upstreamTable(ctx context.Context, out *os.File) error {
	systems, err := b.upstreamPeers()
	if err != nil {
		return err
	}
	upstream, same := systems[0], systems[1]
	systems = append([]system{upstream, same}, ofBefore(same)...)
	return b.table(ctx, out, "Spans over OTLP gRPC, upstream's distribution and ours", "a span", demand{spanSenders, 10, spanBatches}, systems...)
}

func (b *bench) eventTable(ctx context.Context, out *os.File) error {
	return b.table(ctx, out, "Arc events over HTTP, 10 % are calls", "an event", demand{eventSenders, 10, eventBatches}, orBefore(costs)...)
}

func times(v float64) string     { return fmt.Sprintf("%.2f", v) }
func micros(v float64) string    { return fmt.Sprintf("%.1f µs", v/1000) }
func millis(v float64) string    { return fmt.Sprintf("%.1f ms", v) }
func mebibytes(v float64) string { return fmt.Sprintf("%.0f MiB", v) }
