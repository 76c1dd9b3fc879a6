// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/compression"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor"
)

// system takes OTLP requests.
type system interface {
	take(body []byte) error
	// settle waits until so many samples have been written since the beginning.
	settle(samples int64) error
	close() error
}

// collector is the processor, with what the Collector does before it:
// unmarshalling the request.
type collector struct {
	processor processor.Metrics
	telemetry *componenttest.Telemetry
	directory string
	waited    time.Duration // for the processor to pass on what it was given
}

// newCollector persists samples across restarts, as Prometheus does, or not.
func newCollector(persistent bool) (*collector, error) {
	directory, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	factory := alertprocessor.NewFactory()
	cfg := factory.CreateDefaultConfig().(*alertprocessor.Config)
	if persistent {
		cfg.Storage.Directory = directory // with a write-ahead log, as Prometheus has
	}
	cfg.Storage.MaxSeries = 1_000_000
	set := processortest.NewNopSettings(factory.Type())
	telemetry := componenttest.NewTelemetry()
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	p, err := factory.CreateMetrics(context.Background(), set, cfg, consumertest.NewNop())
	if err != nil {
		return nil, err
	}
	return &collector{processor: p, telemetry: telemetry, directory: directory}, p.Start(context.Background(), componenttest.NewNopHost())
}

func (c *collector) take(body []byte) error {
	request := pmetricotlp.NewExportRequest()
	if err := request.UnmarshalProto(body); err != nil {
		return err
	}
	began := time.Now()
	err := c.processor.ConsumeMetrics(context.Background(), request.Metrics())
	c.waited += time.Since(began)
	return err
}

func (c *collector) settle(samples int64) error {
	for {
		if c.sum("otelcol_processor_alert_samples_appended") >= samples {
			return nil
		}
		if dropped := c.sum("otelcol_processor_alert_samples_dropped"); dropped > 0 {
			return fmt.Errorf("%d samples were dropped", dropped)
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// sum is a metric of the processor, over all its attributes; 0 while there is none.
func (c *collector) sum(name string) (total int64) {
	m, err := c.telemetry.GetMetric(name)
	if err != nil {
		return 0
	}
	for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
		total += p.Value
	}
	return total
}

func (c *collector) close() error {
	ctx := context.Background()
	return errors.Join(c.processor.Shutdown(ctx), c.telemetry.Shutdown(ctx), os.RemoveAll(c.directory))
}

// peer is Prometheus' OTLP endpoint, writing into its storage.
type peer struct {
	handler   http.Handler
	db        *tsdb.DB
	directory string
}

func newPeer() (*peer, error) {
	directory, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	options := tsdb.DefaultOptions()
	options.WALCompression = compression.Snappy // the server's default
	options.EnableSTAsZeroSample = true         // as the processor writes start times
	options.OutOfOrderTimeWindow = (10 * time.Minute).Milliseconds()
	db, err := tsdb.Open(directory, nil, nil, options, nil)
	if err != nil {
		return nil, err
	}
	cfg := config.DefaultConfig // names are escaped, as the processor escapes them
	handler := remote.NewOTLPWriteHandler(slog.New(slog.DiscardHandler), prometheus.NewRegistry(), db,
		func() config.Config { return cfg }, remote.OTLPOptions{LookbackDelta: 5 * time.Minute})
	return &peer{handler: handler, db: db, directory: directory}, nil
}

func (p *peer) take(body []byte) error {
	request := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/api/v1/otlp/v1/metrics", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/x-protobuf")
	response := httptest.NewRecorder()
	p.handler.ServeHTTP(response, request)
	if response.Code != http.StatusOK {
		return fmt.Errorf("prometheus answers %d: %s", response.Code, response.Body)
	}
	return nil
}

// settle implements system: the endpoint answers when it has written.
func (*peer) settle(int64) error { return nil }

func (p *peer) close() error { return errors.Join(p.db.Close(), os.RemoveAll(p.directory)) }
