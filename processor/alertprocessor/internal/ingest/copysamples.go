// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// copyBatch is the number of samples written at once.
const copyBatch = 10_000

// CopySamples writes the samples of a time into another storage, as far as it takes them.
func CopySamples(ctx context.Context, from, to *Store, start, end time.Time) error {
	querier, err := from.Querier(start.UnixMilli(), end.UnixMilli())
	if err != nil {
		return err
	}
	all := labels.MustNewMatcher(labels.MatchNotEqual, model.MetricNameLabel, "")
	found := querier.Select(ctx, false, nil, all)
	c := copier{to: to}
	for found.Next() {
		c.series(ctx, found.At())
	}
	c.commit()
	return errors.Join(found.Err(), c.err, querier.Close())
}

// copier writes samples in batches.
type copier struct {
	to      storage.Appendable
	app     storage.Appender // nil between batches
	pending int
	err     error // the first
}

func (c *copier) series(ctx context.Context, series storage.Series) {
	name := series.Labels()
	for it := series.Iterator(nil); ; {
		kind := it.Next()
		if kind == chunkenc.ValNone {
			return
		}
		if c.app == nil {
			c.app = c.to.Appender(ctx)
		}
		// What is refused is too old, too late or too much, as for any sample.
		switch kind {
		case chunkenc.ValHistogram:
			t, h := it.AtHistogram(nil)
			_, _ = c.app.AppendHistogram(0, name, t, h, nil)
		case chunkenc.ValFloatHistogram:
			t, h := it.AtFloatHistogram(nil)
			_, _ = c.app.AppendHistogram(0, name, t, nil, h)
		default:
			t, v := it.At()
			_, _ = c.app.Append(0, name, t, v)
		}
		if c.pending++; c.pending >= copyBatch {
			c.commit()
		}
	}
}

func (c *copier) commit() {
	if c.app == nil {
		return
	}
	if err := c.app.Commit(); c.err == nil {
		c.err = err
	}
	c.app, c.pending = nil, 0
}
