// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/prometheussource"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

// dashboardServer is the extension: a server, and the processors whose data it shows.
type dashboardServer struct {
	cfg *Config
	set extension.Settings
	now func() time.Time
	// zone is the time zone of calendar days, unless a request names another.
	zone *time.Location

	started time.Time

	usage    *sources[dashboard.Usage]
	alerts   *sources[dashboard.Alerts]
	problems *problems
	traffic  *traffic

	host        component.Host
	conf        map[string]any // effective
	terminal    io.Writer
	stopReports context.CancelFunc

	server  *http.Server
	serving sync.WaitGroup

	// remote has the usage of other collectors, too; nil: none is configured.
	remote *prometheussource.Source
}

var _ dashboard.Extension = (*dashboardServer)(nil)

func newServer(cfg *Config, set extension.Settings) *dashboardServer {
	zone, err := period.LoadZone(cfg.TimeZone)
	if err != nil {
		zone = time.UTC // Validate has seen to it
	}
	b := &dashboardServer{
		cfg: cfg, set: set, now: time.Now, zone: zone, started: time.Now(), terminal: os.Stderr,
		usage: &sources[dashboard.Usage]{}, alerts: &sources[dashboard.Alerts]{}, problems: &problems{}, traffic: &traffic{},
	}
	if cfg.Source.Prometheus.HasValue() {
		b.remote = prometheussource.New(cfg.Source.Prometheus.Get(), set.Logger, zone, func() time.Time { return b.now() })
		b.usage.addFirst(remoteID, b.remote)
	}
	return b
}

// remoteID is the name of the source that is configured.
var remoteID = component.MustNewID("prometheus")

// ShowUsage shows the ledger of an llm_cost processor.
func (b *dashboardServer) ShowUsage(id component.ID, source dashboard.Usage) (hide func()) {
	return b.usage.add(id, source)
}

// ShowAlerts shows the rules and alerts of an alert processor.
func (b *dashboardServer) ShowAlerts(id component.ID, source dashboard.Alerts) (hide func()) {
	return b.alerts.add(id, source)
}

// Start listens and serves.
func (b *dashboardServer) Start(ctx context.Context, host component.Host) error {
	b.host = host
	if b.remote != nil {
		if err := b.remote.Start(ctx, host, b.set.TelemetrySettings); err != nil {
			return err
		}
	}
	extensions := host.GetExtensions()
	if b.cfg.HTTP.Auth.HasValue() {
		extensions = guardPasswords(extensions, &b.cfg.HTTP.Auth.Get().Config)
	}
	server, err := b.cfg.HTTP.ToServer(ctx, extensions, b.set.TelemetrySettings, b.handler())
	if err != nil {
		return err
	}
	listener, err := b.cfg.HTTP.ToListener(ctx)
	if err != nil {
		return err
	}
	server.Handler = withHeaders(withChallenge(server.Handler)) // around the authentication too
	b.server = server
	b.set.Logger.Info("Serving the dashboard", zap.Stringer("endpoint", listener.Addr()))
	b.serving.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
	return nil
}

// Shutdown waits for requests in flight, as long as ctx allows, and closes the server.
func (b *dashboardServer) Shutdown(ctx context.Context) error {
	if err := b.NotReady(); err != nil {
		return err
	}
	if b.remote != nil {
		b.remote.Shutdown() // before the requests that wait for it
	}
	if b.server == nil {
		return nil
	}
	err := b.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, b.server.Close())
	}
	b.serving.Wait()
	return err
}
