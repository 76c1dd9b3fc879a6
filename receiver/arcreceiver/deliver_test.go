// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/metadatatest"
)

// everything is events that make all three signals.
const everything = `{"model":"m","prompt_tokens":1}` + "\n" + cacheHit

const cacheHit = `{"cache_type":"llm","hit":true}`

var errBusy = errors.New("busy")

func TestWhatHasNoPipelineIsLeftOut(t *testing.T) {
	for _, tt := range []struct {
		name string
		drop func(*rig)
		want [3]int // of logs, traces, metrics
	}{
		{"all", func(*rig) {}, [3]int{1, 1, 1}},
		{"no logs", func(r *rig) { r.nextLogs = nil }, [3]int{0, 1, 1}},
		{"no traces", func(r *rig) { r.nextTraces = nil }, [3]int{1, 0, 1}},
		{"no metrics", func(r *rig) { r.nextMetrics = nil }, [3]int{1, 1, 0}},
		{"metrics only", func(r *rig) { r.nextLogs, r.nextTraces = nil, nil }, [3]int{0, 0, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			tt.drop(r)
			recorder := r.post(eventsPath, everything)
			assert.Equal(t, http.StatusOK, recorder.Code)
			assert.Equal(t, response{Accepted: 2}, responseOf(t, recorder))
			assert.Equal(t, tt.want, [3]int{len(r.logs.got), len(r.traces.got), len(r.metrics.got)})
		})
	}
}

func TestOnePipelineRefuses(t *testing.T) {
	permanent := consumererror.NewPermanent(errors.New("invalid"))
	for _, tt := range []struct {
		name   string
		refuse func(*rig)
		status int
		want   [3]int // what logs, traces, metrics took
	}{
		{"logs for now", func(r *rig) { r.logs.err = errBusy }, 503, [3]int{0, 0, 0}},
		{"traces for now", func(r *rig) { r.traces.err = errBusy }, 503, [3]int{1, 0, 0}},
		{"metrics for now", func(r *rig) { r.metrics.err = errBusy }, 503, [3]int{1, 1, 0}},
		{"logs permanently", func(r *rig) { r.logs.err = permanent }, 500, [3]int{0, 1, 1}},
		{"logs permanently and metrics for now", func(r *rig) { r.logs.err, r.metrics.err = permanent, errBusy }, 503, [3]int{0, 1, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			tt.refuse(r)
			recorder := r.post(eventsPath, everything)
			assert.Equal(t, tt.status, recorder.Code)
			assert.Equal(t, 0, responseOf(t, recorder).Accepted)
			assert.Equal(t, tt.want, [3]int{len(r.logs.got), len(r.traces.got), len(r.metrics.got)})
		})
	}
}

// points lists what arrived: name, labels and value of every point, in order.
func points(got []pmetric.Metrics) []string {
	var list []string
	for _, md := range got {
		for _, rm := range md.ResourceMetrics().All() {
			for _, m := range rm.ScopeMetrics().At(0).Metrics().All() {
				switch m.Type() {
				case pmetric.MetricTypeSum:
					for _, p := range m.Sum().DataPoints().All() {
						list = append(list, fmt.Sprintf("%s%v %d", m.Name(), p.Attributes().AsRaw(), p.IntValue()))
					}
				case pmetric.MetricTypeGauge:
					for _, p := range m.Gauge().DataPoints().All() {
						list = append(list, fmt.Sprintf("%s%v %g", m.Name(), p.Attributes().AsRaw(), p.DoubleValue()))
					}
				case pmetric.MetricTypeHistogram:
					for _, p := range m.Histogram().DataPoints().All() {
						list = append(list, fmt.Sprintf("%s%v %d %g", m.Name(), p.Attributes().AsRaw(), p.Count(), p.Sum()))
					}
				}
			}
		}
	}
	return list
}

func TestCountersAreCumulative(t *testing.T) {
	r := newRig(t)
	for range 3 {
		require.Equal(t, http.StatusOK, r.post(eventsPath, cacheHit+"\n"+cacheHit).Code)
	}
	require.Equal(t, http.StatusOK, r.post(eventsPath, `{"cache_type":"kv","hit":true}`).Code)
	assert.Equal(t, []string{
		"arc_cache_hits_total[cache_type:llm] 2",
		"arc_cache_hits_total[cache_type:llm] 4",
		"arc_cache_hits_total[cache_type:llm] 6",
		"arc_cache_hits_total[cache_type:kv] 1",
	}, replaceMap(points(r.metrics.got)))
}

func replaceMap(list []string) []string {
	for i := range list {
		list[i] = strings.Replace(list[i], "map[", "[", 1)
	}
	return list
}

func TestRefusedMetricsCountOnceWhenSentAgain(t *testing.T) {
	r := newRig(t)
	require.Equal(t, http.StatusOK, r.post(eventsPath, cacheHit).Code)
	r.metrics.err = errBusy
	for range 3 {
		require.Equal(t, http.StatusServiceUnavailable, r.post(eventsPath, cacheHit).Code)
	}
	r.metrics.err = nil
	require.Equal(t, http.StatusOK, r.post(eventsPath, cacheHit).Code)
	assert.Equal(t, []string{
		"arc_cache_hits_total[cache_type:llm] 1",
		"arc_cache_hits_total[cache_type:llm] 2",
	}, replaceMap(points(r.metrics.got)))
}

func TestServicesAreCountedSeparately(t *testing.T) {
	r := newRig(t)
	r.post(eventsPath, `{"cache_type":"llm","hit":true,"service":"a"}`+"\n"+`{"cache_type":"llm","hit":true,"service":"b","environment":"dev"}`)
	require.Len(t, r.metrics.got, 1)
	var services []map[string]any
	for _, rm := range r.metrics.got[0].ResourceMetrics().All() {
		services = append(services, rm.Resource().Attributes().AsRaw())
	}
	assert.Equal(t, []map[string]any{{"service.name": "a"}, {"service.name": "b"}}, services)
}

// TestValuesNeverFall has many requests at once count in one series, before a
// pipeline that refuses now and then.
func TestValuesNeverFall(t *testing.T) {
	const senders, each = 8, 50
	r := newRig(t)
	var mu sync.Mutex
	var latest, calls int64
	var latestTime time.Time
	var err error
	r.nextMetrics, err = consumer.NewMetrics(func(_ context.Context, md pmetric.Metrics) error {
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls%7 == 0 {
			return errBusy
		}
		point := md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Sum().DataPoints().At(0)
		assert.Equal(t, latest+1, point.IntValue())
		assert.False(t, point.Timestamp().AsTime().Before(latestTime))
		latest, latestTime = point.IntValue(), point.Timestamp().AsTime()
		return nil
	})
	require.NoError(t, err)
	r.nextLogs = nil

	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for range each {
				for status := 0; status != http.StatusOK; {
					status = r.post(eventsPath, cacheHit).Code
				}
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, senders*each, latest)
}

// With an instance the metrics are deltas, each later than the one before, under its name.
func TestDeltasOfAnInstance(t *testing.T) {
	r := newRig(t)
	r.instance, r.counts.deltas = "agent-1", true
	for range 3 {
		require.Equal(t, http.StatusOK, r.post(eventsPath, cacheHit).Code)
	}
	var last pcommon.Timestamp
	for _, md := range r.metrics.got {
		rm := md.ResourceMetrics().At(0)
		assert.Equal(t, "agent-1", rm.Resource().Attributes().AsRaw()["service.instance.id"])
		sum := rm.ScopeMetrics().At(0).Metrics().At(0).Sum()
		assert.Equal(t, pmetric.AggregationTemporalityDelta, sum.AggregationTemporality())
		point := sum.DataPoints().At(0)
		assert.EqualValues(t, 1, point.IntValue())
		assert.Greater(t, point.Timestamp(), last)
		if last != 0 {
			assert.Equal(t, last, point.StartTimestamp())
		}
		last = point.Timestamp()
	}
	name, err := instanceOf(&Config{InstanceID: "auto"})
	require.NoError(t, err)
	assert.NotEmpty(t, name)
}

func TestTimesNeverFall(t *testing.T) {
	r := newRig(t)
	require.Equal(t, http.StatusOK, r.post(eventsPath, cacheHit).Code)
	r.now = func() time.Time { return testTime.Add(-time.Minute) } // the clock is set back
	require.Equal(t, http.StatusOK, r.post(eventsPath, cacheHit).Code)
	for _, md := range r.metrics.got {
		point := md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Sum().DataPoints().At(0)
		assert.Equal(t, testTime, point.Timestamp().AsTime())
		assert.Equal(t, testTime.Add(-time.Hour), point.StartTimestamp().AsTime())
	}
}

func TestWaitingForATurnEndsWithTheSender(t *testing.T) {
	r := newRig(t)
	r.counts.turn <- struct{}{} // another request has its turn
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	request := httptest.NewRequest(http.MethodPost, "http://localhost:8123"+eventsPath, strings.NewReader(cacheHit)).WithContext(ctx)
	recorder := httptest.NewRecorder()
	r.routes().ServeHTTP(recorder, request)
	assert.Equal(t, http.StatusServiceUnavailable, recorder.Code)
}

func TestSeriesAreBounded(t *testing.T) {
	set, tel := telemetrySettings(t)
	r := newRigWith(t, set, func(cfg *Config) { cfg.MaxSeries = 2 })
	require.NoError(t, r.telemetry.observeSeries(r.counts.len))
	for _, endpoint := range []string{"/a", "/b", "/c", "/d", "/a"} {
		body := fmt.Sprintf(`{"method":"GET","endpoint":%q,"status":200,"duration":1}`, endpoint)
		require.Equal(t, http.StatusOK, r.post(eventsPath, body).Code)
	}
	var totals []string
	for _, point := range replaceMap(points(r.metrics.got)) {
		if strings.HasPrefix(point, "arc_requests_total") {
			totals = append(totals, point)
		}
	}
	assert.Equal(t, []string{
		"arc_requests_total[endpoint:/a method:GET status:200] 1",
		"arc_requests_total[endpoint:/b method:GET status:200] 1",
		"arc_requests_total[otel.metric.overflow:true] 1",
		"arc_requests_total[otel.metric.overflow:true] 2",
		"arc_requests_total[endpoint:/a method:GET status:200] 2",
	}, totals)
	metadatatest.AssertEqualArcReceiverSeries(t, tel,
		[]metricdata.DataPoint[int64]{{Value: 6}}, metricdatatest.IgnoreTimestamp())
	metadatatest.AssertEqualArcReceiverSeriesOverflow(t, tel,
		[]metricdata.DataPoint[int64]{{Value: 4}}, metricdatatest.IgnoreTimestamp())
}

func TestTelemetry(t *testing.T) {
	set, tel := telemetrySettings(t)
	r := newRigWith(t, set)
	r.post(eventsPath, logLine+"\n"+logLine+"\nx\n{}\n"+`{"model":"m","prompt_tokens":-1}`)
	r.post(eventsPath, "x")
	r.logs.err = errBusy
	r.post(eventsPath, cacheHit)
	r.logs.err = consumererror.NewPermanent(errBusy)
	r.post(eventsPath, logLine)
	r.logs.err = nil
	for range 3 {
		r.post(eventsPath, named) // is recognized by its id
	}
	for range 2 {
		r.post(eventsPath, cacheHit+"\n"+named, keyHeader, "k")
	}

	events := func(kind, outcome string, n int64) metricdata.DataPoint[int64] {
		return metricdata.DataPoint[int64]{Value: n, Attributes: attribute.NewSet(
			attribute.String("kind", kind), attribute.String("outcome", outcome))}
	}
	metadatatest.AssertEqualArcReceiverEvents(t, tel, []metricdata.DataPoint[int64]{
		events("log", "accepted", 2), events("cache", "refused", 1), events("log", "failed", 1),
		events("llm_call", "accepted", 1), events("llm_call", "repeated", 2+2), events("cache", "accepted", 1), events("cache", "repeated", 1),
	}, metricdatatest.IgnoreTimestamp())
	rejected := func(reason string, n int64) metricdata.DataPoint[int64] {
		return metricdata.DataPoint[int64]{Value: n, Attributes: attribute.NewSet(attribute.String("reason", reason))}
	}
	metadatatest.AssertEqualArcReceiverEventsRejected(t, tel, []metricdata.DataPoint[int64]{
		rejected("syntax", 2), rejected("unknown_kind", 1), rejected("invalid_field", 1),
	}, metricdatatest.IgnoreTimestamp())

	got, err := tel.GetMetric("otelcol_receiver_accepted_log_records")
	require.NoError(t, err)
	assert.EqualValues(t, 2+2, got.Data.(metricdata.Sum[int64]).DataPoints[0].Value)
}

func TestSeriesThatRestAreForgotten(t *testing.T) {
	r := newRig(t, func(cfg *Config) { cfg.MaxSeries, cfg.SeriesExpiration = 1, time.Hour })
	now := testTime
	r.now = func() time.Time { return now }
	for _, cache := range []string{"a", "b"} {
		r.post(eventsPath, `{"cache_type":"`+cache+`","hit":true}`)
	}
	now = now.Add(2 * time.Hour)
	r.post(eventsPath, `{"cache_type":"b","hit":true}`)
	assert.Equal(t, []string{
		"arc_cache_hits_total[cache_type:a] 1",
		"arc_cache_hits_total[otel.metric.overflow:true] 1",
		"arc_cache_hits_total[cache_type:b] 1",
	}, replaceMap(points(r.metrics.got)))
	point := r.metrics.got[2].ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Sum().DataPoints().At(0)
	assert.Equal(t, now, point.StartTimestamp().AsTime(), "a new start, as Prometheus expects")
}
