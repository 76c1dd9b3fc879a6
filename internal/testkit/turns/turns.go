// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package turns measures several ways to do the same alternately, so that other load of
// the machine affects all of them alike.
package turns

import (
	"testing"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
)

// Way does something n times.
type Way struct {
	Name string
	Do   func()
}

// Run measures ways that each do something n times. It reports for each the median
// time of one time, and its allocations; and of all but the first the median of the
// ratios, of the first way to it, of each turn.
func Run(b *testing.B, n int, ways ...Way) {
	b.Helper()
	took := make([]ratio.Series, len(ways))
	for b.Loop() {
		for i, way := range ways {
			began := time.Now()
			way.Do()
			took[i] = append(took[i], float64(time.Since(began))/float64(n))
		}
	}
	b.ReportMetric(0, "ns/op") // of all together
	for i, way := range ways {
		b.ReportMetric(took[i].Sample().Median(), way.Name+"-ns")
		b.ReportMetric(testing.AllocsPerRun(1, way.Do)/float64(n), way.Name+"-allocs")
		if i > 0 {
			b.ReportMetric(took[0].Over(took[i]).Median(), "of-"+way.Name)
		}
	}
}
