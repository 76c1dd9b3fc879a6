// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver // import "github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver"

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"
)

// core is the receiver of one component ID: one server before up to three
// pipelines. A consumer that is nil has no pipeline, and its part of the data is
// left out.
type core struct {
	cfg *Config
	set receiver.Settings

	nextTraces  consumer.Traces
	nextMetrics consumer.Metrics
	nextLogs    consumer.Logs

	// notStarted counts the instances that were created but not started. The
	// server listens from the first start on, and answers 503 until the last,
	// because the other pipelines may not be ready before.
	notStarted atomic.Int32

	server  *http.Server
	serving sync.WaitGroup
}

func newCore(cfg *Config, set receiver.Settings) (*core, error) {
	return &core{cfg: cfg, set: set}, nil
}

// Start listens and serves.
func (c *core) Start(ctx context.Context, host component.Host) error {
	var err error
	c.server, err = c.cfg.HTTP.ToServer(ctx, host.GetExtensions(), c.set.TelemetrySettings, http.NotFoundHandler())
	if err != nil {
		return err
	}
	listener, err := c.cfg.HTTP.ToListener(ctx)
	if err != nil {
		return err
	}
	c.set.Logger.Info("Listening for events", zap.Stringer("endpoint", listener.Addr()))
	c.serving.Go(func() {
		if err := c.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
	return nil
}

// Stop lets the requests in flight end, as long as ctx allows, and closes the server.
func (c *core) Stop(ctx context.Context) error {
	if c.server == nil {
		return nil
	}
	err := c.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, c.server.Close())
	}
	c.serving.Wait()
	return err
}

// Close has nothing left to release.
func (c *core) Close(context.Context) error { return nil }
