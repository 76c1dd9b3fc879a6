// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
)

// What a measurement of memory returns, all in MiB.
const (
	residentIdle  = iota
	anonymousIdle // without pages of files, most of which are the program
	residentMost
	residentAfter // when the load has ended
)

// memoryTable compares memory before, under and after a load of spans with upstream's distribution.
func (b *bench) memoryTable(ctx context.Context, out *os.File) error {
	lines, err := b.upstreamPeers()
	if err != nil {
		return err
	}
	var turns []func() ([]float64, error)
	for _, l := range lines {
		turns = append(turns, func() ([]float64, error) { return b.memoryOf(ctx, l) })
	}
	all, err := ratio.Turns(ratio.Runs, turns...)
	if err != nil {
		return err
	}
	ratio.Head(out, "Memory", "", "idle", "beside the first", "of it anonymous", "beside the first", "under load, at most", "beside the first", "after it", "beside the first")
	for i, l := range lines {
		cells := []string{l.name}
		for j := range all[i] {
			cells = append(cells, ratio.Cell(mebibytes, all[i][j].Sample()), ratio.Cell(times, all[i][j].Over(all[0][j])))
		}
		ratio.Row(out, cells...)
	}
	return nil
}

func (b *bench) memoryOf(ctx context.Context, s system) (quantities []float64, err error) {
	path, err := b.config(s)
	if err != nil {
		return nil, err
	}
	p, err := launch(ctx, b.root, s.binary, "--config", path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	quantities = make([]float64, residentAfter+1)
	time.Sleep(idle)
	if quantities[residentIdle], err = p.memory("VmRSS"); err != nil {
		return nil, err
	}
	if quantities[anonymousIdle], err = p.memory("RssAnon"); err != nil {
		return nil, err
	}
	all, _, closeAll, err := spanSenders(10)
	defer closeAll()
	if err != nil {
		return nil, err
	}
	if _, err := send(ctx, all, 0, spanBatches, warmUp+measured); err != nil {
		return nil, err
	}
	if quantities[residentMost], err = p.memory("VmHWM"); err != nil {
		return nil, err
	}
	time.Sleep(idle)
	quantities[residentAfter], err = p.memory("VmRSS")
	return quantities, err
}
