// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"context"
	"strings"

	"github.com/prometheus/prometheus/storage"
)

// write writes a batch, and counts what became of it. What the storage refuses
// is left out, so that the rest is taken.
func (i *Ingester) write(b *batch) {
	if b.written != nil {
		close(b.written)
		return
	}
	ctx := context.Background()
	w := writer{Appender: i.storage.Appender(ctx), latest: b.latest}
	if b.untranslated > 0 {
		w.drop(dropTranslation, int64(b.untranslated))
	}
	for n := range b.samples {
		w.sample(&b.samples[n])
	}
	if err := w.Commit(); err != nil {
		w.counts.Err = err
		if w.counts.Appended > 0 {
			w.drop(DropStorage, w.counts.Appended)
		}
		w.counts.Appended = 0
		for _, s := range b.samples {
			s.series.zeroed = 0
		}
	}
	i.waiting.Add(-int64(len(b.samples)))
	i.count(ctx, w.counts)
	i.release(b)
}

// writer writes samples in one transaction.
type writer struct {
	storage.Appender
	latest int64
	counts Counts
}

func (w *writer) drop(reason string, n int64) {
	if w.counts.Dropped == nil {
		w.counts.Dropped = map[string]int64{}
	}
	w.counts.Dropped[reason] += n
}

func (w *writer) sample(s *sample) {
	if s.at > w.latest {
		w.drop(DropFuture, 1)
		w.noteWrongTime(s)
		return
	}
	begins := s.start != 0 && s.start < s.at
	if begins && s.series.zeroed != s.start {
		w.zero(s)
	}
	ref, err := w.append(s)
	if err != nil {
		reason := dropReason(err)
		w.drop(reason, 1)
		if reason == DropTooOld || reason == DropOutOfOrder {
			w.noteWrongTime(s)
		}
		return
	}
	w.counts.Appended++
	s.series.ref = ref
	if begins {
		// Whether there was place for a zero then or not: there will be none
		// any more, before this sample.
		s.series.zeroed = s.start
	}
	if s.extra != nil {
		for _, e := range s.extra.exemplars {
			_, _ = w.AppendExemplar(ref, s.series.labels, e) // one that is out of order is not missed
		}
	}
}

// maxExample bounds a series that is named, in bytes.
const maxExample = 200

func (w *writer) noteWrongTime(s *sample) {
	if w.counts.WrongTime == "" {
		name := s.series.labels.String()
		w.counts.WrongTime = strings.ToValidUTF8(name[:min(len(name), maxExample)], "")
	}
}

// zero writes a zero at the start time, which makes the first value of a counter
// an increase. It is refused where the series has something later.
func (w *writer) zero(s *sample) {
	var ref storage.SeriesRef
	var err error
	if s.extra != nil && s.extra.histogram != nil {
		ref, err = w.AppendHistogramSTZeroSample(s.series.ref, s.series.labels, s.at, s.start, s.extra.histogram, nil)
	} else {
		ref, err = w.AppendSTZeroSample(s.series.ref, s.series.labels, s.at, s.start)
	}
	if err == nil {
		s.series.ref = ref
	}
}

func (w *writer) append(s *sample) (storage.SeriesRef, error) {
	if s.extra != nil && s.extra.histogram != nil {
		return w.AppendHistogram(s.series.ref, s.series.labels, s.at, s.extra.histogram, nil)
	}
	return w.Append(s.series.ref, s.series.labels, s.at, s.value)
}
