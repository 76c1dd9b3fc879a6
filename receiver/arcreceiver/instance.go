// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-arc/otelcol-arc/internal/sharedcore"
)

// instance is what the Collector holds for one signal. The work is done by the core.
type instance struct {
	shared *sharedcore.Instance[*core]
	ready  sync.Once
}

func newInstance(shared *sharedcore.Instance[*core]) *instance {
	shared.Core().notStarted.Add(1)
	return &instance{shared: shared}
}

// Start starts the server if no other instance has, and records that this
// instance's pipeline is ready.
func (i *instance) Start(ctx context.Context, host component.Host) error {
	if err := i.shared.Start(ctx, host); err != nil {
		return err
	}
	i.ready.Do(func() { i.shared.Core().notStarted.Add(-1) })
	return nil
}

// Shutdown ends the server, after the requests in flight, if no other instance
// has. The Collector shuts receivers down before what is behind them, so every
// pipeline still runs when the first instance is shut down.
func (i *instance) Shutdown(ctx context.Context) error {
	return i.shared.Shutdown(ctx, nil)
}
