// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/deltatocumulativeprocessor"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote/otlptranslator/prometheusremotewrite"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/processor"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
)

// Reasons for which a sample is not taken into the storage.
const (
	dropFuture      = "future"
	dropOutOfOrder  = "out_of_order"
	dropTooOld      = "too_old"
	dropDuplicate   = "duplicate"
	dropSeriesLimit = "series_limit"
	dropInvalid     = "invalid"
	dropTranslation = "translation"
	dropDelta       = "delta" // out of order, or too many streams
	dropStorage     = "storage"
)

// ingester writes metrics into a storage, as series named as the metrics are:
// no suffix is added. That is what the prometheus exporter shows when its
// suffixes are off, so that a rule means the same on both sides.
type ingester struct {
	storage  storage.Appendable
	metrics  prometheusremotewrite.CombinedAppenderMetrics
	settings prometheusremotewrite.Settings
	count    func(ctx context.Context, counts ingestCounts)
}

// ingestCounts is what became of the samples of one call.
type ingestCounts struct {
	appended int64
	dropped  map[string]int64 // by reason
	err      error            // of the storage; nothing of the call was kept
}

// newIngester makes an ingester that adds attributes of resources to the labels.
func newIngester(to storage.Appendable, attributes []string, count func(context.Context, ingestCounts)) *ingester {
	return &ingester{
		storage: to,
		metrics: prometheusremotewrite.NewCombinedAppenderMetrics(nil),
		settings: prometheusremotewrite.Settings{
			PromoteResourceAttributes: prometheusremotewrite.NewPromoteResourceAttributes(config.OTLPConfig{
				PromoteResourceAttributes: attributes,
			}),
		},
		count: count,
	}
}

// ConsumeMetrics takes what it can of md, which it does not change, and counts
// the rest. It returns no error, because what passes must not depend on it.
func (i *ingester) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	app := &countingAppender{
		Appender: i.storage.Appender(ctx),
		latest:   time.Now().Add(maxAhead).UnixMilli(),
		counts:   ingestCounts{dropped: map[string]int64{}},
	}
	// The zero samples at the start time are what makes the first value of a
	// counter an increase.
	const zeroSamples, metadata = true, false
	combined := prometheusremotewrite.NewCombinedAppender(app, slog.New(slog.DiscardHandler), zeroSamples, metadata, i.metrics)
	_, err := prometheusremotewrite.NewPrometheusConverter(combined).FromMetrics(ctx, md, i.settings)
	if n := countErrors(err); n > 0 {
		app.counts.dropped[dropTranslation] += int64(n)
	}
	if err := app.Commit(); err != nil {
		app.counts.err = err
		app.counts.dropped[dropStorage] += app.counts.appended
		app.counts.appended = 0
	}
	i.count(ctx, app.counts)
	return nil
}

// countErrors is the number of errors that are joined in err.
func countErrors(err error) int {
	var joined interface{ Unwrap() []error }
	switch {
	case err == nil:
		return 0
	case errors.As(err, &joined):
		return len(joined.Unwrap())
	default:
		return 1
	}
}

// Capabilities implements consumer.Metrics.
func (*ingester) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: false}
}

// countingAppender counts what the storage refuses instead of failing, so that
// the rest of a batch is taken.
type countingAppender struct {
	storage.Appender
	latest int64 // milliseconds; what is later is refused
	counts ingestCounts
}

// Append implements storage.Appender.
func (a *countingAppender) Append(ref storage.SeriesRef, series labels.Labels, t int64, v float64) (storage.SeriesRef, error) {
	if t > a.latest {
		return a.drop(dropFuture)
	}
	return a.done(a.Appender.Append(ref, series, t, v))
}

// AppendHistogram implements storage.Appender.
func (a *countingAppender) AppendHistogram(ref storage.SeriesRef, series labels.Labels, t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) (storage.SeriesRef, error) {
	if t > a.latest {
		return a.drop(dropFuture)
	}
	return a.done(a.Appender.AppendHistogram(ref, series, t, h, fh))
}

func (a *countingAppender) done(ref storage.SeriesRef, err error) (storage.SeriesRef, error) {
	if err != nil {
		return a.drop(dropReason(err))
	}
	a.counts.appended++
	return ref, nil
}

func (a *countingAppender) drop(reason string) (storage.SeriesRef, error) {
	a.counts.dropped[reason]++
	return 0, nil
}

func dropReason(err error) string {
	switch {
	case errors.Is(err, storage.ErrOutOfOrderSample):
		return dropOutOfOrder
	case errors.Is(err, storage.ErrTooOldSample), errors.Is(err, storage.ErrOutOfBounds):
		return dropTooOld
	case errors.Is(err, storage.ErrDuplicateSampleForTimestamp):
		return dropDuplicate
	case errors.Is(err, errSeriesLimit):
		return dropSeriesLimit
	default:
		return dropInvalid
	}
}

// deltaMaxStale is the time after which a delta stream that got no data begins
// anew; a rule sees that as the restart of a counter.
const deltaMaxStale = time.Hour

// newDeltaToCumulative makes what turns delta metrics into the cumulative ones
// that rules expect, as Prometheus' OTLP endpoint does. It changes its input.
func newDeltaToCumulative(ctx context.Context, maxStreams int, next consumer.Metrics) (processor.Metrics, error) {
	factory := deltatocumulativeprocessor.NewFactory()
	cfg := factory.CreateDefaultConfig().(*deltatocumulativeprocessor.Config)
	cfg.MaxStreams = maxStreams
	cfg.MaxStale = deltaMaxStale
	return factory.CreateMetrics(ctx, processor.Settings{
		ID: component.NewID(factory.Type()),
		TelemetrySettings: component.TelemetrySettings{
			Logger:         zap.NewNop(),
			MeterProvider:  metricnoop.NewMeterProvider(),
			TracerProvider: tracenoop.NewTracerProvider(),
		},
	}, cfg, next)
}

// hasDelta says whether any metric is of delta temporality.
func hasDelta(md pmetric.Metrics) bool {
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				if temporality(m) == pmetric.AggregationTemporalityDelta {
					return true
				}
			}
		}
	}
	return false
}

func temporality(m pmetric.Metric) pmetric.AggregationTemporality {
	switch m.Type() {
	case pmetric.MetricTypeSum:
		return m.Sum().AggregationTemporality()
	case pmetric.MetricTypeHistogram:
		return m.Histogram().AggregationTemporality()
	case pmetric.MetricTypeExponentialHistogram:
		return m.ExponentialHistogram().AggregationTemporality()
	default:
		return pmetric.AggregationTemporalityUnspecified
	}
}
