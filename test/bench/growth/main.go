// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Command growth measures how the cost of an item grows with what there is
// already: models, label sets, rules, hours of the ledger. It prints tables, and
// draws each into docs/images. Arguments name the ones to make: models, sets,
// rules, hours, rows, alerts, active, storm, and aims for what has a limit at a million rows; without any, all.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// growth is what a cost is measured over.
type growth struct {
	name  string
	title string
	x, y  string // of the axes
	unit  func(float64) string
	lines []line
	runs  int  // 0: ratio.Runs
	wide  bool // costs are on a logarithmic axis, too
}

// line is one thing that grows.
type line struct {
	name  string
	sizes []int
	open  func(ctx context.Context, size int) (measure ratio.Measure, shut func() error, err error)
}

// point is the cost at a size.
type point struct {
	size int
	cost ratio.Sample
}

func run(ctx context.Context, out io.Writer) (err error) {
	runtime.GOMAXPROCS(1) // figures are for one core
	years, remove, err := temporaryYears()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	asked := func(name string) bool { return len(os.Args) == 1 || slices.Contains(os.Args[1:], name) }
	for _, g := range []growth{overModels(), overSets(), overRules(), overHours(), overRows(years), overAlerts(), overActive()} {
		if !asked(g.name) {
			continue
		}
		if err := g.write(ctx, out); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	if asked("storm") {
		if err := errors.Join(allAtOnce(ctx, out), allActive(ctx, out)); err != nil {
			return err
		}
	}
	if asked("aims") {
		return years.aims(ctx, out)
	}
	return nil
}

// write measures, prints and draws.
func (g growth) write(ctx context.Context, out io.Writer) error {
	ratio.Head(out, g.title, "", g.x, g.y, "beside the first")
	drawn := map[string][]point{}
	for _, l := range g.lines {
		for _, size := range l.sizes {
			cost, err := l.measure(ctx, size, cmp.Or(g.runs, ratio.Runs))
			if err != nil {
				return fmt.Errorf("%s: %d: %w", l.name, size, err)
			}
			drawn[l.name] = append(drawn[l.name], point{size, cost})
			ratio.Row(out, l.name, grouped(size), ratio.Cell(g.unit, cost), fmt.Sprintf("%.2f", cost.Median()/drawn[l.name][0].cost.Median()))
		}
	}
	image := filepath.Join("..", "..", "docs", "images", "growth-"+g.name+".svg")
	if err := g.draw(drawn, image); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n![%s](images/growth-%s.svg)\n", g.title, g.name)
	return nil
}

// measure measures at one size. Sizes do not take turns: garbage of one would be
// collected at the cost of the other. Where there is something to compare with, it is
// measured in the same rounds, and costs are shares of it.
func (l line) measure(ctx context.Context, size, runs int) (cost ratio.Sample, err error) {
	measure, shut, err := l.open(ctx, size)
	if err != nil {
		return nil, err
	}
	series, err := ratio.Take(runs, measure)
	if err != nil {
		_ = shut()
		return nil, err
	}
	return series[0].Sample(), shut()
}

// cpuOf is the CPU time of something, with the garbage that is collected
// meanwhile. What was left before is collected before.
func cpuOf(do func() error) (time.Duration, error) {
	runtime.GC()
	begun := cpu()
	err := do()
	return cpu() - begun, err
}

// cpu is the time that the process has spent.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// grouped writes 1,000,000.
func grouped(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}

func share(v float64) string  { return fmt.Sprintf("%.2f", v) }
func micros(v float64) string { return fmt.Sprintf("%.1f µs", v) }
