// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestModelOfLineItem(t *testing.T) {
	for item, want := range map[string]string{
		"gpt-5.5-2026-04-23, input":                    "gpt-5.5-2026-04-23",
		"gpt-5.5-2026-04-23, cached input":             "gpt-5.5-2026-04-23",
		"priority | gpt-5.6-sol, output, long context": "gpt-5.6-sol",
		"gpt-image-2.5-flare image, output":            "gpt-image-2.5-flare",
		"gpt-audio-mini-2025-12-15 audio, input":       "gpt-audio-mini-2025-12-15",
		"whisper-1, audio":                             "whisper-1",
		"ft-gpt-4o-2024-08-06, input":                  "ft-gpt-4o-2024-08-06",
		"web search tool calls":                        "web search tool calls",
		"assistants api | file search":                 "assistants api | file search",
		"Vector storage":                               "Vector storage",
		"Some service, fee":                            "Some service, fee",
		", input":                                      ", input",
		"":                                             "",
	} {
		assert.Equal(t, want, modelOfLineItem(item), item)
	}
}

func TestItemsOfBedrock(t *testing.T) {
	for _, tt := range []struct {
		service, usageType, want string
		ok                       bool
	}{
		{"Claude Sonnet 4.5 (Amazon Bedrock Edition)", "USE1-MP:USE1_InputTokenCount-Units", "claude-sonnet-4-5", true},
		{"Amazon Bedrock", "USE1-NovaLite-input-tokens", "NovaLite-input-tokens", true},
		{"Amazon Bedrock", "Guardrail", "Guardrail", true},
		{"Amazon Simple Storage Service", "Requests", "", false},
	} {
		item, ok := itemOfBedrock([]string{tt.service, tt.usageType})
		assert.Equal(t, tt.ok, ok)
		assert.Equal(t, tt.want, item)
	}
	_, ok := itemOfBedrock(nil)
	assert.False(t, ok)
}

// fixed responds to every request with one body.
type fixed []byte

var errNotJSON = errors.New("not JSON")

func (f fixed) Do(_ context.Context, _ *http.Request, into any) error {
	if err := json.Unmarshal(f, into); err != nil {
		return errNotJSON
	}
	return nil
}

// No response makes a report that has amounts without a value, or usage without an amount.
func FuzzReports(f *testing.F) {
	f.Add([]byte(`{"data": [{"start_time": 1795737600, "results": [{"amount": {"value": 0.06, "currency": "usd"}, "line_item": "gpt-5, input"}]}], "has_more": false}`))
	f.Add([]byte(`{"data": [{"starting_at": "2026-11-27T00:00:00Z", "results": [{"amount": "1.5", "currency": "USD", "model": "claude"}]}]}`))
	f.Add([]byte(`{"data": [{"date": "2026-11-27", "model": "m", "usage": 1e-3}]}`))
	f.Add([]byte(`{"ResultsByTime": [{"TimePeriod": {"Start": "2026-11-27"}, "Groups": [{"Keys": ["Amazon Bedrock", "USE1-x"], "Metrics": {"UnblendedCost": {"Amount": "1", "Unit": "USD"}}}]}]}`))
	f.Add([]byte(`{"data": [], "has_more": true, "next_page": "x"}`))
	from := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	f.Add([]byte(`{"data":[null,{"results":[null]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for name, p := range Providers {
			costs, err := p.Costs(t.Context(), API{fixed(body), p.Endpoint}, Days{from, from.AddDate(0, 1, 0)})
			if err == nil {
				for _, cost := range costs {
					require.NotNil(t, cost.Dollars, name)
				}
			}
			if p.Usage != nil {
				usage, _ := p.Usage(t.Context(), API{fixed(body), p.Endpoint}, Days{from, from.AddDate(0, 1, 0)})
				for _, each := range usage {
					require.Positive(t, each.Amount, name)
				}
			}
		}
	})
}
