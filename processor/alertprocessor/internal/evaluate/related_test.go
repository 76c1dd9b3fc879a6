// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/assert"
)

// isRelated is the definition: no label that both have has another value, but for those that the
// rule sets.
func isRelated(series labels.Labels, alert map[string]string, own labels.Labels) bool {
	related := true
	series.Range(func(l labels.Label) {
		if value, ok := alert[l.Name]; ok && value != l.Value && l.Name != model.MetricNameLabel && !own.Has(l.Name) {
			related = false
		}
	})
	return related
}

// randomLabels has some of a few names, with a few values.
func randomLabels(random *rand.Rand) map[string]string {
	set := map[string]string{}
	for _, name := range []string{model.MetricNameLabel, "a", "ab", "b", "severity", "c"} {
		if random.IntN(2) == 0 {
			set[name] = strconv.Itoa(random.IntN(3))
		}
	}
	return set
}

func TestRelatedSeriesAreThoseWithoutOtherValues(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		own := labels.FromStrings("severity", "1")
		if random.IntN(2) == 0 {
			own = labels.EmptyLabels()
		}
		related := newRelatedSeries(own)
		series := make([]labels.Labels, random.IntN(20))
		for i := range series {
			series[i] = labels.FromMap(randomLabels(random))
			related.add(i, series[i])
		}
		for range 20 {
			alert := randomLabels(random)
			var want []int
			for i := range series {
				if isRelated(series[i], alert, own) {
					want = append(want, i)
				}
			}
			assert.Equal(t, want, slices.Sorted(related.of(alert)), "%v %v", series, alert)
			assert.Equal(t, len(want) > 0, related.any(alert))
		}
	}
}
