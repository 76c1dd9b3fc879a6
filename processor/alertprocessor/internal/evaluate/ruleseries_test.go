// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"fmt"
	"math"
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/ingest"
)

// A point that ends a series is the only one of its metric, and what is written
// before and after it stays before and after.
func TestEndOfASeriesStandsAlone(t *testing.T) {
	number := func(name, host string, value float64) Sample {
		return Sample{series: labels.FromStrings("__name__", name, "host", host), millis: 1, value: value}
	}
	native := func(host string, sum float64) Sample {
		return Sample{series: labels.FromStrings("__name__", "h", "host", host), millis: 1, histogram: &histogram.FloatHistogram{Sum: sum}}
	}
	md := ToMetrics(
		[]Sample{number("a", "1", 1), number("a", "2", 1), number("b", "1", 1), native("1", 1), native("2", 1)},
		[]Sample{number("a", "1", ingest.Staleness), number("a", "2", ingest.Staleness), native("1", ingest.Staleness)},
		[]Sample{number("a", "1", 2), number("a", "3", 2), number("b", "1", 2), native("2", 2)},
	)
	var got []string
	for _, m := range md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		line := m.Name() + ":"
		add := func(host string, flags pmetric.DataPointFlags, value float64) {
			if flags.NoRecordedValue() {
				assert.True(t, math.IsNaN(value) || value == 0)
				line += " " + host + " ends"
			} else {
				line += fmt.Sprint(" ", host, "=", value)
			}
		}
		if m.Type() == pmetric.MetricTypeGauge {
			for _, p := range m.Gauge().DataPoints().All() {
				host, _ := p.Attributes().Get("host")
				add(host.Str(), p.Flags(), p.DoubleValue())
			}
		} else {
			for _, p := range m.ExponentialHistogram().DataPoints().All() {
				host, _ := p.Attributes().Get("host")
				add(host.Str(), p.Flags(), p.Sum())
			}
		}
		got = append(got, line)
	}
	assert.Equal(t, []string{
		"a: 1=1 2=1", "b: 1=1 1=2", "h: 1=1 2=1",
		"a: 1 ends", "a: 2 ends", "h: 1 ends",
		"a: 1=2 3=2", "h: 2=2",
	}, got)
}
