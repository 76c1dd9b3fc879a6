// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package prometheussource

import (
	"context"
	"time"

	"github.com/prometheus/common/model"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

const (
	// oldest is how far back the server is asked: what a ledger keeps, too.
	oldest = 400 * 24 * time.Hour
	// fine is how exactly the first sample is found; instant queries see five minutes back.
	fine = 5 * time.Minute
	// sinceKept is how long the time of the first sample is used.
	sinceKept = 10 * time.Minute
)

// Extent is what the server has.
func (s *Source) Extent() dashboard.Extent {
	extent := dashboard.Extent{Zone: s.zone, SumsOnly: true, FailuresBy: failuresBy}
	if s.client == nil {
		return extent
	}
	ctx, cancel := s.withTimeout()
	defer cancel()
	since, err := s.firstHour(ctx)
	if err != nil {
		extent.Err = unavailable(err)
	}
	if since.IsZero() {
		return extent
	}
	extent.Since, extent.HoursSince = since, since
	if hours := s.hoursSince(s.now()); since.Before(hours) {
		extent.HoursSince = hours
	}
	return extent
}

// firstHour is the hour of the first sample; zero where there is none.
func (s *Source) firstHour(ctx context.Context) (time.Time, error) {
	select {
	case s.reading <- struct{}{}:
		defer func() { <-s.reading }()
	case <-ctx.Done():
		return time.Time{}, errSlow
	}
	now := s.now()
	switch age := now.Sub(s.asked); {
	case s.cache.failed != nil && now.Before(s.cache.failure.Add(retryAfter)):
		return time.Time{}, s.cache.failed
	case !s.since.IsZero() && age < sinceKept, s.since.IsZero() && !s.asked.IsZero() && age < ttlNow:
		return s.since, nil
	}
	since, err := s.findFirst(ctx, now)
	if err != nil {
		return time.Time{}, s.fail(ctx, err, 0, 0)
	}
	s.since, s.asked = since, now
	return since, nil
}

// findFirst finds the hour of the first sample. It asks for a sample of each day, and in the day
// before the first of these for one of each five minutes, since that reads little of what there is.
func (s *Source) findFirst(ctx context.Context, now time.Time) (time.Time, error) {
	const expr = "count(" + metricCalls + ")"
	now = now.Truncate(time.Second)
	days, err := s.client.steps(ctx, expr, now.Add(-oldest), now, 24*time.Hour)
	if err != nil {
		return time.Time{}, err
	}
	day := now
	if first, ok := firstOf(days); ok {
		day = first
	}
	steps, err := s.client.steps(ctx, expr, day.Add(-24*time.Hour), day, fine)
	if err != nil {
		return time.Time{}, err
	}
	first, ok := firstOf(steps)
	if !ok {
		return time.Time{}, nil
	}
	return period.Hour.Floor(first.Add(-fine)), nil
}

// firstOf is the time of the first value.
func firstOf(matrix model.Matrix) (first time.Time, ok bool) {
	for _, series := range matrix {
		for _, point := range series.Values {
			if at := point.Timestamp.Time(); !ok || at.Before(first) {
				first, ok = at, true
			}
		}
	}
	return first, ok
}
