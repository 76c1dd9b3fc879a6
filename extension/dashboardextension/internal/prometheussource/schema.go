// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package prometheussource

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// Metrics of llm_cost, and their labels.
const (
	metricCalls   = "arc_llm_usage_calls"
	metricCost    = "arc_llm_usage_cost_dollars"
	metricUsage   = "arc_llm_usage"
	metricStart   = "arc_llm_usage_start_timestamp_seconds"
	metricFailed  = "arc_llm_calls_total"
	metricBuckets = "arc_llm_duration_seconds_bucket"
	metricSeconds = "arc_llm_duration_seconds_sum"
	metricTimed   = "arc_llm_duration_seconds_count"

	labelKind     = "kind"
	labelUnit     = "unit"
	labelStatus   = "status"
	labelLE       = "le"
	labelOverflow = "otel_metric_overflow"
	exported      = "exported_"
)

// figure is what a counter counts.
type figure int

// The figures; kinds of usage and buckets of durations follow them.
const (
	figureCalls figure = iota
	figureCost
	figureErrors
	figureTimeouts
	figureTimed
	figureSeconds
	figureBucket0
)

var figureKind0 = figureBucket0 + figure(len(dashboard.DurationBounds)) + 1

// family is a metric that is read, and how its series are distinguished.
type family struct {
	metric, matchers string
	// byModel: its series have the model alone, and no dimensions.
	byModel bool
	label   string // besides the others: "" for none
	figure  func(labels model.Metric) (figure, bool)
}

func always(f figure) func(model.Metric) (figure, bool) {
	return func(model.Metric) (figure, bool) { return f, true }
}

// families are all metrics that rows are made of. The first one has a series for each other.
var families = []family{
	{metric: metricCalls, figure: always(figureCalls)},
	{metric: metricCost, figure: always(figureCost)},
	{metric: metricUsage, label: labelKind, figure: func(labels model.Metric) (figure, bool) {
		kind, known := usage.Named(string(labels[labelKind]))
		return figureKind0 + figure(kind), known
	}},
	{metric: metricFailed, matchers: `status!="success"`, byModel: true, label: labelStatus, figure: func(labels model.Metric) (figure, bool) {
		if labels[labelStatus] == "timeout" {
			return figureTimeouts, true
		}
		return figureErrors, true
	}},
	{metric: metricTimed, byModel: true, figure: always(figureTimed)},
	{metric: metricSeconds, byModel: true, figure: always(figureSeconds)},
	{metric: metricBuckets, byModel: true, label: labelLE, figure: func(labels model.Metric) (figure, bool) {
		bound, err := strconv.ParseFloat(string(labels[labelLE]), 64)
		at := slices.Index(dashboard.DurationBounds, bound)
		if math.IsInf(bound, 1) {
			at = len(dashboard.DurationBounds)
		}
		return figureBucket0 + figure(at), err == nil && at >= 0
	}},
}

// selector selects the series of a family, of one collector or of all.
func (f *family) selector(of *identity, window string) string {
	matchers := []string{}
	if f.matchers != "" {
		matchers = append(matchers, f.matchers)
	}
	if of != nil {
		matchers = append(matchers, of.matchers...)
	}
	return f.metric + "{" + strings.Join(matchers, ",") + "}[" + window + "]"
}

// group is a set of values of all dimensions. Of a family by model, values are those of model and
// collector alone.
type group struct {
	values  []string
	byModel bool
}

// identity is a collector, by its labels.
type identity struct {
	name     string   // of the dimension
	matchers []string // of its series
}

// schema is what labels mean.
type schema struct {
	dimensions      []string // model, those of the configuration, collector, provider
	labels          []string // those of the configuration
	collectorLabels []string
}

func newSchema(cfg *Config) schema {
	s := schema{dimensions: []string{dashboard.Model}, collectorLabels: cfg.CollectorLabels}
	for _, name := range cfg.Dimensions {
		s.dimensions, s.labels = append(s.dimensions, name), append(s.labels, dashboard.MetricLabel(name))
	}
	s.dimensions = append(s.dimensions, Collector, dashboard.Provider)
	return s
}

// by are the labels that the series of a family are distinguished by.
func (s *schema) by(f *family) string {
	labels := []string{dashboard.Model}
	if !f.byModel {
		labels = append(append(labels, dashboard.Provider), s.labels...)
	}
	if f.label != "" {
		labels = append(labels, f.label)
	}
	return strings.Join(append(labels, s.identityLabels()...), ", ")
}

func (s *schema) identityLabels() (labels []string) {
	for _, label := range s.collectorLabels {
		labels = append(labels, label, exported+label)
	}
	return labels
}

// identityOf is the collector of a series. Its key is the same for the same collector.
func (s *schema) identityOf(labels model.Metric) (key string, id identity) {
	var made strings.Builder
	for _, label := range s.collectorLabels {
		name, value := exported+label, labels[model.LabelName(exported+label)]
		if value == "" {
			name, value = label, labels[model.LabelName(label)]
			id.matchers = append(id.matchers, exported+label+`=""`)
		}
		id.matchers = append(id.matchers, fmt.Sprintf("%s=%q", name, string(value)))
		if value != "" {
			id.name = string(value)
		}
		fmt.Fprintf(&made, "%d:%s", len(value), value)
	}
	return made.String(), id
}

// groupOf is the group of a series. Its key is the same for the same group.
func (s *schema) groupOf(f *family, labels model.Metric, collector string) (key string, g group) {
	values := make([]string, len(s.dimensions))
	values[0], values[len(values)-2] = string(labels[dashboard.Model]), collector
	if !f.byModel {
		values[len(values)-1] = string(labels[dashboard.Provider])
		for i, label := range s.labels {
			values[i+1] = string(labels[model.LabelName(label)])
		}
	}
	var made strings.Builder
	fmt.Fprint(&made, f.byModel)
	for _, value := range values {
		fmt.Fprintf(&made, "%d:%s", len(value), value)
	}
	return made.String(), group{values, f.byModel}
}
