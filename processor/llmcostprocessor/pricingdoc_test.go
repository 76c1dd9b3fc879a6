// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/pricelist"
)

func pricingPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/pricing.md")
	require.NoError(t, err)
	return string(page)
}

// lookup finds a model as telemetry names it, with the prices at that time.
func lookup(list *pricelist.List, provider, model string, at time.Time) (pricelist.Entry, bool) {
	entry, _, ok := list.Resolve(pricelist.Query{Provider: provider, Model: model}, at)
	return entry, ok
}

// The price file of docs/pricing.md loads, and has the prices that the document
// describes.
func TestPricingPageFile(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(pricingPage(t))
	require.NotNil(t, block)
	file := filepath.Join(t.TempDir(), "prices.yaml")
	require.NoError(t, os.WriteFile(file, []byte(block[1]), 0o600))
	list, err := pricelist.Open([]string{file})
	require.NoError(t, err)
	at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct{ provider, model, name, line string }{
		{"our-gateway", "house-model-v2", "house-model", "long_context above 200000.output: 2"},
		{"our-gateway", "house-model", "house-model", "fees.request: 0.001"},
		{"openai", "gpt-4o-2024-08-06", "gpt-4o", "input: 2.25"},
		{"azure.ai.openai", "our-chat", "gpt-4o-mini", "input: 0.15"},
		{"anthropic", "claude-3-5-sonnet", "claude-3-5-sonnet", "input: 2.625"},
		{"mistral_ai", "mistral-embed", "mistral-embed", "input: 0.05"},
		{"vllm", "whatever", "", "input: 0"},
	} {
		entry, ok := lookup(list, tt.provider, tt.model, at)
		require.True(t, ok, tt.model)
		assert.Equal(t, tt.name, entry.Name)
		assert.Contains(t, entry.Prices, tt.line, tt.model)
	}
	entry, _ := lookup(list, "our-gateway", "house-model", time.Date(2026, 6, 30, 23, 59, 59, 0, time.UTC))
	assert.Equal(t, []string{"input: 0.2", "output: 0.8", "adjustment of team=research: -10 %"}, entry.Prices)
	_, ok := lookup(list, "acme", "whatever", at)
	assert.False(t, ok)
}

// Names resolve as docs/pricing.md describes, and so does its example of a lookup.
func TestPricingPageNames(t *testing.T) {
	list, err := pricelist.Open(nil)
	require.NoError(t, err)
	at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	rows := regexp.MustCompile(`(?m)^\| [^|]* \| ([^|]*) \| ([^|]*) \|$`).FindAllStringSubmatch(pricingPage(t), -1)
	names := regexp.MustCompile("`([^`]+)`")
	checked := 0
	for _, row := range rows {
		written, meant := names.FindAllStringSubmatch(row[1], -1), names.FindAllStringSubmatch(row[2], -1)
		for i, name := range written {
			entry, ok := lookup(list, "", name[1], at)
			if assert.True(t, ok, name[1]) && len(meant) > 0 {
				assert.True(t, strings.HasSuffix(entry.Name, meant[min(i, len(meant)-1)][1]), "%s means %s", name[1], entry.Name)
				checked++
			}
		}
	}
	assert.GreaterOrEqual(t, checked, 10)

	shown := regexp.MustCompile("(?s)```console\n.*?prices lookup --at 2026-11-23 gpt-4o\n(.*?)```").FindStringSubmatch(pricingPage(t))
	require.NotNil(t, shown)
	entry, ok := lookup(list, "", "gpt-4o", at)
	require.True(t, ok)
	assert.Equal(t, shown[1], "gpt-4o: gpt-4o of openai\n  resolved: seller from the maker of the model, entry gpt-4o\n  "+strings.Join(entry.Prices, "\n  ")+
		"\n  source: "+entry.Source+"\n  list: "+entry.List+"\n  checked: "+entry.Checked.Format(time.DateOnly)+", 0 days old\n")
}
