// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package prometheussource

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

const (
	// hoursKept is for how many days there are rows of hours; before, of days.
	hoursKept = 63
	// maxRows bounds the rows in memory. The blocks that were used longest ago go first.
	maxRows = 500_000

	// How long a block is used: what a server gets late, after an outage, is seen after that.
	ttlNow  = 10 * time.Second // of the running hour
	ttlDay  = time.Minute      // of the hours of the running day before
	ttlPast = 10 * time.Minute // of days that are over

	// retryAfter is how long an error is reported without another attempt.
	retryAfter = 5 * time.Second
	// maxDaysOfHours and maxDays are read at once; fewer where there are many rows.
	maxDaysOfHours, maxDays = 7, 31
	rowsAtOnce              = 50_000
)

// span is a time of which rows are read: intervals of a length.
type span struct {
	from, to time.Time
	step     time.Duration
}

// intervalAt is the number of the interval that ends at a time, 1 being the first.
func (k *span) intervalAt(end time.Time) int { return int(end.Sub(k.from) / k.step) }

// block has the rows of a span.
type block struct {
	span
	rows       [][]row // by interval
	size       int
	read, used time.Time
}

// cache has blocks by the start of their spans, hours and days apart.
type cache struct {
	blocks  map[blockKey]*block
	size    int
	failed  error
	failure time.Time
	// perDay is how many rows a day has.
	perDay int
}

type blockKey struct {
	from int64
	step time.Duration
}

func (k *span) key() blockKey {
	step := k.step
	if step != 24*time.Hour && step >= 20*time.Hour {
		step = 24 * time.Hour // days on which clocks are changed
	} else if step < time.Hour {
		step = 0 // the running hour
	}
	return blockKey{k.from.Unix(), step}
}

// hoursSince is the first hour that has rows of its own.
func (s *Source) hoursSince(now time.Time) time.Time {
	return period.Hour.Floor(period.Day.Add(now.In(s.zone), -hoursKept+1))
}

// spans are those that a time needs, in order: of days, as long as there are no hours.
func (s *Source) spans(from, to, now time.Time) (spans []span) {
	if end := now.Add(time.Nanosecond).Truncate(time.Second); to.After(end) {
		to = end
	}
	hours := s.hoursSince(now)
	for day := period.Day.Floor(from.In(s.zone)); day.Before(to); day = period.Day.Next(day) {
		start, end := period.Hour.Floor(day), period.Hour.Floor(period.Day.Next(day))
		if !start.Before(hours) {
			break
		}
		spans = append(spans, span{start, end, end.Sub(start)})
	}
	if from.Before(hours) {
		from = hours
	}
	running := now.Truncate(time.Hour)
	for day := from.Truncate(24 * time.Hour); day.Before(to); day = day.Add(24 * time.Hour) {
		end := day.Add(24 * time.Hour)
		if end.After(running) {
			end = running
		}
		if end.After(day) {
			spans = append(spans, span{day, end, time.Hour})
		}
	}
	if end := now.Truncate(time.Second); to.After(running) && end.After(running) {
		spans = append(spans, span{running, end, end.Sub(running)})
	}
	return spans
}

// ttl is how long a block of a span is used.
func (k *span) ttl(now time.Time) time.Duration {
	switch {
	case k.step < time.Hour:
		return ttlNow
	case now.Sub(k.to) < 2*time.Hour:
		return ttlDay
	default:
		return ttlPast
	}
}

// blocksOf are the blocks of a time. They are read where they are not there, or too old.
func (s *Source) blocksOf(ctx context.Context, from, to time.Time) ([]*block, error) {
	select {
	case s.reading <- struct{}{}:
		defer func() { <-s.reading }()
	case <-ctx.Done():
		return nil, errSlow
	}
	now := s.now()
	if since := s.cache.failure.Add(retryAfter); s.cache.failed != nil && now.Before(since) {
		return nil, s.cache.failed
	}
	spans := s.spans(from, to, now)
	blocks := make([]*block, 0, len(spans))
	for i := 0; i < len(spans); {
		if known := s.cache.blocks[spans[i].key()]; known != nil && (known.to.Equal(spans[i].to) || spans[i].step < time.Hour) && now.Sub(known.read) < spans[i].ttl(now) {
			known.used = now
			blocks = append(blocks, known)
			i++
			continue
		}
		n := s.together(spans[i:])
		made, err := s.readBlocks(ctx, spans[i:i+n], now)
		if err != nil {
			return nil, s.fail(ctx, err, len(blocks), len(spans))
		}
		blocks = append(blocks, made...)
		i += n
	}
	if s.cache.failed != nil {
		s.cache.failed = nil
		s.logger.Info("The source of the dashboard is available again")
	}
	return blocks, nil
}

// together is how many spans are read at once: those that follow each other, and are as long.
func (s *Source) together(spans []span) int {
	most := maxDaysOfHours
	if spans[0].step > time.Hour {
		most = maxDays
	}
	if s.cache.perDay > 0 {
		most = max(min(most, rowsAtOnce/s.cache.perDay), 1)
	}
	n := 1
	for n < len(spans) && n < most && spans[n].step == spans[0].step && spans[n].from.Equal(spans[n-1].to) &&
		spans[n-1].to.Sub(spans[n-1].from)%spans[0].step == 0 && s.cache.blocks[spans[n].key()] == nil {
		n++
	}
	return n
}

func (s *Source) readBlocks(ctx context.Context, spans []span, now time.Time) ([]*block, error) {
	all := spans[0]
	all.to = spans[len(spans)-1].to
	rows, err := s.load(ctx, all)
	if err != nil {
		return nil, err
	}
	blocks := make([]*block, len(spans))
	for i := range spans {
		n := spans[i].intervalAt(spans[i].to)
		made := &block{span: spans[i], rows: rows[:n:n], read: now, used: now}
		rows = rows[n:]
		for _, each := range made.rows {
			made.size += len(each)
		}
		blocks[i] = made
		s.cache.add(made)
	}
	return blocks, nil
}

// add adds a block, for which others may have to go.
func (c *cache) add(made *block) {
	key := made.key()
	if old := c.blocks[key]; old != nil {
		c.size -= old.size
	}
	c.blocks[key] = made
	c.size += made.size
	c.perDay = max(made.size, c.perDay/2)
	for c.size > maxRows || len(c.blocks) > maxBlocks {
		var oldest *block
		for _, each := range c.blocks {
			if each != made && (oldest == nil || each.used.Before(oldest.used)) {
				oldest = each
			}
		}
		if oldest == nil {
			return
		}
		c.size -= oldest.size
		delete(c.blocks, oldest.key())
	}
}

// maxBlocks bounds the blocks, some of which are empty.
const maxBlocks = 2000

// fail remembers an error for a while, and logs it once.
func (s *Source) fail(ctx context.Context, err error, have, want int) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return err // the dashboard stops
	}
	if errors.Is(err, errSlow) && have > 0 {
		err = fmt.Errorf("%w; %d of %d parts of the time are there: the next attempt goes on with the others", err, have, want)
	}
	if s.cache.failed == nil {
		s.logger.Warn("The source of the dashboard is unavailable", zap.Error(err))
	}
	s.cache.failed, s.cache.failure = err, s.now()
	return err
}
