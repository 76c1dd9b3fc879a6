// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ruletest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
)

// promQL parses expressions as Prometheus does without feature flags.
var promQL = parser.NewParser(parser.Options{})

// firing is an alert that fires, or should.
type firing struct{ labels, annotations labels.Labels }

func (a firing) compare(b firing) int {
	return cmp.Or(labels.Compare(a.labels, b.labels), labels.Compare(a.annotations, b.annotations))
}

func (a firing) String() string {
	return fmt.Sprintf("%v with annotations %v", a.labels, a.annotations)
}

// checkAlerts compares the alerts of one name that fire now with those expected.
func (s *testRun) checkAlerts(t alertTest) error {
	var want, got []firing
	for _, alert := range t.Alerts {
		builder := labels.NewBuilder(labels.FromMap(alert.Labels)).Set(labels.AlertName, t.Alertname)
		want = append(want, firing{labels: builder.Labels(), annotations: labels.FromMap(alert.Annotations)})
	}
	for _, rule := range s.alertingRules(t.Alertname) {
		for _, alert := range rule.ActiveAlerts() {
			if alert.State == rules.StateFiring {
				got = append(got, firing{labels: alert.Labels, annotations: alert.Annotations})
			}
		}
	}
	slices.SortFunc(want, firing.compare)
	slices.SortFunc(got, firing.compare)
	if slices.EqualFunc(want, got, func(a, b firing) bool { return a.compare(b) == 0 }) {
		return nil
	}
	return mismatch(want, got)
}

// sample is one of the samples that an expression yields, or should.
type sample struct {
	labels    labels.Labels
	value     float64
	histogram string // in promqltest's notation; "" for a float
}

func (s sample) String() string {
	if s.histogram != "" {
		return fmt.Sprintf("%v %s", s.labels, s.histogram)
	}
	return fmt.Sprintf("%v %s", s.labels, strconv.FormatFloat(s.value, 'g', -1, 64))
}

// checkExpr compares what an expression yields with what is expected.
func (s *testRun) checkExpr(ctx context.Context, t promQLTest) error {
	got, err := s.query(ctx, t.Expr, s.start.Add(time.Duration(t.EvalTime)))
	if err != nil {
		return err
	}
	var want []sample
	for _, expected := range t.Samples {
		parsed, err := expected.parse()
		if err != nil {
			return fmt.Errorf("exp_samples: %q: %w", expected.Labels, err)
		}
		want = append(want, parsed)
	}
	byLabels := func(a, b sample) int { return labels.Compare(a.labels, b.labels) }
	slices.SortStableFunc(want, byLabels)
	slices.SortStableFunc(got, byLabels)
	if slices.EqualFunc(want, got, s.sameSample) {
		return nil
	}
	return mismatch(want, got)
}

// sameSample follows promtool, for which a NaN is equal to nothing.
func (s *testRun) sameSample(a, b sample) bool {
	same := a.value == b.value
	if s.fuzzy {
		same = same || math.Nextafter(a.value, math.Inf(-1)) == b.value || math.Nextafter(a.value, math.Inf(1)) == b.value
	}
	return same && a.histogram == b.histogram && labels.Equal(a.labels, b.labels)
}

func (e *expectedSample) parse() (sample, error) {
	metric, err := promQL.ParseMetric(e.Labels)
	if err != nil {
		return sample{}, err
	}
	out := sample{labels: metric, value: e.Value}
	if e.Histogram == "" {
		return out, nil
	}
	h, err := parseHistogram(e.Histogram)
	if err != nil {
		return sample{}, fmt.Errorf("histogram %q: %w", e.Histogram, err)
	}
	out.histogram = promqltest.HistogramTestExpression(h)
	return out, nil
}

func parseHistogram(notation string) (*histogram.FloatHistogram, error) {
	_, values, err := promQL.ParseSeriesDesc("{} " + notation)
	switch {
	case err != nil:
		return nil, err
	case len(values) != 1 || values[0].Histogram == nil:
		return nil, errors.New("is not one histogram")
	default:
		return values[0].Histogram, nil
	}
}

var errNotVector = errors.New("the result is neither a vector nor a scalar")

// query evaluates an expression on what has been loaded and recorded.
func (s *testRun) query(ctx context.Context, expr string, at time.Time) ([]sample, error) {
	query, err := s.QueryEngine().NewInstantQuery(ctx, s.Queryable(), nil, expr, at)
	if err != nil {
		return nil, err
	}
	defer query.Close()
	result := query.Exec(ctx)
	if result.Err != nil {
		return nil, result.Err
	}
	switch v := result.Value.(type) {
	case promql.Scalar:
		return []sample{{value: v.V}}, nil
	case promql.Vector:
		var out []sample
		for _, point := range v {
			// Labels are copied, because Close takes the memory of the result back.
			out = append(out, sample{labels: point.Metric.Copy(), value: point.F, histogram: promqltest.HistogramTestExpression(point.H)})
		}
		return out, nil
	default:
		return nil, errNotVector
	}
}

// mismatch shows the expected and the actual result.
func mismatch[T fmt.Stringer](want, got []T) error {
	return fmt.Errorf("\n    expected: %s\n    got:      %s", list(want), list(got))
}

func list[T fmt.Stringer](items []T) string {
	if len(items) == 0 {
		return "nothing"
	}
	var lines []string
	for _, item := range items {
		lines = append(lines, item.String())
	}
	return strings.Join(lines, "\n              ")
}
