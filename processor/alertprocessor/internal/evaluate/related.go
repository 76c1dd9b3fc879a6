// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"iter"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// relatedSeries finds the series that an alert may be about: those that have no other value for a
// label that both have, but for labels that the rule sets. With 100,000 alerts of as many series,
// to compare each with each takes minutes, so that series are found by the values of these labels.
type relatedSeries struct {
	own    labels.Labels // of the rule
	shapes []*seriesShape
	byName map[string]*seriesShape // the same, by their names
}

// seriesShape are the series with the same names of labels that are compared.
type seriesShape struct {
	names  []string
	series []indexedSeries
	// by has the indices of series by the names of the labels that they have in common with an
	// alert, and by their values.
	by map[string]map[string][]int
}

type indexedSeries struct {
	index  int
	labels labels.Labels
}

func newRelatedSeries(own labels.Labels) *relatedSeries {
	return &relatedSeries{own: own, byName: map[string]*seriesShape{}}
}

// add adds a series with an index by which it is found.
func (r *relatedSeries) add(index int, series labels.Labels) {
	var names []string
	series.Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel && !r.own.Has(l.Name) {
			names = append(names, l.Name)
		}
	})
	key := joinKey(slices.Values(names))
	shape := r.byName[key]
	if shape == nil {
		shape = &seriesShape{names: names, by: map[string]map[string][]int{}}
		r.byName[key], r.shapes = shape, append(r.shapes, shape)
	}
	shape.series = append(shape.series, indexedSeries{index, series})
}

// of are the indices of the series that an alert with such labels may be about.
func (r *relatedSeries) of(alert map[string]string) iter.Seq[int] {
	return func(yield func(int) bool) {
		for _, shape := range r.shapes {
			for _, index := range shape.of(alert) {
				if !yield(index) {
					return
				}
			}
		}
	}
}

// any reports whether there is such a series.
func (r *relatedSeries) any(alert map[string]string) bool {
	for range r.of(alert) {
		return true
	}
	return false
}

func (s *seriesShape) of(alert map[string]string) []int {
	var common []string
	for _, name := range s.names {
		if _, ok := alert[name]; ok {
			common = append(common, name)
		}
	}
	names := joinKey(slices.Values(common))
	byValues := s.by[names]
	if byValues == nil {
		byValues = map[string][]int{}
		for _, series := range s.series {
			key := joinKey(valuesOf(common, series.labels.Get))
			byValues[key] = append(byValues[key], series.index)
		}
		s.by[names] = byValues
	}
	return byValues[joinKey(valuesOf(common, func(name string) string { return alert[name] }))]
}

func valuesOf(names []string, get func(string) string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, name := range names {
			if !yield(get(name)) {
				return
			}
		}
	}
}

// joinKey makes one key of names or values, which are UTF-8.
func joinKey(parts iter.Seq[string]) string {
	var key strings.Builder
	for part := range parts {
		key.WriteString(part)
		key.WriteByte(0xff) // is in no UTF-8
	}
	return key.String()
}
