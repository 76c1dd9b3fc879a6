// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

// storages has what earlier releases stored, a file for each version of the format:
// keys, and contents in base64. An existing file is never rewritten: disks of users
// have the same content.
const storages = "testdata/storage"

// storageAfterKill returns the storage of a process that was killed: a call in a saved
// ledger, and one in the journal.
func storageAfterKill(t *testing.T) map[string][]byte {
	t.Helper()
	m := &memory{}
	r := newRig(t, withStorage(nil), m.extension())
	r.price(numbered(callSpan(), 1))
	r.stop()
	r = newRig(t, withStorage(nil), m.extension())
	r.price(numbered(callSpan(), 2))
	content := m.copy().content
	r.stop()
	return content
}

func numbered(td ptrace.Traces, number byte) ptrace.Traces {
	span := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
	span.SetTraceID([16]byte{15: number})
	span.SetSpanID([8]byte{7: number})
	return td
}

// What each release stored is loaded by this one: the totals, the hours, the journal
// and the deduplication cache.
func TestUpgrade(t *testing.T) {
	current := filepath.Join(storages, "v2-series-list.json") // a change of the format needs another
	if _, err := os.Stat(current); os.IsNotExist(err) && *update {
		falseclock.Test(t, func(t *testing.T) {
			wakeUp()
			content, err := json.MarshalIndent(storageAfterKill(t), "", "  ")
			require.NoError(t, err)
			require.NoError(t, os.MkdirAll(storages, 0o750))
			require.NoError(t, os.WriteFile(current, append(content, '\n'), 0o600))
		})
	}
	files, err := filepath.Glob(filepath.Join(storages, "v*.json"))
	require.NoError(t, err)
	require.Contains(t, files, current)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			var content map[string][]byte
			require.NoError(t, json.Unmarshal(raw, &content))
			falseclock.Test(t, func(t *testing.T) {
				wakeUp()
				_, withSeries := content["series"]
				if _, listed := content["series-list"]; listed {
					withSeries = true
				}
				m := &memory{content: content}
				r := newRig(t, withStorage(nil), m.extension())
				r.price(numbered(callSpan(), 1)) // sent again: counted before
				r.price(numbered(callSpan(), 2))
				r.price(numbered(callSpan(), 3))
				totals := r.totals()
				assert.InDelta(t, 3*0.0075, totals[costOfGPT4o], 1e-15)
				assert.InDelta(t, 3*0.0075, totals["arc_llm_hourly_cost_dollars{model=gpt-4o}"], 1e-15)
				const series = "arc_llm_usage_cost_dollars{model=gpt-4o,provider=openai,service_name=shop}"
				if withSeries {
					assert.InDelta(t, 3*0.0075, totals[series], 1e-15)
				}
				assert.Zero(t, r.warnings.Len(), r.warnings.All())
				r.stop()
				assert.NotContains(t, m.content, "series", "it has new keys")
				assert.NotContains(t, m.content, "series/0")
				assert.InDelta(t, totals[series], newRig(t, withStorage(nil), m.extension()).totals()[series], 1e-15, "after another restart")
			})
		})
	}
}

// What a later release stored is not understood: this is logged, and it is
// quarantined for when that release is installed again.
func TestDowngrade(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		content := storageAfterKill(t)
		var set []string
		for key, value := range content {
			switch {
			case strings.HasPrefix(key, keyEntry), strings.HasPrefix(key, keySegment):
				value[0] = 99
			case key == keyTotals:
				content[key] = []byte(strings.Replace(string(value), `"version":2`, `"version":99`, 1))
				require.NotEqual(t, string(value), string(content[key]))
			default:
				continue
			}
			set = append(set, key)
		}
		require.GreaterOrEqual(t, len(set), 3)
		m := &memory{content: content}
		of99 := maps.Clone(content)
		r := newRig(t, withStorage(nil), m.extension())
		r.price(callSpan())
		assert.Equal(t, 0.0075, r.totals()[costOfGPT4o], "starts from zero")
		for _, key := range set {
			assert.Equal(t, of99[key], m.content[keyDamaged+key], key)
		}
		assert.Equal(t, len(set), r.warnings.FilterMessageSnippet("quarantined").Len())
	})
}
