// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package metricstore

import (
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxLabelBytes bounds a label's value, and a service's name; longer ones are cut.
const maxLabelBytes = 256

// Type describes how a metric adds up.
type Type uint8

// The types of metrics.
const (
	Counter   Type = iota // grows by the value of a change
	Gauge                 // is the value of the last change
	Histogram             // counts the value of a change in a bucket
)

// Metric describes a metric. Its address is its identity.
type Metric struct {
	Name        string
	Description string
	Unit        string
	Type        Type
	Bounds      []float64 // of a histogram: upper bounds, inclusive, ascending
}

// Label is a name and a value.
type Label struct{ Name, Value string }

// Change is one measurement.
type Change struct {
	Metric  *Metric
	Service string  // the application that measured; part of the series' identity
	Labels  []Label // of one metric always in the same order
	Value   float64
}

// Series is the state of one label set of a metric.
type Series struct {
	Metric   *Metric
	Service  string
	Labels   []Label
	Overflow bool // of all label sets beyond the limit; it has no labels

	Start time.Time // since when it counts
	Seen  time.Time // when it last changed

	Value   float64  // of a gauge; the sum of a counter or of a histogram's values
	Count   uint64   // of a histogram's values
	Buckets []uint64 // of a histogram: one for each bound, one above
}

type seriesID struct {
	metric *Metric
	key    string
}

// overflowKey is the key of no label set, as those begin with a length.
const overflowKey = "overflow"

// Store holds all series. It is not safe for concurrent use.
type Store struct {
	limit  int // of series for each metric, the overflow series not counted
	series map[seriesID]Series
	count  map[*Metric]int
	start  time.Time // of new series
}

// New makes an empty store of at most limit label sets for each metric, which
// counts since start.
func New(limit int, start time.Time) *Store {
	return &Store{limit: limit, start: start, series: map[seriesID]Series{}, count: map[*Metric]int{}}
}

// Expire forgets the series that have not changed since before. What comes of
// them later is a new series, which counts since now.
func (s *Store) Expire(before, now time.Time) {
	for id, series := range s.series {
		if !series.Seen.Before(before) {
			continue
		}
		delete(s.series, id)
		if !series.Overflow {
			s.count[id.metric]--
		}
		s.start = now
	}
}

// Len returns how many series there are.
func (s *Store) Len() int { return len(s.series) }

// Stage is what changes lead to.
type Stage struct {
	// Overflowed is how many of the changes went to overflow series.
	Overflowed int

	series map[seriesID]Series
	order  []seriesID
	added  map[*Metric]int
}

// Series returns the series that changed, with their values after the change, in
// the order in which they first changed.
func (st *Stage) Series() []Series {
	series := make([]Series, len(st.order))
	for i, id := range st.order {
		series[i] = st.series[id]
	}
	return series
}

// Deltas returns the series that changed, with what the changes added. The store must
// not have been given the stage yet.
func (st *Stage) Deltas(s *Store) []Series {
	all := st.Series()
	for i, id := range st.order {
		before, ok := s.series[id]
		if !ok || before.Metric.Type == Gauge {
			continue
		}
		all[i].Start = before.Seen
		all[i].Value -= before.Value
		all[i].Count -= before.Count
		all[i].Buckets = slices.Clone(all[i].Buckets) // those of the stage are committed
		for j, n := range before.Buckets {
			all[i].Buckets[j] -= n
		}
	}
	return all
}

// Stage works out what changes lead to, in their order, and leaves the store alone.
func (s *Store) Stage(changes []Change, now time.Time) *Stage {
	stage := &Stage{series: map[seriesID]Series{}, added: map[*Metric]int{}}
	for _, change := range changes {
		id, series := s.find(stage, change)
		series.Seen = now
		stage.series[id] = series.with(change.Value)
	}
	return stage
}

// Commit makes the staged values the store's own. The store must not have
// changed since they were staged.
func (s *Store) Commit(stage *Stage) {
	maps.Copy(s.series, stage.series)
	for metric, n := range stage.added {
		s.count[metric] += n
	}
}

// find returns the series that a change belongs to, as the stage or else the
// store has it. What it returns may be altered.
func (s *Store) find(stage *Stage, change Change) (seriesID, Series) {
	blank := Series{Metric: change.Metric, Service: shorten(change.Service), Labels: shortenAll(change.Labels), Start: s.start}
	id := seriesID{change.Metric, key(blank.Service, blank.Labels)}
	if series, ok := stage.series[id]; ok {
		return id, series
	}
	series, ok := s.series[id]
	if !ok {
		if s.count[change.Metric]+stage.added[change.Metric] >= s.limit {
			return s.findOverflow(stage, change.Metric)
		}
		stage.added[change.Metric]++
		series = blank.clone()
	}
	stage.order = append(stage.order, id)
	return id, series.own()
}

func (s *Store) findOverflow(stage *Stage, metric *Metric) (seriesID, Series) {
	stage.Overflowed++
	id := seriesID{metric, overflowKey}
	if series, ok := stage.series[id]; ok {
		return id, series
	}
	series, ok := s.series[id]
	if !ok {
		series = Series{Metric: metric, Overflow: true, Start: s.start}
	}
	stage.order = append(stage.order, id)
	return id, series.own()
}

// clone returns a series whose texts are its own: those of a change may be parts of
// much longer ones, and a series may be kept for days.
func (s Series) clone() Series {
	s.Service = strings.Clone(s.Service)
	s.Labels = slices.Clone(s.Labels)
	for i, label := range s.Labels {
		s.Labels[i] = Label{Name: strings.Clone(label.Name), Value: strings.Clone(label.Value)}
	}
	return s
}

// own returns a series whose buckets belong to the stage.
func (s Series) own() Series {
	if s.Metric.Type != Histogram {
		return s
	}
	if s.Buckets == nil {
		s.Buckets = make([]uint64, len(s.Metric.Bounds)+1)
	} else {
		s.Buckets = slices.Clone(s.Buckets)
	}
	return s
}

func (s Series) with(value float64) Series {
	switch s.Metric.Type {
	case Counter:
		s.Value += value
	case Gauge:
		s.Value = value
	case Histogram:
		s.Value += value
		s.Count++
		s.Buckets[sort.SearchFloat64s(s.Metric.Bounds, value)]++
	}
	return s
}

// key writes texts one after the other so that no two label sets have one key.
func key(service string, labels []Label) string {
	var b strings.Builder
	write := func(text string) {
		b.WriteString(strconv.Itoa(len(text)))
		b.WriteByte(':')
		b.WriteString(text)
	}
	write(service)
	for _, label := range labels {
		write(label.Name)
		write(label.Value)
	}
	return b.String()
}

func shortenAll(labels []Label) []Label {
	for i, label := range labels {
		if len(label.Value) > maxLabelBytes || len(label.Name) > maxLabelBytes {
			labels = slices.Clone(labels)
			for j := i; j < len(labels); j++ {
				labels[j] = Label{Name: shorten(labels[j].Name), Value: shorten(labels[j].Value)}
			}
			break
		}
	}
	return labels
}

// shorten cuts text between two characters.
func shorten(text string) string {
	if len(text) <= maxLabelBytes {
		return text
	}
	cut := maxLabelBytes
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return strings.Clone(text[:cut]) // lets go of the rest
}
