// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// Source is what the points of a resource have in common.
type Source struct {
	// Collector is set when they are a Collector's own metrics, of a scrape in the configuration.
	Collector bool
	// Billing is set for what the receiver llm_billing of this Collector emits.
	Billing bool
	// Job and Instance are set when the resource becomes these labels in the exposition.
	Job, Instance bool
}

// meaning are the labels of a point that the exposition gives a meaning of their own.
type meaning struct {
	Source
	kind pmetric.MetricType
}

// reserves reports whether an attribute cannot be a label of this name. It becomes
// exported_NAME then, as Prometheus names labels of a target that collide with its own.
func (m meaning) reserves(label string) bool {
	switch label {
	case "job":
		return m.Job
	case "instance":
		return m.Instance
	case "le":
		return m.kind == pmetric.MetricTypeHistogram || m.kind == pmetric.MetricTypeExponentialHistogram
	case "quantile":
		return m.kind == pmetric.MetricTypeSummary
	}
	return strings.HasPrefix(label, "__")
}

// labelOf is the label that an attribute becomes in the exposition; empty when it
// cannot be one.
func labelOf(key string) string {
	namer := otlptranslator.LabelNamer{PreserveMultipleUnderscores: true}
	label, err := namer.Build(key)
	if err != nil {
		return ""
	}
	return label
}

// repairLabels makes each attribute of a point one label of its own.
func (m meaning) repairLabels(attributes pcommon.Map, found *Findings) {
	if !m.needsRepair(attributes) {
		return
	}
	type pair struct{ key, value string }
	byLabel := map[string][]pair{}
	for key, value := range attributes.All() {
		label := labelOf(strings.ToValidUTF8(key, "_"))
		if label == "" {
			found.repair(RemovedLabel)
			continue
		}
		if m.reserves(label) {
			label = "exported_" + strings.TrimLeft(label, "_")
			found.repair(RenamedLabel)
		}
		text := value.AsString()
		if !utf8.ValidString(key) || !utf8.ValidString(text) {
			text = strings.ToValidUTF8(text, "\uFFFD")
			found.repair(InvalidUTF8)
		}
		byLabel[label] = append(byLabel[label], pair{key, text})
	}
	attributes.Clear()
	for label, pairs := range byLabel {
		if len(pairs) > 1 {
			found.repair(MergedLabels)
		}
		// The OpenTelemetry specification joins the values of attributes that are
		// one label with ";", in the order of their keys (Prometheus and
		// OpenMetrics Compatibility, "Metric Attributes").
		slices.SortFunc(pairs, func(a, b pair) int { return strings.Compare(a.key, b.key) })
		values := make([]string, len(pairs))
		for i, p := range pairs {
			values[i] = p.value
		}
		attributes.PutStr(label, strings.Join(values, ";"))
	}
}

// needsRepair reports whether an attribute cannot be a label as it is. Most
// points need none, and are not copied.
func (m meaning) needsRepair(attributes pcommon.Map) bool {
	labels := make(map[string]struct{}, attributes.Len())
	for key, value := range attributes.All() {
		label := labelOf(key)
		if _, taken := labels[label]; taken || label == "" || m.reserves(label) || !utf8.ValidString(key) {
			return true
		}
		if value.Type() != pcommon.ValueTypeInt && value.Type() != pcommon.ValueTypeDouble && value.Type() != pcommon.ValueTypeBool &&
			!utf8.ValidString(value.AsString()) {
			return true
		}
		labels[label] = struct{}{}
	}
	return false
}
