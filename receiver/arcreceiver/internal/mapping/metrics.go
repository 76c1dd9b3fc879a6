// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"maps"
	"slices"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	semconv "go.opentelemetry.io/otel/semconv/v1.38.0"

	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/event"
	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/metricstore"
)

// attrOverflow marks the series of all those beyond the limit, as the
// metrics SDKs of OpenTelemetry do.
const attrOverflow = "otel.metric.overflow"

// The metrics have the names, labels and bounds that Arc's own Prometheus page
// has. Where Arc names no bounds they are prometheus_client's defaults.
var (
	requests = &metricstore.Metric{
		Name: "arc_requests_total", Description: "Total requests", Unit: "{request}",
	}
	requestDuration = &metricstore.Metric{
		Name: "arc_request_duration_seconds", Description: "Request duration", Unit: "s",
		Type: metricstore.Histogram, Bounds: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}
	activeRequests = &metricstore.Metric{
		Name: "arc_active_requests", Description: "Active requests", Unit: "{request}", Type: metricstore.Gauge,
	}
	agentExecutions = &metricstore.Metric{
		Name: "arc_agent_executions_total", Description: "Total agent executions", Unit: "{execution}",
	}
	agentDuration = &metricstore.Metric{
		Name: "arc_agent_duration_seconds", Description: "Agent execution duration", Unit: "s",
		Type: metricstore.Histogram, Bounds: []float64{.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10},
	}
	cacheHits = &metricstore.Metric{
		Name: "arc_cache_hits_total", Description: "Cache hits", Unit: "{hit}",
	}
	cacheMisses = &metricstore.Metric{
		Name: "arc_cache_misses_total", Description: "Cache misses", Unit: "{miss}",
	}
	cacheSize = &metricstore.Metric{
		Name: "arc_cache_size_bytes", Description: "Cache size in bytes", Unit: "By", Type: metricstore.Gauge,
	}
	activeAgents = &metricstore.Metric{
		Name: "arc_active_agents", Description: "Number of active agents", Unit: "{agent}", Type: metricstore.Gauge,
	}
	memoryUsage = &metricstore.Metric{
		Name: "arc_memory_usage_bytes", Description: "Memory usage in bytes", Unit: "By", Type: metricstore.Gauge,
	}
	appInfo = &metricstore.Metric{
		Name: "arc_app_info", Description: "Application information", Type: metricstore.Gauge,
	}
)

// appendChanges appends what an event changes. LLM calls are counted by the
// llm_cost processor, whatever way they came.
func appendChanges(changes []metricstore.Change, e *event.Event) []metricstore.Change {
	change := func(m *metricstore.Metric, value float64, labels ...metricstore.Label) {
		changes = append(changes, metricstore.Change{Metric: m, Service: e.Resource.Service, Labels: labels, Value: value})
	}
	set := func(m *metricstore.Metric, value event.Measure, labels ...metricstore.Label) {
		if value.Known {
			change(m, value.Value, labels...)
		}
	}
	switch d := e.Detail.(type) {
	case *event.Request:
		method, endpoint := metricstore.Label{Name: "method", Value: d.Method}, metricstore.Label{Name: "endpoint", Value: d.Endpoint}
		status := metricstore.Label{Name: "status", Value: strconv.FormatInt(d.Status, 10)}
		change(requests, 1, method, endpoint, status)
		change(requestDuration, d.Duration.Seconds, method, endpoint)
		set(activeRequests, d.Active)
	case *event.AgentRun:
		agent := metricstore.Label{Name: "agent_name", Value: d.Agent}
		change(agentExecutions, 1, agent, metricstore.Label{Name: "status", Value: string(d.Outcome)})
		change(agentDuration, d.Duration.Seconds, agent)
	case *event.Cache:
		cache := metricstore.Label{Name: "cache_type", Value: d.Type}
		if d.Hit {
			change(cacheHits, 1, cache)
		} else {
			change(cacheMisses, 1, cache)
		}
		set(cacheSize, d.Size, cache)
	case *event.Gauge:
		set(activeAgents, d.ActiveAgents)
		set(activeRequests, d.ActiveRequests)
		set(memoryUsage, d.MemoryUsage)
	case *event.AppInfo:
		labels := make([]metricstore.Label, 0, len(d.Labels))
		for _, name := range slices.Sorted(maps.Keys(d.Labels)) {
			labels = append(labels, metricstore.Label{Name: name, Value: d.Labels[name]})
		}
		change(appInfo, 1, labels...)
	}
	return changes
}

// Metrics writes series as metrics: cumulative, as they were at now, or with an
// instance how much they grew until now. Their resource is the service and the instance
// alone, because that is the identity in which they are counted.
func Metrics(series []metricstore.Series, scope Scope, instance string, now pcommon.Timestamp) pmetric.Metrics {
	w := metricWriter{
		metrics:  pmetric.NewMetrics(),
		scope:    scope,
		instance: instance,
		now:      now,
		services: map[string]pmetric.MetricSlice{},
		written:  map[metricID]pmetric.Metric{},
	}
	for _, s := range series {
		w.write(s)
	}
	return w.metrics
}

type metricID struct {
	service string
	metric  *metricstore.Metric
}

type metricWriter struct {
	metrics  pmetric.Metrics
	scope    Scope
	instance string
	now      pcommon.Timestamp
	services map[string]pmetric.MetricSlice
	written  map[metricID]pmetric.Metric
}

func (w *metricWriter) write(s metricstore.Series) {
	metric := w.metric(s)
	switch s.Metric.Type {
	case metricstore.Counter:
		point := metric.Sum().DataPoints().AppendEmpty()
		point.SetStartTimestamp(pcommon.NewTimestampFromTime(s.Start))
		point.SetTimestamp(w.now)
		point.SetIntValue(int64(s.Value))
		putLabels(point.Attributes(), s)
	case metricstore.Gauge:
		point := metric.Gauge().DataPoints().AppendEmpty()
		point.SetTimestamp(w.now)
		point.SetDoubleValue(s.Value)
		putLabels(point.Attributes(), s)
	case metricstore.Histogram:
		point := metric.Histogram().DataPoints().AppendEmpty()
		point.SetStartTimestamp(pcommon.NewTimestampFromTime(s.Start))
		point.SetTimestamp(w.now)
		point.SetCount(s.Count)
		point.SetSum(s.Value)
		point.ExplicitBounds().FromRaw(s.Metric.Bounds)
		point.BucketCounts().FromRaw(s.Buckets)
		putLabels(point.Attributes(), s)
	}
}

func (w *metricWriter) metric(s metricstore.Series) pmetric.Metric {
	id := metricID{s.Service, s.Metric}
	if metric, ok := w.written[id]; ok {
		return metric
	}
	metric := w.service(s.Service).AppendEmpty()
	metric.SetName(s.Metric.Name)
	metric.SetDescription(s.Metric.Description)
	metric.SetUnit(s.Metric.Unit)
	switch s.Metric.Type {
	case metricstore.Counter:
		sum := metric.SetEmptySum()
		sum.SetIsMonotonic(true)
		sum.SetAggregationTemporality(w.temporality())
	case metricstore.Gauge:
		metric.SetEmptyGauge()
	case metricstore.Histogram:
		metric.SetEmptyHistogram().SetAggregationTemporality(w.temporality())
	}
	w.written[id] = metric
	return metric
}

func (w *metricWriter) temporality() pmetric.AggregationTemporality {
	if w.instance != "" {
		return pmetric.AggregationTemporalityDelta
	}
	return pmetric.AggregationTemporalityCumulative
}

func (w *metricWriter) service(name string) pmetric.MetricSlice {
	metrics, ok := w.services[name]
	if !ok {
		rm := w.metrics.ResourceMetrics().AppendEmpty()
		rm.SetSchemaUrl(semconv.SchemaURL)
		putResource(rm.Resource(), &event.Resource{Service: name})
		if w.instance != "" {
			rm.Resource().Attributes().PutStr(string(semconv.ServiceInstanceIDKey), w.instance)
		}
		sm := rm.ScopeMetrics().AppendEmpty()
		w.scope.put(sm.Scope())
		metrics = sm.Metrics()
		w.services[name] = metrics
	}
	return metrics
}

func putLabels(to pcommon.Map, s metricstore.Series) {
	if s.Overflow {
		to.PutBool(attrOverflow, true)
		return
	}
	for _, label := range s.Labels {
		to.PutStr(label.Name, label.Value)
	}
}
