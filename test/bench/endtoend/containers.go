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
	seldom       bool   // it checks each second, and collects garbage each 10 s at most: its own defaults
}

var advised = []advice{
	{},
	{goMemLimit: 80},
	{goMemLimit: 80, limit: 80, spike: 25, seldom: true},
	{goMemLimit: 80, limit: 80, spike: 25},
	{goMemLimit: 80, limit: 80, spike: 25, gogc: "off"},
}

// The load within a container: all spans are calls, and the first fill what is bounded: the deduplication
// cache and the single calls.
const (
	containerFill    = 4 * time.Second
	containerPercent = 100
	containerPoll    = 10 * time.Millisecond
	containerRuns    = 2
	overloadSeconds  = 90
	overloadRefusing = 5 // seconds in which something is refused
)

// What a measurement in a container returns.
const (
	containerCPU       = iota // nanoseconds of an accepted span
	containerAnonymous        // the most that cannot be taken back, MiB
	containerResident         // with pages of files, MiB
	containerRefused          // of 100 batches
	containerOverload         // the most with a destination away, MiB
)

// containersTable measures what settings of the garbage collector and of memory_limiter do within the memory of
// containers. No limit is enforced: what the process takes is watched, so that neither
// root nor cgroups are needed.
func (b *bench) containersTable(ctx context.Context, out *os.File) error {
	for _, size := range containers {
		var turns []func() ([]float64, error)
		for _, a := range advised {
			turns = append(turns, func() ([]float64, error) {
				quantities, err := b.contained(ctx, size, a)
				if err != nil {
					return nil, err
				}
				most, err := b.overloaded(ctx, size, a)
				return append(quantities, most), err
			})
		}
		all, err := ratio.Turns(containerRuns, turns...)
		if err != nil {
			return err
		}
		ratio.Head(out, fmt.Sprintf("A container of %d MiB", size), "GOMEMLIMIT", "GOGC", "memory_limiter", "CPU of a span", "beside the first", "anonymous memory at most", "of the container", "resident at most", "refused", "with a destination away", "")
		for i, a := range advised {
			quantities := all[i]
			most, overload := quantities[containerAnonymous].Sample(), quantities[containerOverload].Sample()
			outcome := "fits"
			switch whole := float64(size); {
			case most[len(most)-1] > whole:
				outcome = "is killed"
			case overload[len(overload)-1] > whole:
				outcome = "is killed when overloaded"
			}
			ratio.Row(out, append(a.cells(),
				ratio.Cell(micros, quantities[containerCPU].Sample()), ratio.Cell(times, quantities[containerCPU].Over(all[0][containerCPU])),
				ratio.Cell(mebibytes, most), fmt.Sprintf("%.0f %%", 100*most[len(most)-1]/float64(size)),
				ratio.Cell(mebibytes, quantities[containerResident].Sample()), fmt.Sprintf("%.0f %%", quantities[containerRefused].Sample().Median()),
				fmt.Sprintf("%.0f %%", 100*overload[len(overload)-1]/float64(size)), outcome)...)
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
	if a.seldom {
		limiter += ", with its default intervals"
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
		if a.seldom {
			set(c, "1s", "processors", "memory_limiter", "check_interval")
			set(c, "10s", "processors", "memory_limiter", "min_gc_interval_when_soft_limited")
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

// within starts a system in a container, and calls use, until which has returned the most anonymous memory is watched.
func (b *bench) within(ctx context.Context, s system, use func(*process, []sender, *outcomes) error) (most float64, err error) {
	path, err := b.config(s)
	if err != nil {
		return 0, err
	}
	p, err := launchWith(ctx, s.environment, b.root, b.binary, "--config", path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	all, _, closeAll, err := spanSenders(containerPercent)
	defer closeAll()
	if err != nil {
		return 0, err
	}
	var o outcomes
	for i, export := range all {
		all[i] = func(ctx context.Context, number uint64) error {
			if export(ctx, number) != nil {
				o.refused.Add(1)
			} else {
				o.accepted.Add(1)
			}
			return nil
		}
	}
	watched, stop := context.WithCancel(ctx)
	defer stop()
	found := make(chan float64, 1)
	go func() { found <- p.mostAnonymous(watched) }()
	err = use(p, all, &o)
	stop()
	return <-found, err
}

// outcomes counts batches.
type outcomes struct{ accepted, refused atomic.Int64 }

// contained measures under a load that a collector bears.
func (b *bench) contained(ctx context.Context, size int, a advice) ([]float64, error) {
	quantities := make([]float64, containerOverload)
	most, err := b.within(ctx, a.system(size), func(p *process, all []sender, o *outcomes) error {
		if _, err := send(ctx, all, 0, spanBatches, containerFill); err != nil {
			return err
		}
		before, err := p.cpu()
		if err != nil {
			return err
		}
		acceptedBefore := o.accepted.Load()
		if _, err := send(ctx, all, 1<<32, spanBatches, measured); err != nil {
			return err
		}
		if err := scrape(ctx); err != nil {
			return err
		}
		time.Sleep(settling)
		after, err := p.cpu()
		if err != nil {
			return err
		}
		accepted, refused := o.accepted.Load(), o.refused.Load()
		quantities[containerCPU] = float64((after - before).Nanoseconds()) / float64(max(accepted-acceptedBefore, 1)*spansInBatch)
		quantities[containerRefused] = 100 * float64(refused) / float64(refused+accepted)
		quantities[containerResident], err = p.memory("VmHWM")
		return err
	})
	quantities[containerAnonymous] = most
	return quantities, err
}

// overloaded measures the memory while a destination is away and its queue, in memory, has no end: until
// memory_limiter refuses, and a while longer, or as much as the container has is taken.
func (b *bench) overloaded(ctx context.Context, size int, a advice) (most float64, err error) {
	s := a.system(size)
	within := s.derive
	s.derive = func(c settings) settings {
		c = within(c)
		set(c, settings{
			"endpoint":      "localhost:1", // nobody listens
			"tls":           settings{"insecure": true},
			"sending_queue": settings{"queue_size": 1_000_000},
		}, "exporters", "otlp_grpc/away")
		part(c, "service", "pipelines", "traces")["exporters"] = []any{"otlp_grpc/away"}
		return c
	}
	return b.within(ctx, s, func(p *process, all []sender, o *outcomes) error {
		refusing := 0
		for second := range overloadSeconds {
			before := o.refused.Load()
			if _, err := send(ctx, all, uint64(second)<<32, spanBatches, time.Second); err != nil {
				return err
			}
			if o.refused.Load() > before {
				refusing++
			}
			if now, err := p.memory("RssAnon"); err != nil || now > float64(size) || refusing == overloadRefusing {
				return err
			}
		}
		return nil
	})
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
