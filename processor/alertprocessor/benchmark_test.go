// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/rules"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/alerttest"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadata"
)

func benchmarkCore(b *testing.B, cfg *Config) *core {
	b.Helper()
	c, err := newCore(cfg, processortest.NewNopSettings(metadata.Type))
	require.NoError(b, err)
	require.NoError(b, c.Start(b.Context(), componenttest.NewNopHost()))
	b.Cleanup(func() {
		ctx := context.WithoutCancel(b.Context())
		require.NoError(b, c.Stop(ctx))
		require.NoError(b, c.Close(ctx))
	})
	return c
}

// BenchmarkWatchMetrics passes batches of 1000 samples of known series: what the
// pipeline waits for, and what it costs altogether.
func BenchmarkWatchMetrics(b *testing.B) {
	for _, written := range []bool{false, true} {
		b.Run(fmt.Sprintf("written=%t", written), func(b *testing.B) {
			c := benchmarkCore(b, testConfig(none))
			start := time.Now()
			md, points := alerttest.Counters(1000, start)
			at := start
			flush := func() { require.NoError(b, c.backend.ingest.Flush(b.Context())) }
			for b.Loop() {
				b.StopTimer()
				at = at.Add(time.Millisecond)
				for _, p := range points.All() {
					p.SetTimestamp(pcommon.NewTimestampFromTime(at))
					p.SetDoubleValue(float64(at.Sub(start)))
				}
				b.StartTimer()
				if _, err := c.watchMetrics(b.Context(), md); err != nil {
					b.Fatal(err)
				}
				if written {
					flush()
				} else {
					b.StopTimer()
					flush()
					b.StartTimer()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/sample")
		})
	}
}

// BenchmarkWatchTraces looks at batches of 1000 spans, none of which is costly.
func BenchmarkWatchTraces(b *testing.B) {
	c := benchmarkCore(b, testConfig(costly))
	td := ptrace.NewTraces()
	for range 1000 {
		callTraces("gpt-4o", 0.5).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
	}
	for b.Loop() {
		if _, err := c.watchTraces(b.Context(), td); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "spans/s")
}

// BenchmarkEvaluateGroup evaluates a group with 1000 firing alerts, while other groups have 100,000.
func BenchmarkEvaluateGroup(b *testing.B) {
	const own, all = 1000, 100_000
	for _, others := range []int{0, 1, 10, 100} {
		b.Run(fmt.Sprintf("others=%d", others), func(b *testing.B) {
			c := benchmarkCore(b, testConfig(func(c *Config) {
				c.RuleFiles = []string{groupsFile(b, others, all/own)}
				c.EvaluationInterval = time.Hour // they are evaluated here
				c.Storage.MaxSeries = 2 * all
			}))
			series := own
			if others > 0 {
				series += all
			}
			md := pmetric.NewMetrics()
			points := alerttest.NewMetric(md, "storm").SetEmptyGauge().DataPoints()
			for i := range series {
				alerttest.Point(points.AppendEmpty(), time.Now(), 1, []string{"id", strconv.Itoa(i), "part", strconv.Itoa(i / own)})
			}
			_, err := c.watchMetrics(b.Context(), md)
			require.NoError(b, err)
			e := c.backend.evaluator
			at := time.Now()
			for _, group := range e.RuleGroups() {
				e.Evaluate(b.Context(), group, at)
			}
			require.EqualValues(b, series, c.firing.Load())
			group := e.RuleGroups()[slices.IndexFunc(e.RuleGroups(), func(group *rules.Group) bool { return group.Name() == "own" })]
			for b.Loop() {
				at = at.Add(time.Millisecond)
				e.Evaluate(b.Context(), group, at)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/own, "us/alert")
		})
	}
}

// groupsFile writes a rule for the first part of the series, and rules for as many other parts,
// distributed to groups.
func groupsFile(b *testing.B, groups, parts int) string {
	b.Helper()
	const rule = "      - {alert: Part%d, expr: 'storm{part=\"%d\"} > 0'}\n"
	var file strings.Builder
	fmt.Fprintf(&file, "groups:\n  - name: own\n    rules:\n"+rule, 0, 0)
	for i := range groups {
		fmt.Fprintf(&file, "  - name: other%d\n    rules:\n", i)
		for part := i; part < parts; part += groups {
			fmt.Fprintf(&file, rule, part+1, part+1)
		}
	}
	name := filepath.Join(b.TempDir(), "rules.yml")
	require.NoError(b, os.WriteFile(name, []byte(file.String()), 0o600))
	return name
}
