// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

func TestCompactErrors(t *testing.T) {
	const head = "#version\t2026-11-23\n#source\ta page\n"
	for line, want := range map[string]string{
		"openai\tm":                                           "5 are the least",
		"openai\tm\t\t7\ti=1,o=2":                             "source \"7\" is unknown",
		"openai\tm\t\t0\ti=1":                                 "no price of output",
		"openai\tm\t\t0\ti=1,o=x":                             "\"x\" is not a decimal",
		"openai\tm\t\t0\ti=1,o=2,zz=3":                        "\"zz\" is unknown",
		"openai\tm\t\t0\tslow:i=1,o=2":                        "tier \"slow\" is unknown",
		"openai\tm\t\t0\tbatch:i=1,o=2":                       "no standard prices",
		"openai\tm\t\t0\ti=1,o=2;fee:tip=1":                   "fee \"tip\" is unknown",
		"openai\tm\t\t0\ti=1,o=2\t2020-99-01;i=1,o=2":         "2020-99-01",
		"openai\tm\t\t0\t2025-01-01;i=1,o=2\ti=1,o=2":         "not in the order",
		"openai\tm\t\t0\ti=1,o=2>many i=1,o=2":                "many",
		"openai\tm\t\t0\ti=1,o=2;fee:request=0.0000000000001": "not a decimal number of dollars",
	} {
		doc, err := parseCompact(head + line + "\n")
		if err == nil {
			require.Len(t, doc.models, 1)
			_, err = compactPeriods(doc.models[0].prices.text)
		} else {
			require.ErrorContains(t, err, "line 3")
		}
		if assert.Error(t, err, line) {
			assert.ErrorContains(t, err, want)
		}
	}
}

// TestBuiltInPricesAreValid reads those of all models, which a process does not.
func TestBuiltInPricesAreValid(t *testing.T) {
	doc, err := parseCompact(modelsTSV)
	require.NoError(t, err)
	for _, m := range doc.models {
		periods, err := compactPeriods(m.prices.text)
		assert.NoError(t, err, "%s of %s", m.Name, m.Provider)
		assert.NotEmpty(t, periods, "%s of %s", m.Name, m.Provider)
	}
}

func FuzzParseCompact(f *testing.F) {
	f.Add("#version\t2026-11-23\n#source\tp\nopenai\tl=m|n\th\t0\ti=1,o=2>9 i=3,o=4;batch:i=1,o=1;fee:request=0.1\t2025-01-01;i=1,o=2\n")
	f.Fuzz(func(t *testing.T, content string) {
		doc, err := parseCompact(content)
		if err != nil {
			return
		}
		for _, m := range doc.models {
			if cost, ok := m.Cost(&usage.Amounts{usage.Input: 1, usage.Output: 1}, Batch, noon); ok {
				assert.GreaterOrEqual(t, int64(cost), int64(0))
			}
		}
	})
}

// BenchmarkLoad makes the table of the built-in prices from their text, as the
// start of the program does, and reports the memory that it holds.
func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var kept *Table
	for b.Loop() {
		var err error
		kept, err = Embedded()
		require.NoError(b, err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB")
	runtime.KeepAlive(kept)
}
