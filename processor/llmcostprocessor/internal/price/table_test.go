// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func write(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	return file
}

// rate returns what a million input tokens cost now, empty: not found.
func rate(t *testing.T, table *Table, provider, name string) string {
	t.Helper()
	m, ok := table.Find(provider, name)
	if !ok {
		return ""
	}
	cost, ok := m.Cost(&usage.Amounts{usage.Input: million}, Standard, noon)
	require.True(t, ok)
	return fmt.Sprintf("%s/%s %g", m.Provider, m.Name, cost.Dollars())
}

func TestEmbeddedNamesItsSources(t *testing.T) {
	doc, err := parse("prices.yaml", embedded)
	require.NoError(t, err)
	assert.NotEmpty(t, doc.version)
	_, err = time.Parse(time.DateOnly, doc.version)
	require.NoError(t, err)
	prices := 0
	for _, m := range doc.models {
		assert.NotEmpty(t, m.Provider, m.Name)
		if m.Provider != Vertex { // the same entries as those of google
			prices += len(m.prices.periods())
		}
	}
	text := string(embedded)
	assert.Equal(t, prices, strings.Count(text, "source: "), "each price names its source: an address, or what was consulted instead")
	assert.Equal(t, prices, strings.Count(text, "checked: 20"), "each price has the day it was checked")
}

// TestEmbeddedFindsItself looks up each name of the table: it must mean an entry
// that has it, and is not to be taken apart.
func TestEmbeddedFindsItself(t *testing.T) {
	table, err := Embedded()
	require.NoError(t, err)
	require.Greater(t, table.Len(), 4000)
	for want := range table.models {
		for _, name := range want.names {
			got, ok := table.Find(want.Provider, name)
			if assert.True(t, ok, name) {
				assert.Contains(t, got.names, name)
			}
		}
	}
}

func TestLoadLaysFilesOver(t *testing.T) {
	first := write(t, "first.yaml", `
version: ours
models:
  - {name: gpt-4o, prices: [{input: "1", output: "2"}]}
  - {name: claude-3-haiku, provider: anthropic, aliases: [our-haiku], prices: [{input: "0.2", output: "1"}]}
  - {name: gpt-4o-mini, provider: azure, prices: [{input: "0.1", output: "0.5"}]}
  - {name: house-model, aliases: [gpt-4-0613], prices: [{input: "0.01", output: 0.02}]}
  - {name: openai/gpt-oss-120b, provider: groq, host_only: true, prices: [{input: "9", output: "9"}]}
`)
	second := write(t, "second.yaml", `models: [{name: house-model, prices: [{input: "0.03", output: "0.04"}]}]`)
	base, err := Embedded()
	require.NoError(t, err)
	table, err := Load([]string{first, second})
	require.NoError(t, err)

	for _, tt := range []struct{ provider, model, before, after string }{
		{"openai", "gpt-4o", "openai/gpt-4o 2.5", "openai/gpt-4o 1"},
		{"", "gpt-4o-2024-08-06", "openai/gpt-4o 2.5", "openai/gpt-4o 1"},
		{"anthropic", "claude-3-haiku-20240307", "anthropic/claude-3-haiku 0.25", "anthropic/claude-3-haiku 0.2"},
		{"", "our-haiku", "", "anthropic/claude-3-haiku 0.2"},
		{"openai", "gpt-4o-mini", "openai/gpt-4o-mini 0.15", "openai/gpt-4o-mini 0.15"},
		{"", "gpt-4o-mini", "openai/gpt-4o-mini 0.15", "openai/gpt-4o-mini 0.15"},
		{"azure.ai.openai", "gpt-4o-mini", "azure/gpt-4o-mini 0.15", "azure/gpt-4o-mini 0.1"},
		{"openai", "gpt-4-0613", "openai/gpt-4 30", "/house-model 0.03"},
		{"openai", "gpt-4", "openai/gpt-4 30", "openai/gpt-4 30"},
		{"acme", "house-model", "", "/house-model 0.03"},
		{"groq", "openai/gpt-oss-120b", "groq/openai/gpt-oss-120b 0.15", "groq/openai/gpt-oss-120b 9"},
	} {
		t.Run(tt.provider+"/"+tt.model, func(t *testing.T) {
			assert.Equal(t, tt.before, rate(t, base, tt.provider, tt.model))
			assert.Equal(t, tt.after, rate(t, table, tt.provider, tt.model))
		})
	}
	assert.Equal(t, base.Len()+1, table.Len())

	again, err := Load([]string{first, second})
	require.NoError(t, err)
	other, err := Load([]string{first})
	require.NoError(t, err)
	assert.Equal(t, table.Version(), again.Version())
	assert.NotEqual(t, table.Version(), other.Version())
	assert.NotEqual(t, table.Version(), base.Version())
	assert.Contains(t, table.Version(), base.Version())
}

func TestLoadErrors(t *testing.T) {
	ok := `prices: [{input: "1", output: "1"}]`
	for _, tt := range []struct {
		name, content string
		want          []string
	}{
		{"empty", "", []string{"the file is empty"}},
		{"comments alone", "# nothing", []string{"the file is empty"}},
		{"not YAML", "models: [", []string{"p.yaml: yaml:"}},
		{"two documents", "models: []\n---\nmodels: []", []string{"more than one YAML document"}},
		{"a list", "[1]", []string{"p.yaml:1: the file: is not a mapping"}},
		{"no models", `version: "1"`, []string{"models: is missing"}},
		{"models no list", "models: 4", []string{"models: is not a list"}},
		{"version no text", "version: {}\nmodels: []", []string{"version: is not a single value"}},
		{"a model no mapping", "models: [4]", []string{"models[0]: is not a mapping of name, provider"}},
		{"no name", "models: [{" + ok + "}]", []string{"models[0].name: is missing"}},
		{"empty name", `models: [{name: "", ` + ok + "}]", []string{"models[0].name: must have 1 to 256 bytes"}},
		{"long name", "models: [{name: " + strings.Repeat("n", 257) + ", " + ok + "}]", []string{"must have 1 to 256 bytes"}},
		{"no prices", "models: [{name: m}]", []string{"models[0] (m).prices: at least one is needed"}},
		{"no input", `models: [{name: m, prices: [{output: "1"}]}]`, []string{"models[0] (m).prices[0].input: is missing"}},
		{"no output", `models: [{name: m, prices: [{input: "1"}]}]`, []string{"models[0] (m).prices[0].output: is missing"}},
		{"negative", `models: [{name: m, prices: [{input: "-1", output: "1"}]}]`, []string{`prices[0].input: "-1" is not a decimal`}},
		{"below a picodollar", `models: [{name: m, prices: [{input: "1", output: "0.1234567"}]}]`, []string{`prices[0].output: "0.1234567" has 7 decimals`}},
		{"a slip of the point", `models: [{name: m, prices: [{input: "1", output: 2500000.00}]}]`, []string{"prices[0].output", "is more than 1000000 dollars"}},
		{"a price no value", `models: [{name: m, prices: [{input: [], output: "1"}]}]`, []string{"prices[0].input: is not a single value"}},
		{"misspelt", `models: [{name: m, prices: [{input: "1", output: "1", cache-read: "1"}]}]`, []string{"prices[0].cache-read: is unknown; known are"}},
		{"twice", `models: [{name: m, name: n, ` + ok + "}]", []string{"models[0].name: comes twice"}},
		{"no date", `models: [{name: m, prices: [{valid_from: soon, input: "1", output: "1"}]}]`, []string{`prices[0].valid_from: "soon" is not a date`}},
		{"unchecked", `models: [{name: m, prices: [{checked: never, input: "1", output: "1"}]}]`, []string{`prices[0].checked: "never" is not a date`}},
		{
			"out of order", `models: [{name: m, prices: [{valid_from: 2025-01-02, input: "1", output: "1"}, {valid_from: 2025-01-01, input: "1", output: "1"}]}]`,
			[]string{"prices[1].valid_from: must be later"},
		},
		{"a later price without a day", `models: [{name: m, prices: [{input: "1", output: "1"}, {input: "1", output: "1"}]}]`, []string{"prices[1].valid_from: must be later"}},
		{"no threshold", `models: [{name: m, prices: [{input: "1", output: "1", long_context: {input: "1", output: "1"}}]}]`, []string{"long_context.above: is missing"}},
		{"a bad threshold", `models: [{name: m, prices: [{input: "1", output: "1", long_context: {above: 0, input: "1", output: "1"}}]}]`, []string{`long_context.above: "0" is not a number of tokens`}},
		{"no long price", `models: [{name: m, prices: [{input: "1", output: "1", long_context: {above: 9, input: "1"}}]}]`, []string{"long_context.output: is missing"}},
		{"host_only no flag", "models: [{name: m, provider: p, host_only: perhaps, " + ok + "}]", []string{"host_only: is not true or false"}},
		{"host_only without provider", "models: [{name: m, host_only: true, " + ok + "}]", []string{"host_only: needs a provider"}},
		{"name taken", "models: [{name: m, " + ok + "}, {name: M, " + ok + "}]", []string{`models[1]: "m" already means models[0]`}},
		{"alias taken", "models: [{name: m, aliases: [n], " + ok + "}, {name: o, aliases: [n], " + ok + "}]", []string{`models[1]: "n" already means models[0]`}},
		{"an anchor", "models: [&m {name: m, " + ok + "}, *m]", []string{"models[1]: is not a mapping"}},
		{
			"all at once", `models: [{name: m, prices: [{input: "x", output: "1"}]}, {name: n, prices: [{input: "1", output: "y"}]}]`,
			[]string{"models[0] (m).prices[0].input", "models[1] (n).prices[0].output"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := write(t, "p.yaml", tt.content)
			_, err := Load([]string{file})
			require.Error(t, err)
			for _, want := range tt.want {
				assert.ErrorContains(t, err, want)
			}
			assert.ErrorContains(t, err, file)
		})
	}
}

func TestLoadReportsEachFile(t *testing.T) {
	bad := write(t, "bad.yaml", "models: 4")
	missing := filepath.Join(t.TempDir(), "missing.yaml")
	huge := write(t, "huge.yaml", "")
	require.NoError(t, os.Truncate(huge, MaxFileSize+1))
	_, err := Load([]string{bad, missing, huge})
	require.Error(t, err)
	assert.ErrorContains(t, err, bad)
	assert.ErrorContains(t, err, missing)
	assert.ErrorContains(t, err, huge)
}

func TestFindIsBounded(t *testing.T) {
	table, err := Embedded()
	require.NoError(t, err)
	for i := range 2*maxResolved + 10 {
		_, ok := table.Find("openai", fmt.Sprintf("made-up-%d", i))
		require.False(t, ok)
	}
	assert.LessOrEqual(t, len(table.resolved), maxResolved)
	before := len(table.resolved)
	_, ok := table.Find("openai", strings.Repeat("n", maxNameLength+1))
	assert.False(t, ok)
	assert.Len(t, table.resolved, before, "names that are too long are not kept")
	assert.Equal(t, "openai/gpt-4o 2.5", rate(t, table, "openai", "gpt-4o"))
}

func TestFindConcurrently(t *testing.T) {
	table, err := Embedded()
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 500 {
				m, ok := table.Find("", fmt.Sprintf("gpt-4o-20%02d-01-01", i%100))
				assert.True(t, ok)
				assert.Equal(t, "gpt-4o", m.Name)
			}
		})
	}
	wg.Wait()
}

func TestFindAllocations(t *testing.T) {
	table, err := Embedded()
	require.NoError(t, err)
	var sum money.Sum
	for _, name := range []string{"gpt-4o", "us.anthropic.claude-3-5-sonnet-20241022-v2:0", "unknown"} {
		n := testing.AllocsPerRun(100, func() {
			if m, ok := table.Find("openai", name); ok {
				cost, _ := m.Cost(&usage.Amounts{usage.Input: 1000, usage.Output: 200}, Standard, noon)
				sum.Add(cost)
			}
		})
		assert.Zero(t, n, name)
	}
	assert.False(t, sum.IsZero())
}

func FuzzParse(f *testing.F) {
	// Short seeds: long ones have the fuzzer minimize instead of search.
	f.Add([]byte(`models: [{name: m, prices: [{input: "0.15", output: "10.00", cache_write_1h: 3}]}]`))
	f.Add([]byte(`models: [{name: m, provider: p, aliases: [n], host_only: true, prices: [{valid_from: 2025-01-01, input: "1", output: 2.5, long_context: {above: 9, input: "1", output: "1"}}]}]`))
	f.Add([]byte("models: [&m {name: m}, *m]"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, content []byte) {
		doc, err := parse("p.yaml", content)
		if err != nil {
			assert.Contains(t, err.Error(), "p.yaml")
			return
		}
		table := &Table{models: map[*Model]struct{}{}, sellers: map[string]string{}, providers: map[string][]string{}, byProvider: map[string]*Model{}, byName: map[string]*Model{}, resolved: map[Query]*Match{}}
		table.overlay(doc.models, nil)
		for _, m := range doc.models {
			found, ok := table.Find(m.Provider, m.Name)
			if m.Provider != local || ok {
				assert.True(t, ok, m.Name)
				assert.Equal(t, strings.ToLower(m.Name), strings.ToLower(found.Name))
			}
			if cost, ok := m.Cost(&usage.Amounts{usage.Input: 1, usage.Output: 1}, Standard, noon); ok {
				assert.GreaterOrEqual(t, cost, money.Pico(0))
			}
		}
	})
}

func FuzzFind(f *testing.F) {
	table, err := Embedded()
	require.NoError(f, err)
	f.Add("", "us.anthropic.claude-3-5-sonnet-20241022-v2:0")
	f.Add("openai.chat", "models/models/ft:gpt-4o:a::b")
	f.Add("aws", "arn:aws:bedrock:::/global.us.meta.-v1:0")
	f.Fuzz(func(t *testing.T, provider, name string) {
		m, ok := table.Find(provider, name)
		again, okAgain := table.Find(provider, name)
		assert.Equal(t, ok, okAgain)
		assert.Same(t, m, again)
	})
}

func BenchmarkFind(b *testing.B) {
	table, err := Embedded()
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := table.Find("aws.bedrock", "us.anthropic.claude-3-5-sonnet-20241022-v2:0"); !ok {
			b.Fatal("not found")
		}
	}
}

func BenchmarkFindFirst(b *testing.B) {
	table, err := Embedded()
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		table.resolve(Query{Provider: "aws.bedrock", Model: "us.anthropic.claude-3-5-sonnet-20241022-v2:0"})
	}
}

func BenchmarkCost(b *testing.B) {
	table, err := Embedded()
	require.NoError(b, err)
	m, _ := table.Find("openai", "gpt-4o")
	b.ReportAllocs()
	for b.Loop() {
		m.Cost(&usage.Amounts{usage.Input: 1000, usage.CacheRead: 600, usage.Output: 200}, Standard, noon)
	}
}

// A name without a date has the prices of all kinds that its dated names have.
func TestKindsOfUndatedNames(t *testing.T) {
	table, err := Embedded()
	require.NoError(t, err)
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		provider, model string
		kind            usage.Kind
		dollars         float64
	}{
		{"openai", "gpt-4o-audio-preview", usage.AudioInput, 40},
		{"openai", "gpt-4o-audio-preview", usage.AudioOutput, 80},
		{"openai", "gpt-4o-audio-preview-2025-06-03", usage.AudioOutput, 80},
		{"openai", "gpt-4o-mini-audio-preview", usage.AudioInput, 10},
		{"openai", "gpt-4o-mini-audio-preview", usage.AudioOutput, 20},
		{"openai", "ft:gpt-4o-mini:acme::id", usage.CacheRead, 0.15},
		{"dashscope", "qwen-plus", usage.Reasoning, 4},
		{"openai", "gpt-realtime", usage.AudioInput, 32},
		{"openai", "gpt-audio", usage.AudioOutput, 64},
	} {
		m, found := table.Find(tt.provider, tt.model)
		require.True(t, found, tt.model)
		var used usage.Amounts
		used[tt.kind] = million
		cost, known := m.Cost(&used, Standard, at)
		assert.True(t, known, tt.model)
		assert.InDelta(t, tt.dollars, cost.Dollars(), 1e-9, "%s %s", tt.model, tt.kind)
	}
}
