// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package double

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// OTLP is a backend that accepts every signal over OTLP, gRPC and HTTP, as those
// of vendors do. It is built on the Collector's own receiver.
type OTLP struct {
	GRPC, HTTP string // host:port
	Traces     consumertest.TracesSink
	Metrics    consumertest.MetricsSink
	Logs       consumertest.LogsSink

	header, value string
}

// NewOTLP serves under a path prefix until the test ends, without TLS. It
// refuses requests in which the header has another value, unless header is "".
func NewOTLP(tb testing.TB, prefix, header, value string) *OTLP {
	tb.Helper()
	o := &OTLP{GRPC: collector.FreeAddress(tb), HTTP: collector.FreeAddress(tb), header: header, value: value}
	factory := otlpreceiver.NewFactory()
	cfg := factory.CreateDefaultConfig()
	require.NoError(tb, confmap.NewFromStringMap(map[string]any{"protocols": map[string]any{
		"grpc": map[string]any{"endpoint": o.GRPC, "include_metadata": true},
		"http": map[string]any{
			"endpoint": o.HTTP, "include_metadata": true,
			"traces_url_path": prefix + "/v1/traces", "metrics_url_path": prefix + "/v1/metrics", "logs_url_path": prefix + "/v1/logs",
		},
	}}).Unmarshal(cfg))
	set := receivertest.NewNopSettings(factory.Type())

	traces, err := consumer.NewTraces(func(ctx context.Context, td ptrace.Traces) error {
		if err := o.check(ctx); err != nil {
			return err
		}
		return o.Traces.ConsumeTraces(ctx, td)
	})
	require.NoError(tb, err)
	metrics, err := consumer.NewMetrics(func(ctx context.Context, md pmetric.Metrics) error {
		if err := o.check(ctx); err != nil {
			return err
		}
		return o.Metrics.ConsumeMetrics(ctx, md)
	})
	require.NoError(tb, err)
	logs, err := consumer.NewLogs(func(ctx context.Context, ld plog.Logs) error {
		if err := o.check(ctx); err != nil {
			return err
		}
		return o.Logs.ConsumeLogs(ctx, ld)
	})
	require.NoError(tb, err)

	tr, err := factory.CreateTraces(tb.Context(), set, cfg, traces)
	require.NoError(tb, err)
	mr, err := factory.CreateMetrics(tb.Context(), set, cfg, metrics)
	require.NoError(tb, err)
	lr, err := factory.CreateLogs(tb.Context(), set, cfg, logs)
	require.NoError(tb, err)
	for _, r := range []receiver.Traces{tr, mr, lr} {
		require.NoError(tb, r.Start(tb.Context(), componenttest.NewNopHost()))
		tb.Cleanup(func() { require.NoError(tb, r.Shutdown(context.Background())) })
	}
	return o
}

type unauthorized struct{ header string }

func (u unauthorized) Error() string { return "wrong or no " + u.header }

func (o *OTLP) check(ctx context.Context) error {
	if o.header == "" {
		return nil
	}
	if got := client.FromContext(ctx).Metadata.Get(o.header); len(got) != 1 || got[0] != o.value {
		return unauthorized{o.header}
	}
	return nil
}

// Spans are all that were accepted so far.
func (o *OTLP) Spans() []ptrace.Span {
	var spans []ptrace.Span
	for _, td := range o.Traces.AllTraces() {
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					spans = append(spans, span)
				}
			}
		}
	}
	return spans
}

// Records are all that were accepted so far.
func (o *OTLP) Records() []plog.LogRecord {
	var records []plog.LogRecord
	for _, ld := range o.Logs.AllLogs() {
		for _, rl := range ld.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, record := range sl.LogRecords().All() {
					records = append(records, record)
				}
			}
		}
	}
	return records
}
