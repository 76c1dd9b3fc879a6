// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote/otlptranslator/prometheusremotewrite"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// TestTranslationIsPrometheus sends the same random metrics through the
// ingester and through Prometheus' own translation and appender, into a storage
// each, which must then hold the same. Each request comes four times, with other
// times and values. The cache holds a few data points only, so that series are
// learned, known, ageing and forgotten.
func TestTranslationIsPrometheus(t *testing.T) {
	const requests, repeats = 16, 4
	resourceAttributes := []string{"host.name", "path"}
	total := 0
	for seed := range uint64(60) {
		ours := newFixture(t)
		require.NoError(t, ours.ingest.Stop(t.Context()))
		ours.ingest = New(ours.store, resourceAttributes, 30, ours.ingest.count)
		theirs, err := OpenStore(testStoreOptions, nil)
		require.NoError(t, err)
		values := rand.New(rand.NewPCG(seed, 1))
		start := time.Now().Add(-time.Hour)
		for n := range requests {
			md := randomMetrics(rand.New(rand.NewPCG(seed, uint64(2+n/repeats))), values, start.Add(time.Duration(n)*15*time.Second))
			ingestAsPrometheus(t, theirs, resourceAttributes, md)
			ours.send(md)
		}
		want := contents(t, theirs)
		total += len(want)
		got := contents(t, ours.store)
		for i := range min(len(want), len(got)) {
			require.Equal(t, want[i], got[i], "seed %d", seed)
		}
		require.Len(t, got, len(want), "seed %d", seed)
		require.NoError(t, theirs.Close())
	}
	assert.Greater(t, total, 60*500, "there is something to compare")
}

// ingestAsPrometheus does what Prometheus' OTLP endpoint does, but that it goes on
// after a sample that the storage refuses.
func ingestAsPrometheus(t *testing.T, to storage.Appendable, resourceAttributes []string, md pmetric.Metrics) {
	t.Helper()
	app := lenientAppender{to.Appender(t.Context()), map[string]int64{}}
	_, _ = prometheusremotewrite.NewPrometheusConverter(app).FromMetrics(t.Context(), md, translationSettings(resourceAttributes))
	require.NoError(t, app.Commit())
}

// lenientAppender is an appender of the kind that the translation wants, above one of
// the first kind. It adds a sample of zero where a series starts.
type lenientAppender struct {
	storage.Appender
	starts map[string]int64
}

func (p lenientAppender) Append(_ storage.SeriesRef, series labels.Labels, start, at int64, v float64, h *histogram.Histogram, _ *histogram.FloatHistogram, options storage.AppendV2Options) (storage.SeriesRef, error) {
	key := series.String()
	known, seen := p.starts[key]
	if (!seen || known != start) && start != 0 && start < at {
		if h != nil {
			_, _ = p.AppendHistogramSTZeroSample(0, series, at, start, h, nil)
		} else {
			_, _ = p.AppendSTZeroSample(0, series, at, start)
		}
	}
	p.starts[key] = start
	var ref storage.SeriesRef
	if h != nil {
		ref, _ = p.AppendHistogram(0, series, at, h, nil)
	} else {
		ref, _ = p.Appender.Append(0, series, at, v)
	}
	if ref == 0 {
		return 0, nil
	}
	for _, e := range options.Exemplars {
		_, _ = p.AppendExemplar(ref, series, e)
	}
	return ref, nil
}

// contents are the samples and exemplars of a storage, in lines.
func contents(t *testing.T, s *Store) []string {
	t.Helper()
	querier, err := s.Querier(math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	defer func() { require.NoError(t, querier.Close()) }()
	all := labels.MustNewMatcher(labels.MatchNotEqual, model.MetricNameLabel, "")
	var lines []string
	found := querier.Select(t.Context(), true, nil, all)
	for found.Next() {
		series := found.At()
		for it := series.Iterator(nil); ; {
			kind := it.Next()
			if kind == chunkenc.ValNone {
				break
			}
			if kind == chunkenc.ValHistogram {
				at, h := it.AtHistogram(nil)
				lines = append(lines, fmt.Sprintf("%s %d %s", series.Labels(), at, h))
				continue
			}
			at, v := it.At()
			lines = append(lines, fmt.Sprintf("%s %d %x", series.Labels(), at, math.Float64bits(v)))
		}
	}
	require.NoError(t, found.Err())
	exemplars, err := s.ExemplarQuerier(t.Context())
	require.NoError(t, err)
	results, err := exemplars.Select(math.MinInt64, math.MaxInt64, []*labels.Matcher{all})
	require.NoError(t, err)
	for _, r := range results {
		for _, e := range r.Exemplars {
			lines = append(lines, fmt.Sprintf("%s exemplar %s %d %v", r.SeriesLabels, e.Labels, e.Ts, e.Value))
		}
	}
	return lines
}

// randomMetrics makes a request around a time: its series of shape, their times
// and values of values.
func randomMetrics(shape, values *rand.Rand, around time.Time) pmetric.Metrics {
	r := randomRequest{shape, values, around}
	md := pmetric.NewMetrics()
	for range 1 + r.IntN(4) {
		rm := md.ResourceMetrics().AppendEmpty()
		r.attributes(rm.Resource().Attributes(), "service.name", "service.namespace", "service.instance.id", "host.name", "path")
		for range 1 + r.IntN(2) {
			metrics := rm.ScopeMetrics().AppendEmpty().Metrics()
			for range 1 + r.IntN(6) {
				r.metric(metrics.AppendEmpty())
			}
		}
	}
	return md
}

type randomRequest struct {
	*rand.Rand
	values *rand.Rand
	around time.Time
}

func (r randomRequest) one(of ...string) string { return of[r.IntN(len(of))] }

func (r randomRequest) attributes(to pcommon.Map, keys ...string) {
	keys = slices.Clone(keys)
	r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	for _, key := range keys[:r.IntN(len(keys)+1)] {
		switch r.IntN(9) {
		case 0:
			to.PutInt(key, int64(r.IntN(2)))
		case 1:
			to.PutDouble(key, float64(r.IntN(2))+0.5)
		case 2:
			to.PutBool(key, r.IntN(2) == 0)
		case 3:
			to.PutEmptySlice(key).AppendEmpty().SetInt(int64(r.IntN(2)))
		case 4:
			to.PutEmptyMap(key).PutInt("k", int64(r.IntN(2)))
		case 5:
			to.PutStr(key, "")
		default:
			to.PutStr(key, r.one("x", "y", "ü"))
		}
	}
}

func (r randomRequest) time() pcommon.Timestamp {
	return pcommon.NewTimestampFromTime(r.around.Add(time.Duration(r.values.IntN(25_000)-20_000) * time.Millisecond))
}

func (r randomRequest) start() pcommon.Timestamp {
	switch r.values.IntN(4) {
	case 0:
		return 0
	case 1:
		return r.time()
	default:
		return pcommon.NewTimestampFromTime(r.around.Add(-time.Minute).Truncate(time.Minute))
	}
}

func (r randomRequest) flags() pmetric.DataPointFlags {
	return pmetric.DefaultDataPointFlags.WithNoRecordedValue(r.values.IntN(10) == 0)
}

var randomKeys = []string{"path", "a.b", "a_b", "1st", "le", "quantile", "job", "b-ключ"}

func (r randomRequest) metric(m pmetric.Metric) {
	kind := r.one("gauge", "sum", "histogram", "exponential", "summary", "none")
	m.SetName(kind + r.one(".a", "_total", "-é"))
	m.SetUnit(r.one("", "s"))
	temporality := pmetric.AggregationTemporalityCumulative
	if r.IntN(10) == 0 {
		temporality = pmetric.AggregationTemporalityUnspecified
	}
	switch kind {
	case "gauge":
		r.numbers(m.SetEmptyGauge().DataPoints())
	case "sum":
		sum := m.SetEmptySum()
		sum.SetIsMonotonic(r.IntN(2) == 0)
		sum.SetAggregationTemporality(temporality)
		r.numbers(sum.DataPoints())
	case "histogram":
		h := m.SetEmptyHistogram()
		h.SetAggregationTemporality(temporality)
		for range r.IntN(4) {
			r.histogram(h.DataPoints().AppendEmpty())
		}
	case "exponential":
		h := m.SetEmptyExponentialHistogram()
		h.SetAggregationTemporality(temporality)
		for range r.IntN(4) {
			p := h.DataPoints().AppendEmpty()
			p.SetTimestamp(r.time())
			p.SetStartTimestamp(r.start())
			p.SetFlags(r.flags())
			r.attributes(p.Attributes(), randomKeys...)
			p.SetScale(int32(r.IntN(3)))
			p.Positive().BucketCounts().Append(1, uint64(r.values.IntN(4)))
			p.SetCount(p.Positive().BucketCounts().At(1) + 1)
			p.SetSum(4)
			r.exemplars(p.Exemplars())
		}
	case "summary":
		for range r.IntN(3) {
			p := m.SetEmptySummary().DataPoints().AppendEmpty()
			p.SetTimestamp(r.time())
			p.SetStartTimestamp(r.start())
			p.SetFlags(r.flags())
			r.attributes(p.Attributes(), randomKeys...)
			p.SetCount(uint64(r.values.IntN(4)))
			q := p.QuantileValues().AppendEmpty()
			q.SetQuantile(0.5)
			q.SetValue(r.values.Float64())
		}
	}
}

func (r randomRequest) numbers(points pmetric.NumberDataPointSlice) {
	for range r.IntN(5) {
		p := points.AppendEmpty()
		p.SetTimestamp(r.time())
		p.SetStartTimestamp(r.start())
		p.SetFlags(r.flags())
		r.attributes(p.Attributes(), randomKeys...)
		switch r.values.IntN(5) {
		case 0: // no value
		case 1:
			p.SetIntValue(int64(r.values.IntN(9)))
		default:
			p.SetDoubleValue(r.values.Float64())
		}
		r.exemplars(p.Exemplars())
	}
}

func (r randomRequest) histogram(p pmetric.HistogramDataPoint) {
	p.SetTimestamp(r.time())
	p.SetStartTimestamp(r.start())
	p.SetFlags(r.flags())
	r.attributes(p.Attributes(), randomKeys...)
	p.ExplicitBounds().FromRaw([]float64{0.1, 1, 10}[:r.IntN(4)])
	for range r.IntN(5) { // not always as many as there should be
		p.BucketCounts().Append(uint64(r.values.IntN(9)))
	}
	p.SetCount(uint64(r.values.IntN(30)))
	if r.values.IntN(3) > 0 {
		p.SetSum(r.values.Float64())
	}
	r.exemplars(p.Exemplars())
}

func (r randomRequest) exemplars(to pmetric.ExemplarSlice) {
	if r.IntN(3) > 0 {
		return
	}
	for range r.IntN(4) {
		e := to.AppendEmpty()
		e.SetTimestamp(r.time())
		if r.IntN(2) == 0 {
			e.SetIntValue(int64(r.values.IntN(20)))
		} else {
			e.SetDoubleValue(r.values.Float64() * 20)
		}
		if r.IntN(4) > 0 {
			e.SetTraceID(pcommon.TraceID{byte(1 + r.IntN(3)), 2})
			e.SetSpanID(pcommon.SpanID{byte(r.IntN(3))})
		}
		r.attributes(e.FilteredAttributes(), "user", "a.b", strings.Repeat("long", 20))
	}
}

// FuzzTranslate checks that what is known changes nothing: whatever comes is
// translated the second time as it was the first.
func FuzzTranslate(f *testing.F) {
	marshaler, unmarshaler := pmetric.ProtoMarshaler{}, pmetric.ProtoUnmarshaler{}
	for seed := range uint64(8) {
		raw, err := marshaler.MarshalMetrics(randomMetrics(rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2)), time.Unix(1_800_000_000, 0)))
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		md, err := unmarshaler.UnmarshalMetrics(raw)
		if err != nil {
			return
		}
		md.MarkReadOnly()
		i := &Ingester{settings: translationSettings([]string{"host.name"}), cache: newSeriesCache(1000)}
		var first, second batch
		i.translate(md, &first)
		i.translate(md, &second)
		assert.Equal(t, first.untranslated, second.untranslated)
		require.Len(t, second.samples, len(first.samples))
		for n := range first.samples {
			a, b := first.samples[n], second.samples[n]
			assert.Equal(t, a.series.labels, b.series.labels)
			assert.Equal(t, [3]int64{a.start, a.at, int64(math.Float64bits(a.value))}, [3]int64{b.start, b.at, int64(math.Float64bits(b.value))})
			assert.Equal(t, a.extra == nil, b.extra == nil)
		}
	})
}
