// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package guard

import "iter"

// Reason is why points were dropped.
type Reason string

// The reasons.
const (
	ReservedName      Reason = "reserved_name"
	WrongType         Reason = "wrong_type"
	InvalidName       Reason = "invalid_name"
	InvalidHistogram  Reason = "invalid_histogram"
	InvalidSummary    Reason = "invalid_summary"
	TooManyBuckets    Reason = "too_many_buckets"
	TooManyAttributes Reason = "too_many_attributes"
)

// Repair is what was changed in a point that passed.
type Repair string

// The repairs.
const (
	RenamedLabel     Repair = "renamed_label"
	MergedLabels     Repair = "merged_labels"
	InvalidUTF8      Repair = "invalid_utf8"
	RemovedExemplars Repair = "removed_exemplars"
	RemovedLabel     Repair = "removed_label"
)

// Limits bound a point.
type Limits struct{ Buckets, Attributes int }

// Findings are the points that were dropped and repaired. The zero value has none.
type Findings struct {
	dropped  map[Reason]dropped
	repaired map[Repair]int64
}

type dropped struct {
	points  int64
	example string // name of the first metric
}

func (f *Findings) drop(reason Reason, metric string, points int) {
	if points == 0 {
		return
	}
	if f.dropped == nil {
		f.dropped = map[Reason]dropped{}
	}
	d := f.dropped[reason]
	if d.points == 0 {
		d.example = shorten(metric)
	}
	d.points += int64(points)
	f.dropped[reason] = d
}

func (f *Findings) repair(repair Repair) {
	if f.repaired == nil {
		f.repaired = map[Repair]int64{}
	}
	f.repaired[repair]++
}

// Dropped are the dropped points by reason.
func (f *Findings) Dropped() iter.Seq2[Reason, int64] {
	return func(yield func(Reason, int64) bool) {
		for reason, d := range f.dropped {
			if !yield(reason, d.points) {
				return
			}
		}
	}
}

// Repaired are the repairs, each point counted once for each kind.
func (f *Findings) Repaired() iter.Seq2[Repair, int64] {
	return func(yield func(Repair, int64) bool) {
		for repair, points := range f.repaired {
			if !yield(repair, points) {
				return
			}
		}
	}
}

// Example is the name of the first metric that lost points for the reason.
func (f *Findings) Example(reason Reason) string { return f.dropped[reason].example }

// maxExampleBytes bounds the name of a metric in a log line.
const maxExampleBytes = 128

func shorten(name string) string { return name[:min(len(name), maxExampleBytes)] }
