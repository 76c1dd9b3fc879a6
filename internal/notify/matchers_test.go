// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

func TestMatchers(t *testing.T) {
	a := alert("HighErrorRate", "critical", alertevent.Firing)
	a.Labels["team"] = "search"
	a.Labels["gen_ai.provider.name"] = "ünïcode"
	for text, want := range map[string]bool{
		`team="search"`:                            true,
		`team=search`:                              true,
		`team!="search"`:                           false,
		`severity=~"warning|critical"`:             true,
		`severity=~"crit"`:                         false, // anchored, as in Alertmanager
		`severity!~"info|warning"`:                 true,
		`{severity="critical",team="search"}`:      true,
		`{severity="critical", team="billing"}`:    false,
		`absent=""`:                                true,
		`absent!=""`:                               false,
		`"gen_ai.provider.name"="ünïcode"`:         true,
		`{"gen_ai.provider.name"!="x",team=~".+"}`: true,
	} {
		t.Run(text, func(t *testing.T) {
			cfg := FilterConfig{Matchers: []string{text}}
			require.Empty(t, cfg.Problems())
			assert.Equal(t, want, Filter{Matchers: cfg.Compile()}.Pass(a))
		})
	}
	both := FilterConfig{Matchers: []string{`team="search"`, `severity="info"`}}
	assert.False(t, Filter{Matchers: both.Compile()}.Pass(a), "all of them have to match")
	assert.True(t, Filter{Matchers: FilterConfig{}.Compile()}.Pass(a))
	assert.False(t, Filter{Severities: []string{"info"}, Matchers: FilterConfig{Matchers: []string{`team="search"`}}.Compile()}.Pass(a))
}

func TestMatchersThatCannotBeRead(t *testing.T) {
	cfg := NewDeliveryConfig()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{
		"filter": map[string]any{"matchers": []any{`a="b"`, `a=~"("`, `severity`, `{}`, ``}},
	}).Unmarshal(&cfg))
	err := errors.Join(cfg.Problems()...)
	for _, key := range []string{"filter::matchers::1", "filter::matchers::2", "filter::matchers::3", "filter::matchers::4"} {
		require.ErrorContains(t, err, key)
	}
	assert.NotContains(t, err.Error(), "matchers::0")
	assert.Nil(t, cfg.Filter.Compile())
}

func FuzzMatchers(f *testing.F) {
	for _, text := range []string{`a="b"`, `{a=~"b|c",d!=e}`, `"ü"!~"("`} {
		f.Add(text, "value")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		cfg := FilterConfig{Matchers: []string{text}}
		if err := cfg.Problems(); err != nil {
			assert.Nil(t, cfg.Compile())
			return
		}
		Filter{Matchers: cfg.Compile()}.Pass(alert(value, value, alertevent.Firing))
	})
}
