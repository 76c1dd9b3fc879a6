// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/mapping"
	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/metadata"
)

// core is the receiver of one component ID: one server before up to three
// pipelines. A consumer that is nil has no pipeline, and its part of the data is
// not made.
type core struct {
	cfg       *Config
	set       receiver.Settings
	scope     mapping.Scope
	telemetry *telemetry
	obsreport *receiverhelper.ObsReport
	now       func() time.Time
	random    func([]byte) // fills a slice

	nextTraces  consumer.Traces
	nextMetrics consumer.Metrics
	nextLogs    consumer.Logs

	counts       *counts
	instance     string // of metrics, "" if they are cumulative
	deduplicator *deduplicator

	// notStarted counts the instances that were created but not started. The
	// server listens from the first start on, and returns 503 until the last,
	// because the other pipelines may not be ready before.
	notStarted atomic.Int32

	server  *http.Server
	serving sync.WaitGroup
	tail    *tail // nil without files
}

func newCore(cfg *Config, set receiver.Settings) (*core, error) {
	obsreport, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID:             set.ID,
		Transport:              "http",
		ReceiverCreateSettings: set,
	})
	if err != nil {
		return nil, err
	}
	instance, err := instanceOf(cfg)
	if err != nil {
		return nil, err
	}
	c := &core{
		cfg:          cfg,
		instance:     instance,
		set:          set,
		scope:        mapping.Scope{Name: metadata.ScopeName, Version: set.BuildInfo.Version},
		obsreport:    obsreport,
		counts:       newCounts(instance != "", cfg.MaxSeries, cfg.SeriesExpiration),
		deduplicator: newDeduplicator(cfg.ResendWindow, cfg.MaxResendIDs),
		now:          time.Now,
		random:       func(b []byte) { _, _ = rand.Read(b) }, // never fails
	}
	c.telemetry, err = newTelemetry(set.TelemetrySettings)
	return c, err
}

// instanceOf resolves the name auto.
func instanceOf(cfg *Config) (string, error) {
	if cfg.InstanceID != "auto" {
		return cfg.InstanceID, nil
	}
	name, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("instance_id: the host has no name, set another than auto: %w", err)
	}
	return name, nil
}

// Start listens and serves.
func (c *core) Start(ctx context.Context, host component.Host) error {
	c.counts.begin(c.now())
	if err := c.telemetry.observeSeries(c.counts.len); err != nil {
		return err
	}
	server, err := c.cfg.HTTP.ToServer(ctx, host.GetExtensions(), c.set.TelemetrySettings, c.routes(),
		confighttp.WithErrorHandler(writeRefusedBody))
	if err != nil {
		return err
	}
	listener, err := c.cfg.HTTP.ToListener(ctx)
	if err != nil {
		return err
	}
	if c.cfg.File != nil {
		if c.tail, err = startTail(ctx, c, host); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	c.server = server
	c.set.Logger.Info("Listening for events", zap.Stringer("endpoint", listener.Addr()))
	c.serving.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
	return nil
}

// Stop lets the requests in flight end, as long as ctx allows, and closes the server.
func (c *core) Stop(ctx context.Context) error {
	defer c.telemetry.shutdown()
	if c.server == nil {
		return nil
	}
	err := c.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, c.server.Close())
	}
	c.serving.Wait()
	if c.tail != nil {
		err = errors.Join(err, c.tail.stop(ctx))
	}
	return err
}

// Close has nothing left to release.
func (c *core) Close(context.Context) error { return nil }
