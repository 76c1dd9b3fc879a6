// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price/source"
)

// A name without a date takes what it lacks from its dated entries, where they agree.
func TestUndatedNamesAreComplete(t *testing.T) {
	const audio = `"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "input_cost_per_audio_token": 4e-5, "output_cost_per_audio_token": 8e-5`
	for name, tt := range map[string]struct{ entries, want string }{
		"two that agree": {`"a-2026-01-01": {"litellm_provider": "openai", ` + audio + `}, "a-20260202": {"litellm_provider": "openai", ` + audio + `}`, "i=1,o=2,ai=40,ao=80"},
		"one more kind": {`"a-2026-01-01": {"litellm_provider": "openai", ` + audio + `},
			"a-2026-02-02": {"litellm_provider": "openai", ` + audio + `, "cache_read_input_token_cost": 1e-7}`, "i=1,o=2,ai=40,ao=80"},
		"two that differ": {`"a-2026-01-01": {"litellm_provider": "openai", ` + audio + `},
			"a-2026-02-02": {"litellm_provider": "openai", "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "input_cost_per_audio_token": 5e-5}`, "i=1,o=2"},
		"of another price": {`"a-2026-01-01": {"litellm_provider": "openai", "input_cost_per_token": 3e-6, "output_cost_per_token": 2e-6, "input_cost_per_audio_token": 5e-5}`, "i=1,o=2"},
		"its own counts":   {`"a-2026-01-01": {"litellm_provider": "openai", ` + audio + `, "cache_read_input_token_cost": 1e-7}`, "i=1,o=2,cr=0.1,ai=40,ao=80"},
		"another seller":   {`"azure/a-2026-01-01": {"litellm_provider": "azure", ` + audio + `}`, "i=1,o=2"},
		"another model":    {`"a-mini-2026-01-01": {"litellm_provider": "openai", ` + audio + `}`, "i=1,o=2"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMerger(time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC))
			var err error
			m.genai, _, err = source.Genai(strings.NewReader(`[{"id": "openai", "models": [{"id": "a", "match": {"equals": "a"}, "prices": {"input_mtok": 1, "output_mtok": 2}}]}]`))
			require.NoError(t, err)
			m.litellm, _, err = source.Litellm(strings.NewReader("{" + tt.entries + "}"))
			require.NoError(t, err)
			for line := range strings.Lines(string(compact(m.merge(), "2026-11-28", "a test"))) {
				fields := strings.Split(strings.TrimSpace(line), "\t")
				if fields[0] == "openai" && strings.Split(fields[1], "|")[0] == "a" {
					assert.Equal(t, tt.want, fields[4])
					return
				}
			}
			t.Fatal("there is no a")
		})
	}
}
