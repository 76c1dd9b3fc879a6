// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/ingest"
)

// sampleTimes counts requests of which all samples had a time that the storage does
// not accept.
type sampleTimes struct {
	wrong   atomic.Int64           // since the last check
	example atomic.Pointer[string] // a series of the last
	before  bool                   // whether there were any before the last check
}

func (s *sampleTimes) add(counts ingest.Counts) {
	if counts.Appended == 0 && counts.WrongTime != "" {
		s.wrong.Add(1)
		s.example.Store(&counts.WrongTime)
	}
}

// checkSampleTimes reports, once a minute, a sender of which rules see nothing, because its
// samples are not of now. One minute alone can be a queue that is sent after an outage.
func (c *core) checkSampleTimes() {
	wrong, before := c.times.wrong.Swap(0), c.times.before
	c.times.before = wrong > 0
	switch {
	case wrong == 0:
		c.health.Set(problemClock, nil, "", "Samples are of now again")
	case before:
		c.health.Set(problemClock, fmt.Errorf("all samples of %d requests in the last minute were too old or in the future, so that rules do not see them, such as %s: compare the clocks of this host and of the senders",
			wrong, *c.times.example.Load()), "Rules do not see samples because of their time", "")
	}
}

// checkClock replaces a storage with samples of a false future: the clock of this host
// was ahead, and has been set back. Next to such samples all that come now are too
// old, for as long as the clock was ahead.
func (c *core) checkClock(running context.Context) {
	b, now := c.currentBackend(), time.Now()
	if b == nil || !b.store.FromFalseFuture(now) {
		return
	}
	ahead := b.store.Ahead(now)
	c.logger.Error("The clock of this host was ahead and has been set back; samples of the future are quarantined", zap.Duration("ahead", ahead))
	temporary := c.cfg.Storage
	temporary.Directory = ""
	store, err := ingest.OpenStore(temporary.options(), c.slogger()) //nolint:contextcheck // half of a store is not to be kept
	if err != nil {
		c.logger.Error("Cannot use a temporary directory", zap.Error(err))
		return
	}
	next, err := c.newBackend(running, store, false)
	if err != nil {
		return // the rule files are wrong just now
	}
	directory := !b.store.Temporary
	c.replace(running, next)
	next.evaluator.SetBack(now, ahead)
	c.dispatcher.setBack(ahead)
	next.evaluator.Start()
	if directory {
		// Should it fail, it is tried again.
		c.health.Set(problemDirectory, errors.New("samples of the future are quarantined"), "", "")
		c.reopenStorage(running)
	}
}
