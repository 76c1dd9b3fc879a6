// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
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

// After a restart each alert may be about any series: to compare each with each would be 9
// billion comparisons here, which takes minutes where this takes a second.
func TestCoverageOfManyAlerts(t *testing.T) {
	falseclock.Long(t)
	const n = 50_000
	series := make(promql.Vector, n)
	for i := range series {
		series[i].Metric = labels.FromStrings(model.MetricNameLabel, "storm", "id", strconv.Itoa(i), "job", "a")
	}
	isCovered := newCoverageQuery(nil, labels.FromStrings("severity", "page")).matching(series)
	deadline := time.Now().Add(time.Minute)
	for i := range 4 * n {
		alert := map[string]string{"alertname": "Storm", "severity": "page", "id": strconv.Itoa(i)}
		require.Equal(t, i < n, isCovered(alert), "%d", i)
		if i%100 == 0 {
			require.True(t, time.Now().Before(deadline), "%d alerts after a minute", i)
		}
	}
}
