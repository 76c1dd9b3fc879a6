// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

const (
	alertsName   = "ALERTS"
	stateLabel   = "alertstate"
	maxIntervals = 500
	// maxGap is how far apart samples of a series are at most: further apart, the rule was not
	// evaluated in between.
	maxGap = 5 * time.Minute
)

// Intervals are the times in which alerts of a rule were pending or firing, of the series ALERTS
// that rules write: in the order of alerts and times, at most 500.
func (e *Evaluator) Intervals(ctx context.Context, rule string, ruleLabels map[string]string, from, to time.Time) ([]dashboard.StateInterval, error) {
	e.reading.RLock()
	defer e.reading.RUnlock()
	if e.closed {
		return nil, ErrClosed
	}
	ctx, cancel := context.WithTimeout(ctx, graphTimeout)
	defer cancel()
	matchers := []*labels.Matcher{
		labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, alertsName),
		labels.MustNewMatcher(labels.MatchEqual, model.AlertNameLabel, rule),
	}
	for name, value := range ruleLabels {
		if !strings.Contains(value, "{{") {
			matchers = append(matchers, labels.MustNewMatcher(labels.MatchEqual, name, value))
		}
	}
	querier, err := e.Store.Querier(from.UnixMilli(), to.UnixMilli())
	if err != nil {
		return nil, err
	}
	defer func() { _ = querier.Close() }()
	var out []dashboard.StateInterval
	var iterator chunkenc.Iterator
	set := querier.Select(ctx, true, &storage.SelectHints{Start: from.UnixMilli(), End: to.UnixMilli()}, matchers...)
	for set.Next() && len(out) < maxIntervals {
		iterator = set.At().Iterator(iterator)
		out = appendIntervals(out, set.At().Labels(), iterator, to)
		if err := iterator.Err(); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b dashboard.StateInterval) int {
		return cmp.Or(labels.Compare(labels.FromMap(a.Labels), labels.FromMap(b.Labels)), a.From.Compare(b.From))
	})
	return out[:min(len(out), maxIntervals)], set.Err()
}

// appendIntervals appends those of a series: its samples up to a gap or the marker of its end.
func appendIntervals(to []dashboard.StateInterval, of labels.Labels, samples chunkenc.Iterator, now time.Time) []dashboard.StateInterval {
	var running *dashboard.StateInterval
	finish := func(at time.Time, open bool) {
		if running != nil {
			running.To, running.Open = at, open
			to = append(to, *running)
			running = nil
		}
	}
	alert := of.Map()
	state := alert[stateLabel]
	delete(alert, stateLabel)
	delete(alert, model.MetricNameLabel)
	var last time.Time
	for kind := samples.Next(); kind != chunkenc.ValNone; kind = samples.Next() {
		millis, v := samples.At()
		at := time.UnixMilli(millis).UTC()
		switch {
		case value.IsStaleNaN(v):
			finish(at, false)
		case running != nil && at.Sub(last) > maxGap:
			finish(last, false)
			fallthrough
		case running == nil:
			running = &dashboard.StateInterval{Labels: alert, State: state, From: at}
		}
		last = at
	}
	finish(last, now.Sub(last) <= maxGap)
	return to
}
