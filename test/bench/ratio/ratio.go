// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package ratio measures what we do beside what a peer does with the same
// input: in one process, in turns, several times, so that both see the same
// weather. It prints medians with their spread as a table in Markdown.
package ratio

import (
	"fmt"
	"io"
	"slices"
)

// Runs is the number of measurements that a median is of.
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
	inner := s
	if len(s) >= 5 {
		inner = s[1 : len(s)-1]
	}
	return (inner[len(inner)-1] - inner[0]) / 2 / s.Median()
}

// Take measures each of several things Runs times, in turns.
func Take(things ...Measure) ([]Sample, error) {
	samples := make([]Sample, len(things))
	for range Runs {
		for i, measure := range things {
			v, err := measure()
			if err != nil {
				return nil, err
			}
			samples[i] = append(samples[i], v)
		}
	}
	for _, s := range samples {
		slices.Sort(s)
	}
	return samples, nil
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
func (t *Table) Line(what string, format func(float64) string, ours, peer Sample) {
	cell := func(s Sample) string {
		return fmt.Sprintf("%s ± %.0f %%", format(s.Median()), 100*s.Spread())
	}
	if peer == nil {
		fmt.Fprintf(t.out, "| %s | %s | | |\n", what, cell(ours))
		return
	}
	fmt.Fprintf(t.out, "| %s | %s | %s | %.2f |\n", what, cell(ours), cell(peer), ours.Median()/peer.Median())
}
