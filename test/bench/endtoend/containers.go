// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
)

// containers are the sizes of containers that advice is measured for, in MiB.
var containers = []int{256, 512, 2048}

// advice sets the garbage collector and memory_limiter. Percentages are of the container's memory.
type advice struct {
	gogc         string // "": the default, 100
	goMemLimit   int    // %, 0: none
	limit, spike int    // of memory_limiter, %; 0: as in default.yaml
}

var advised = []advice{
	{},
	{limit: 80, spike: 25},
	{goMemLimit: 80},
	{goMemLimit: 80, limit: 80, spike: 25},
	{goMemLimit: 80, limit: 75, spike: 20},
	{goMemLimit: 90, limit: 80, spike: 25},
	{goMemLimit: 80, limit: 80, spike: 25, gogc: "50"},
	{goMemLimit: 80, limit: 80, spike: 25, gogc: "200"},
	{goMemLimit: 80, limit: 80, spike: 25, gogc: "off"},
}

// The load within a container: all spans are calls, and the first fill what is bounded: the deduplication
// cache and the single calls.
const (
	containerFill    = 6 * time.Second
	containerPercent = 100
	containerPoll    = 10 * time.Millisecond
	containerRuns    = 3
)

// What a measurement in a container returns.
const (
	containerCPU       = iota // nanoseconds of an accepted span
	containerAnonymous        // the most that cannot be taken back, MiB
	containerResident         // with pages of files, MiB
	containerRefused          // of 100 batches
)

// containersTable measures what settings of the garbage collector and of memory_limiter do within the memory of
// containers. No limit is enforced: what the process takes is watched, so that neither
// root nor cgroups are needed.
func (b *bench) containersTable(ctx context.Context, out *os.File) error {
	for _, size := range containers {
		var turns []func() ([]float64, error)
		for _, a := range advised {
			turns = append(turns, func() ([]float64, error) { return b.contained(ctx, size, a) })
		}
		all, err := ratio.Turns(containerRuns, turns...)
		if err != nil {
			return err
		}
		ratio.Head(out, fmt.Sprintf("A container of %d MiB", size), "GOMEMLIMIT", "GOGC", "memory_limiter", "CPU of a span", "beside the first", "anonymous memory at most", "of the container", "resident at most", "refused", "")
		for i, a := range advised {
			quantities := all[i]
			most := quantities[containerAnonymous].Sample()
			verdict := "fits"
			if most[len(most)-1] > float64(size) {
				verdict = "is killed"
			}
			ratio.Row(out, append(a.cells(),
				ratio.Cell(micros, quantities[containerCPU].Sample()), ratio.Cell(times, quantities[containerCPU].Over(all[0][containerCPU])),
				ratio.Cell(mebibytes, most), fmt.Sprintf("%.0f %%", 100*most[len(most)-1]/float64(size)),
				ratio.Cell(mebibytes, quantities[containerResident].Sample()), fmt.Sprintf("%.0f %%", quantities[containerRefused].Sample().Median()), verdict)...)
		}
	}
	return nil
}

// cells name an advice.
func (a advice) cells() []string {
	limit, gogc, limiter := "–", "100", "1024 MiB, spike 256 MiB"
	if a.goMemLimit > 0 {
		limit = strconv.Itoa(a.goMemLimit) + " %"
	}
	if a.gogc != "" {
		gogc = a.gogc
	}
	if a.limit > 0 {
		limiter = fmt.Sprintf("%d %%, spike %d %%", a.limit, a.spike)
	}
	return []string{limit, gogc, limiter}
}

// system is the default configuration with the advice, in a container of the size.
func (a advice) system(size int) system {
	s := system{derive: func(c settings) settings {
		if a.limit > 0 {
			set(c, size*a.limit/100, "processors", "memory_limiter", "limit_mib")
			set(c, size*a.spike/100, "processors", "memory_limiter", "spike_limit_mib")
		}
		return c
	}}
	if a.gogc != "" {
		s.environment = append(s.environment, "GOGC="+a.gogc)
	}
	if a.goMemLimit > 0 {
		s.environment = append(s.environment, fmt.Sprintf("GOMEMLIMIT=%dMiB", size*a.goMemLimit/100))
	}
	return s
}

func (b *bench) contained(ctx context.Context, size int, a advice) (quantities []float64, err error) {
	s := a.system(size)
	path, err := b.config(s)
	if err != nil {
		return nil, err
	}
	p, err := launchWith(ctx, s.environment, b.root, b.binary, "--config", path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	all, items, closeAll, err := spanSenders(containerPercent)
	defer closeAll()
	if err != nil {
		return nil, err
	}
	var accepted, refused atomic.Int64
	for i, export := range all {
		all[i] = func(ctx context.Context, number uint64) error {
			if export(ctx, number) != nil {
				refused.Add(1)
			} else {
				accepted.Add(1)
			}
			return nil
		}
	}
	watched, stopWatching := context.WithCancel(ctx)
	most := make(chan float64, 1)
	go func() { most <- p.mostAnonymous(watched) }()
	defer stopWatching()
	if _, err := send(ctx, all, 0, spanBatches, containerFill); err != nil {
		return nil, err
	}
	before, err := p.cpu()
	if err != nil {
		return nil, err
	}
	acceptedBefore := accepted.Load()
	if _, err := send(ctx, all, 1<<32, spanBatches, measured); err != nil {
		return nil, err
	}
	if err := scrape(ctx); err != nil {
		return nil, err
	}
	time.Sleep(settling)
	after, err := p.cpu()
	if err != nil {
		return nil, err
	}
	stopWatching()
	resident, err := p.memory("VmHWM")
	spans := max(accepted.Load()-acceptedBefore, 1) * int64(items)
	return []float64{
		containerCPU:       float64((after - before).Nanoseconds()) / float64(spans),
		containerAnonymous: <-most,
		containerResident:  resident,
		containerRefused:   100 * float64(refused.Load()) / float64(refused.Load()+accepted.Load()),
	}, err
}

// mostAnonymous watches the process until the context ends. Pages of files, as of the program itself, are
// given back when a container is full; these are not.
func (p *process) mostAnonymous(ctx context.Context) (most float64) {
	ticker := time.NewTicker(containerPoll)
	defer ticker.Stop()
	for {
		now, err := p.memory("RssAnon")
		if err == nil {
			most = max(most, now)
		}
		select {
		case <-ctx.Done():
			return most
		case <-ticker.C:
		}
	}
}
