// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package ratio compares our code with a peer's on the same input. It measures both
// in one process, alternately and several times, so that noise of the machine affects
// both alike. It prints medians with their spread as a table in Markdown.
package ratio

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Runs is the number of measurements that a median is of, where one takes seconds.
const Runs = 7

// Measure makes one measurement, of anything that is a number.
type Measure func() (float64, error)

// Sample is several measurements of one thing, sorted.
type Sample []float64

// Median is the middle measurement.
func (s Sample) Median() float64 {
	if len(s)%2 == 1 {
		return s[len(s)/2]
	}
	return (s[len(s)/2-1] + s[len(s)/2]) / 2
}

// Spread is half the distance between the second smallest and the second
// largest measurement, as a share of the median.
func (s Sample) Spread() float64 {
	inner := s.inner()
	return (inner[len(inner)-1] - inner[0]) / 2 / s.Median()
}

// inner is the sample without its smallest and its largest measurement, if it has at least 5.
func (s Sample) inner() Sample {
	if len(s) < 5 {
		return s
	}
	return s[1 : len(s)-1]
}

// Series is several measurements of one thing, in the order of the rounds.
type Series []float64

// Sample are the measurements without their order.
func (s Series) Sample() Sample { return slices.Sorted(slices.Values(s)) }

// Over are the ratios to the peer's measurements of the same rounds, in which noise
// that affects both cancels out.
func (s Series) Over(peer Series) Sample {
	ratios := make(Series, len(s))
	for i := range s {
		ratios[i] = s[i] / peer[i]
	}
	return ratios.Sample()
}

// Turns measures several quantities of each of several things so many times, in
// turns. It returns, for each thing, a series of each quantity.
func Turns(runs int, things ...func() ([]float64, error)) ([][]Series, error) {
	all := make([][]Series, len(things))
	for range runs {
		for i, measure := range things {
			quantities, err := measure()
			if err != nil {
				return nil, err
			}
			if all[i] == nil {
				all[i] = make([]Series, len(quantities))
			}
			for j, v := range quantities {
				all[i][j] = append(all[i][j], v)
			}
		}
	}
	return all, nil
}

// Take measures each of several things so many times, in turns.
func Take(runs int, things ...Measure) ([]Series, error) {
	single := make([]func() ([]float64, error), len(things))
	for i, measure := range things {
		single[i] = func() ([]float64, error) {
			v, err := measure()
			return []float64{v}, err
		}
	}
	all, err := Turns(runs, single...)
	if err != nil {
		return nil, err
	}
	series := make([]Series, len(things))
	for i, quantities := range all {
		series[i] = quantities[0]
	}
	return series, nil
}

// Head writes the head of a table with columns of one's own, the first of which
// is text.
func Head(out io.Writer, title string, columns ...string) {
	fmt.Fprintf(out, "\n### %s\n\n| %s |\n| ---%s |\n", title, strings.Join(columns, " | "), strings.Repeat(" | ---:", len(columns)-1))
}

// Row writes a line of such a table.
func Row(out io.Writer, cells ...string) {
	fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
}

// Cell is a measurement with its spread, written by format.
func Cell(format func(float64) string, s Sample) string {
	return fmt.Sprintf("%s ± %.0f %%", format(s.Median()), 100*s.Spread())
}

// Table is a table with one line for each comparison.
type Table struct{ out io.Writer }

// NewTable writes the head of a table. The names are those of the columns.
func NewTable(out io.Writer, title, ours, peer string) *Table {
	fmt.Fprintf(out, "\n### %s\n\n| what | %s | %s | ratio |\n| --- | ---: | ---: | ---: |\n", title, ours, peer)
	return &Table{out: out}
}

// Line writes a comparison. Format writes a measurement with its unit. Without
// a peer the ratio is left out.
func (t *Table) Line(what string, format func(float64) string, ours, peer Series) {
	if peer == nil {
		fmt.Fprintf(t.out, "| %s | %s | | |\n", what, Cell(format, ours.Sample()))
		return
	}
	times := func(v float64) string { return fmt.Sprintf("%.2f", v) }
	fmt.Fprintf(t.out, "| %s | %s | %s | %s |\n", what,
		Cell(format, ours.Sample()), Cell(format, peer.Sample()), Cell(times, ours.Over(peer)))
}
