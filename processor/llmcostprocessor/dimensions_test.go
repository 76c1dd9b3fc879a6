// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/dimension"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

func configOf(t *testing.T, settings map[string]any) (*Config, error) {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	return cfg, confmap.NewFromStringMap(settings).Unmarshal(cfg)
}

func TestFormsOfDimensions(t *testing.T) {
	cfg, err := configOf(t, map[string]any{"dimensions": []any{
		"service.name",
		map[string]any{"team": []any{"team.id", "langfuse.tags.team"}},
		map[string]any{"env": "deployment.environment.name"},
		map[string]any{"from": []any{"user.id", "enduser.id"}, "hash": true},
		map[string]any{"name": "tenant"},
	}})
	require.NoError(t, err)
	require.NoError(t, cfg.Validate())
	assert.Equal(t, []string{"service.name", "team", "env", "user.id", "tenant"}, dimensionNames(cfg.Dimensions))
	assert.Equal(t, []string{"team.id", "langfuse.tags.team"}, cfg.Dimensions[1].keys())
	assert.Equal(t, []string{"deployment.environment.name"}, cfg.Dimensions[2].keys())
	assert.True(t, cfg.Dimensions[3].Hash)
	assert.Equal(t, []string{"tenant"}, cfg.Dimensions[4].keys())

	cfg, err = configOf(t, map[string]any{})
	require.NoError(t, err)
	assert.Equal(t, []string{"service.name", "gen_ai.agent.name"}, dimensionNames(cfg.Dimensions))
	_, err = configOf(t, map[string]any{"dimensions": []any{map[string]any{"name": "x", "form": []any{"y"}}}})
	require.ErrorContains(t, err, "form")
	_, err = configOf(t, map[string]any{"dimensions": []any{map[string]any{"team": 5}}})
	require.ErrorContains(t, err, "team")
}

func TestMistakesInDimensionsAreNamed(t *testing.T) {
	table := filepath.Join(t.TempDir(), "users.csv")
	writeFile(t, table, "user,cost_center\nada\n")
	cfg := testConfig(func(c *Config) {
		c.Dimensions = []DimensionConfig{
			{Name: "a.b"},
			{Name: "a_b"},
			{Name: "c", From: []string{"x", "x", ""}},
			{Name: "d", Unlisted: "other"},
			{Name: "e", Drop: true, Hash: true},
			{Name: "cost_center", Table: table},
			{Name: "f", Table: table + ".missing"},
		}
	})
	err := cfg.Validate()
	for _, want := range []string{
		`dimensions::1: "a_b" has the same label in metrics as "a.b", a_b`, `dimensions::2::from::1: "x" comes twice`, "dimensions::2::from::2: must not be empty",
		"dimensions::3::unlisted", "dimensions::4::drop", "dimensions::5::table: " + table + ":2: has 1 columns", "dimensions::6::table: ",
	} {
		assert.ErrorContains(t, err, want)
	}
}

// valuesCounted are the values of the dimensions of the one row that there is.
func (r *rig) valuesCounted() (values []string) {
	r.t.Helper()
	u := usageSource{r.core()}
	rows, err := u.Usage(dashboard.Query{From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour), GroupBy: r.core().dimensions.names})
	require.NoError(r.t, err)
	rows = slices.DeleteFunc(rows, func(row dashboard.Row) bool { return row.Usage.Calls == 0 }) // what was corrected
	require.Len(r.t, rows, 1)
	return rows[0].Group
}

func TestValuesOfDimensions(t *testing.T) {
	table := filepath.Join(t.TempDir(), "users.csv")
	writeFile(t, table, "user,cost_center\nada,4711\nbob,\n")
	config := testConfig(func(c *Config) {
		c.Dimensions = []DimensionConfig{
			{Name: "team", From: []string{"team.id", "langfuse.tags.team"}},
			{Name: "cost_center", From: []string{"enduser.id", "user.id"}, Table: table, Unlisted: "unknown"},
			{Name: "user.id", Hash: true},
			{Name: "email", Drop: true},
		}
	})
	for name, tc := range map[string]struct {
		resource, span, around map[string]any
		want                   []string
	}{
		"the first key counts":      {span: map[string]any{"langfuse.tags.team": "b", "team.id": "a"}, want: []string{"a", "", "", ""}},
		"another key is a fallback": {span: map[string]any{"langfuse.tags.team": "b"}, want: []string{"b", "", "", ""}},
		"an empty value is none":    {span: map[string]any{"langfuse.tags.team": "b", "team.id": ""}, want: []string{"b", "", "", ""}},
		"a redacted value is none": {
			span: map[string]any{"langfuse.tags.team": "b", "team.id": "[REDACTED]", "user.id": "****"}, around: map[string]any{"user.id": "ada"},
			want: []string{"b", "4711", dimension.Hash("ada"), ""},
		},
		"numbers are values":         {span: map[string]any{"team.id": 7}, want: []string{"7", "", "", ""}},
		"of the resource":            {resource: map[string]any{"langfuse.tags.team": "r"}, want: []string{"r", "", "", ""}},
		"the record's come first":    {resource: map[string]any{"team.id": "r"}, span: map[string]any{"langfuse.tags.team": "b"}, want: []string{"b", "", "", ""}},
		"of a span around":           {resource: map[string]any{"team.id": "r"}, around: map[string]any{"team.id": "up"}, want: []string{"up", "", "", ""}},
		"mapped and hashed":          {span: map[string]any{"user.id": "ada"}, want: []string{"", "4711", dimension.Hash("ada"), ""}},
		"mapped to nothing":          {span: map[string]any{"user.id": "bob"}, want: []string{"", "", dimension.Hash("bob"), ""}},
		"not listed":                 {span: map[string]any{"enduser.id": "eve"}, want: []string{"", "unknown", dimension.Hash("eve"), ""}},
		"mapped around":              {around: map[string]any{"user.id": "ada"}, want: []string{"", "4711", dimension.Hash("ada"), ""}},
		"dropped":                    {span: map[string]any{"email": "ada@example.com"}, resource: map[string]any{"email": "x"}, want: []string{"", "", "", ""}},
		"by the key of a convention": {span: map[string]any{"langfuse.user.id": "ada"}, want: []string{"", "4711", dimension.Hash("ada"), ""}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, config)
			td := callSpan(func(s ptrace.Span) { putAll(t, s.Attributes(), tc.span) })
			putAll(t, td.ResourceSpans().At(0).Resource().Attributes(), tc.resource)
			if tc.around != nil {
				call := firstSpan(td)
				above := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().AppendEmpty()
				above.SetTraceID(call.TraceID())
				above.SetSpanID([8]byte{9, 9, 9})
				call.SetParentSpanID(above.SpanID())
				putAll(t, above.Attributes(), tc.around)
			}
			r.price(td)
			assert.Equal(t, tc.want, r.valuesCounted())
		})
	}
}

func putAll(t *testing.T, to pcommon.Map, values map[string]any) {
	t.Helper()
	for key, value := range values {
		require.NoError(t, to.PutEmpty(key).FromRaw(value))
	}
}

func TestTwelveDimensions(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"}
	require.Len(t, names, ledger.MaxDimensions)
	r := newRig(t, testConfig(func(c *Config) { c.Dimensions = dimensionsOf(names...) }))
	r.price(callSpan(func(s ptrace.Span) {
		for _, name := range names {
			s.Attributes().PutStr(name, "value of "+name)
		}
	}))
	for i, value := range r.valuesCounted() {
		assert.Equal(t, "value of "+names[i], value)
	}
}

// replaceFile leaves no moment at which the file is half written.
func replaceFile(t *testing.T, name, content string) {
	t.Helper()
	writeFile(t, name+".new", content)
	require.NoError(t, os.Rename(name+".new", name))
}

func TestTablesAreReloaded(t *testing.T) {
	table := filepath.Join(t.TempDir(), "users.csv")
	writeFile(t, table, "user,cost_center\nada,1\n")
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(func(c *Config) {
			c.Dimensions = []DimensionConfig{{Name: "cost_center", From: []string{"user.id"}, Table: table}}
		}))
		centers := func() (centers []string) {
			r.price(callSpan(func(s ptrace.Span) { s.Attributes().PutStr("user.id", "ada") }))
			rows, err := usageSource{r.core()}.Usage(dashboard.Query{From: morning.Add(-time.Hour), To: morning.Add(2 * time.Hour), GroupBy: []string{"cost_center"}})
			require.NoError(t, err)
			for _, row := range rows {
				centers = append(centers, row.Group[0])
			}
			return centers
		}
		assert.Equal(t, []string{"1"}, centers())
		replaceFile(t, table, "user,cost_center\nada,2\n")
		time.Sleep(2 * filesInterval)
		assert.Equal(t, []string{"1", "2"}, centers(), "earlier calls stay where they were counted")
		replaceFile(t, table, "user,cost_center\nada,3\nbob\n")
		time.Sleep(2 * filesInterval)
		assert.Equal(t, []string{"1", "2"}, centers(), "the last good table stays active")
		failures := r.warnings.FilterMessageSnippet("Reloading the table of a dimension failed").All()
		require.NotEmpty(t, failures)
		assert.Contains(t, failures[len(failures)-1].ContextMap()["error"], table+":3: has 1 columns")
		replaceFile(t, table, "user,cost_center\nada,4\n")
		time.Sleep(2 * filesInterval)
		assert.Equal(t, []string{"1", "2", "4"}, centers())
		r.stop()
	})
}
