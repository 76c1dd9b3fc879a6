// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package metricguardprocessor

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/prometheusexporter"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-arc/otelcol-arc/processor/metricguardprocessor/internal/metadata"
)

// page is the guard in front of a Prometheus exporter with the settings of the
// shipped configurations.
type page struct {
	consumer.Metrics
	address string
}

func newPage(tb testing.TB) page {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	address := listener.Addr().String()
	require.NoError(tb, listener.Close())
	factory := prometheusexporter.NewFactory()
	cfg := factory.CreateDefaultConfig().(*prometheusexporter.Config)
	cfg.ServerConfig.NetAddr.Endpoint = address
	cfg.TranslationStrategy = "UnderscoreEscapingWithoutSuffixes"
	cfg.WithoutScopeInfo = true
	cfg.EnableOpenMetrics = true
	ctx := context.Background()
	exporter, err := factory.CreateMetrics(ctx, exportertest.NewNopSettings(factory.Type()), cfg)
	require.NoError(tb, err)
	guard, err := NewFactory().CreateMetrics(ctx, processortest.NewNopSettings(metadata.Type), createDefaultConfig(), exporter)
	require.NoError(tb, err)
	require.NoError(tb, exporter.Start(ctx, componenttest.NewNopHost()))
	require.NoError(tb, guard.Start(ctx, componenttest.NewNopHost()))
	tb.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		assert.NoError(tb, errors.Join(guard.Shutdown(ctx), exporter.Shutdown(ctx)))
	})
	return page{guard, address}
}

// scrape returns the series of the exposition in a format, read as Prometheus reads it.
func (p page) scrape(tb testing.TB, accept string) map[string]float64 {
	tb.Helper()
	request, err := http.NewRequest(http.MethodGet, "http://"+p.address+"/metrics", http.NoBody)
	require.NoError(tb, err)
	request.Header.Set("Accept", accept)
	response, err := http.DefaultClient.Do(request)
	require.NoError(tb, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(tb, err)
	require.Equal(tb, http.StatusOK, response.StatusCode, "%s", body)
	parser, err := textparse.New(body, response.Header.Get("Content-Type"), labels.NewSymbolTable(), textparse.ParserOptions{})
	require.NoError(tb, err)
	series := map[string]float64{}
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return series
		}
		require.NoError(tb, err, "Prometheus refuses the whole exposition:\n%s", body)
		if entry != textparse.EntrySeries {
			continue
		}
		_, _, value := parser.Series()
		var of labels.Labels
		parser.Labels(&of)
		_, twice := series[of.String()]
		require.False(tb, twice, "%s is twice in the exposition:\n%s", of, body)
		series[of.String()] = value
	}
}

const (
	textFormat  = "text/plain;version=0.0.4"
	openMetrics = "application/openmetrics-text;version=1.0.0"
)

func pushed() context.Context {
	return client.NewContext(context.Background(), client.Info{Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}})
}

// hostile are metrics that ended the process, or had Prometheus refuse the exposition.
func hostile() map[string]func(pmetric.Metric) {
	return map[string]func(pmetric.Metric){
		"counts that are missing": func(m pmetric.Metric) {
			m.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
			p := m.Histogram().DataPoints().AppendEmpty()
			p.ExplicitBounds().FromRaw([]float64{1, 2, 3})
			p.SetCount(7)
		},
		"le": func(m pmetric.Metric) {
			m.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
			p := m.Histogram().DataPoints().AppendEmpty()
			p.ExplicitBounds().FromRaw([]float64{1})
			p.BucketCounts().FromRaw([]uint64{1, 1})
			p.SetCount(2)
			p.Attributes().PutStr("le", "7")
		},
		"quantile": func(m pmetric.Metric) {
			p := m.SetEmptySummary().DataPoints().AppendEmpty()
			p.QuantileValues().AppendEmpty().SetQuantile(.5)
			p.Attributes().PutStr("quantile", "7")
		},
		"__name__": func(m pmetric.Metric) {
			m.SetEmptyGauge().DataPoints().AppendEmpty().Attributes().PutStr("__name__", "other")
		},
		"a.b and a_b": func(m pmetric.Metric) {
			attributes := m.SetEmptyGauge().DataPoints().AppendEmpty().Attributes()
			attributes.PutStr("a.b", "1")
			attributes.PutStr("a_b", "2")
		},
		"a million buckets": func(m pmetric.Metric) {
			m.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
			p := m.Histogram().DataPoints().AppendEmpty()
			bounds, counts := make([]float64, 1_000_000), make([]uint64, 1_000_001)
			for i := range bounds {
				bounds[i] = float64(i)
			}
			p.ExplicitBounds().FromRaw(bounds)
			p.BucketCounts().FromRaw(counts)
		},
		"an infinite bound": func(m pmetric.Metric) {
			m.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
			p := m.Histogram().DataPoints().AppendEmpty()
			p.ExplicitBounds().FromRaw([]float64{math.Inf(1)})
			p.BucketCounts().FromRaw([]uint64{1, 1})
			p.SetCount(2)
		},
	}
}

// Whatever comes before, a sound metric stays in the exposition, in both formats.
func TestPageStaysReadable(t *testing.T) {
	for name, spoil := range hostile() {
		t.Run(name, func(t *testing.T) {
			p := newPage(t)
			md := pmetric.NewMetrics()
			rm := md.ResourceMetrics().AppendEmpty()
			rm.Resource().Attributes().PutStr("service.name", "shop")
			metrics := rm.ScopeMetrics().AppendEmpty().Metrics()
			m := metrics.AppendEmpty()
			m.SetName("hostile")
			spoil(m)
			sound := metrics.AppendEmpty()
			sound.SetName("sound")
			sound.SetEmptyGauge().DataPoints().AppendEmpty().SetIntValue(1)
			require.NoError(t, p.ConsumeMetrics(pushed(), md))
			for _, accept := range []string{textFormat, openMetrics} {
				assert.Equal(t, 1., p.scrape(t, accept)[`{__name__="sound", job="shop"}`])
			}
		})
	}
}

// A metric of ours in the exposition cannot be removed or added to from outside.
func TestNamesAreOurs(t *testing.T) {
	p := newPage(t)
	md := pmetric.NewMetrics()
	metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	for _, name := range []string{"arc_llm_cost_dollars", "arc.llm.cost.dollars", "ALERTS", "otelcol_processor_x", "arc_requests_total"} {
		m := metrics.AppendEmpty()
		m.SetName(name)
		m.SetEmptyGauge().DataPoints().AppendEmpty().SetIntValue(1)
	}
	require.NoError(t, p.ConsumeMetrics(pushed(), md))
	assert.Empty(t, p.scrape(t, textFormat))
}

// Any OTLP payload leaves a page that Prometheus reads, and the process alive.
func FuzzPage(f *testing.F) {
	marshaler := pmetric.ProtoMarshaler{}
	for _, spoil := range hostile() {
		md := pmetric.NewMetrics()
		m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		m.SetName("a")
		spoil(m)
		if m.Type() == pmetric.MetricTypeHistogram && m.Histogram().DataPoints().At(0).ExplicitBounds().Len() > 1000 {
			continue // too long to vary
		}
		content, err := marshaler.MarshalMetrics(md)
		require.NoError(f, err)
		f.Add(content)
	}
	p := newPage(f)
	unmarshaler := pmetric.ProtoUnmarshaler{}
	f.Fuzz(func(t *testing.T, content []byte) {
		md, err := unmarshaler.UnmarshalMetrics(content)
		if err != nil {
			return
		}
		sound := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		sound.SetName("sound")
		sound.SetEmptyGauge().DataPoints().AppendEmpty().Attributes().PutStr("of", strconv.Itoa(len(content)))
		if err := p.ConsumeMetrics(pushed(), md); err != nil {
			t.Fatal(err)
		}
		for _, accept := range []string{textFormat, openMetrics} {
			series := p.scrape(t, accept)
			if len(series) == 0 {
				t.Fatal("the sound series is not in the exposition")
			}
		}
	})
}
