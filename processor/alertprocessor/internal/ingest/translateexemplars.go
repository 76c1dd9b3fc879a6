// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"unicode/utf8"

	"github.com/prometheus/otlptranslator"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// maxExemplarLabels is how long the labels of an exemplar may be, in
// characters, by the OpenMetrics specification. Beyond it, Prometheus keeps
// those of the trace alone.
const maxExemplarLabels = 128

// exemplarsIn are the exemplars of a data point as Prometheus translates them.
// One without a value is left out.
func exemplarsIn(all pmetric.ExemplarSlice) []exemplar.Exemplar {
	if all.Len() == 0 {
		return nil
	}
	out := make([]exemplar.Exemplar, 0, all.Len())
	for _, e := range all.All() {
		at := millis(e.Timestamp())
		own := exemplar.Exemplar{Labels: exemplarLabels(e), Ts: at, HasTs: at != 0}
		switch e.ValueType() {
		case pmetric.ExemplarValueTypeInt:
			own.Value = float64(e.IntValue())
		case pmetric.ExemplarValueTypeDouble:
			own.Value = e.DoubleValue()
		default:
			continue
		}
		out = append(out, own)
	}
	return out
}

func exemplarLabels(e pmetric.Exemplar) labels.Labels {
	builder := labels.NewScratchBuilder(2 + e.FilteredAttributes().Len())
	length := 0
	add := func(name, value string) {
		length += utf8.RuneCountInString(name) + utf8.RuneCountInString(value)
		builder.Add(name, value)
	}
	ofTrace := func() {
		if id := e.TraceID(); !id.IsEmpty() {
			add(otlptranslator.ExemplarTraceIDKey, id.String())
		}
		if id := e.SpanID(); !id.IsEmpty() {
			add(otlptranslator.ExemplarSpanIDKey, id.String())
		}
	}
	ofTrace()
	for key, value := range e.FilteredAttributes().All() {
		add(key, value.AsString())
	}
	if length > maxExemplarLabels {
		builder.Reset()
		ofTrace()
	}
	builder.Sort()
	return builder.Labels()
}
