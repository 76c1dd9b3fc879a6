// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertmanagerexporter

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
)

// resending is a notifier whose firing alerts are sent again while it runs.
type resending struct {
	exporter.Logs
	announcer *announcer

	stop context.CancelFunc
	done sync.WaitGroup
}

// Start starts the notifier, and what sends again.
func (r *resending) Start(ctx context.Context, host component.Host) error {
	if err := r.Logs.Start(ctx, host); err != nil {
		return err
	}
	// The context of Start ends with it; this one ends with Shutdown.
	lifetime, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stop = stop
	r.done.Go(func() { r.announcer.run(lifetime) })
	return nil
}

// Shutdown ends the request that sends again, and then the notifier.
func (r *resending) Shutdown(ctx context.Context) error {
	if r.stop != nil {
		r.stop()
	}
	r.done.Wait()
	return r.Logs.Shutdown(ctx)
}
