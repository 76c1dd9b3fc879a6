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

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
)

// idle is how long after a process is ready its memory is measured.
const idle = 2 * time.Second

// What a measurement of a process without load returns.
const (
	untilReady    = iota // milliseconds
	cpuUntilReady        // milliseconds
	memoryIdle           // MiB
)

// rest starts a process, and measures it before anything is sent.
func (b *bench) rest(ctx context.Context, s system) (quantities []float64, err error) {
	path, err := b.config(s)
	if err != nil {
		return nil, err
	}
	p, err := launch(ctx, b.root, s.binary, "--config", path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	cpu, err := p.cpu()
	if err != nil {
		return nil, err
	}
	time.Sleep(idle)
	resident, err := p.memory("VmRSS")
	if err != nil {
		return nil, err
	}
	return []float64{
		untilReady:    float64(p.started) / float64(time.Millisecond),
		cpuUntilReady: float64(cpu) / float64(time.Millisecond),
		memoryIdle:    resident,
	}, nil
}

// upstreamPeers are upstream's distribution, which has the configuration that is left without
// our components, and ours.
func (b *bench) upstreamPeers() ([]system, error) {
	upstream := filepath.Join(b.root, "build", "bench", "otelcol", "otelcol")
	if _, err := os.Stat(upstream); err != nil {
		return nil, fmt.Errorf("run endtoend/peer/build.sh: %w", err)
	}
	foreign := func(c settings) settings {
		c = without(bare.derive(c), "arc", "metric_guard")
		for _, component := range []struct{ section, name string }{
			{"extensions", "dashboard"},
			{"receivers", "arc"},
			{"processors", "metric_guard"},
			{"processors", "llm_cost"},
			{"processors", "alert"},
			{"exporters", "slack"},
			{"exporters", "pagerduty"},
			{"exporters", "email"},
		} {
			delete(part(c, component.section), component.name)
		}
		return c
	}
	return []system{
		{name: "upstream's distribution", derive: foreign, binary: upstream},
		{name: "ours, the same configuration", derive: foreign, binary: b.binary},
		{name: "ours, the default configuration", derive: ours.derive, binary: b.binary},
	}, nil
}

// startTable compares start-up, size and idle memory with upstream's distribution.
func (b *bench) startTable(ctx context.Context, out *os.File) error {
	lines, err := b.upstreamPeers()
	if err != nil {
		return err
	}
	var turns []func() ([]float64, error)
	for _, l := range lines {
		turns = append(turns, func() ([]float64, error) { return b.rest(ctx, l) })
	}
	all, err := ratio.Turns(ratio.Runs, turns...)
	if err != nil {
		return err
	}
	ratio.Head(out, "Start", "", "until ready", "beside the first", "CPU until ready", "memory, idle", "beside the first", "size of the binary")
	for i, l := range lines {
		info, err := os.Stat(l.binary)
		if err != nil {
			return err
		}
		ratio.Row(out, l.name, ratio.Cell(millis, all[i][untilReady].Sample()), ratio.Cell(times, all[i][untilReady].Over(all[0][untilReady])),
			ratio.Cell(millis, all[i][cpuUntilReady].Sample()),
			ratio.Cell(mebibytes, all[i][memoryIdle].Sample()), ratio.Cell(times, all[i][memoryIdle].Over(all[0][memoryIdle])),
			mebibytes(float64(info.Size())/(1<<20)))
	}
	return nil
}
