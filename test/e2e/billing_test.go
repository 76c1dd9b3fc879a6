// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// What the providers billed is on the Prometheus page, and next to what was counted in the
// API and on the dashboard. It is there after a restart, without a request. Nobody can send
// billed costs.
func TestBillingIsComparedWithWhatWasCounted(t *testing.T) {
	api := double.NewBillingAPI(t)
	day := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -3)
	api.Set(
		double.Billed{Provider: "openai", Project: "proj_1", Model: "gpt-4o-2024-08-06", Day: day, Dollars: 0.0025, Input: 1000, Output: 0, Requests: 1},
		double.Billed{Provider: "openai", Item: "web search tool calls", Day: day, Dollars: 0.01},
		double.Billed{Provider: "anthropic", Model: "claude-sonnet-4-5-20250929", Day: day, Dollars: 1.5, Input: 500_000, Requests: 3},
		double.Billed{Provider: "openrouter", Model: "openai/gpt-4.1", Day: day, Dollars: 0.02, Input: 10_000, Requests: 1},
	)
	state := t.TempDir()
	start := func() (ports, *collector.Process) {
		p, options := adding(t, []string{"policies/state.yaml", "sources/llm-billing.yaml"}, "OTELCOL_ARC_STATE="+state, "LLM_BILLING_STORAGE=wal_storage",
			"OPENAI_ADMIN_KEY="+api.Key, "OPENAI_ADMIN_URL="+api.URL, "ANTHROPIC_ADMIN_KEY="+api.Key, "ANTHROPIC_ADMIN_URL="+api.URL,
			"OPENROUTER_MANAGEMENT_KEY="+api.Key, "OPENROUTER_ADMIN_URL="+api.URL)
		options.Set = append(options.Set, "receivers::llm_billing::collection_interval=500ms", "receivers::llm_billing::initial_delay=100ms")
		return p, collector.Start(t, options)
	}
	type row struct {
		Day, Provider, Model, Item, Cause string
		Counted                           float64 `json:"counted_dollars"`
		Billed                            float64 `json:"billed_dollars"`
		Calls                             int64
	}
	compared := func(c require.TestingT, p ports) map[string]row {
		status, body := fetch(c, fmt.Sprintf("http://%s/api/usage/billing?from=%s", p.dashboard, day.Format(time.DateOnly)))
		require.Equal(c, http.StatusOK, status, body)
		var response struct{ Data struct{ Rows []row } }
		require.NoError(c, json.Unmarshal([]byte(body), &response), body)
		found := map[string]row{}
		for _, each := range response.Data.Rows {
			found[each.Provider+" "+each.Model+each.Item] = each
		}
		return found
	}
	check := func(p ports) {
		t.Helper()
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			page := scrape(c, "http://"+p.page+"/metrics")
			assert.InDelta(c, 0.0025+0.01+1.5+0.02, page.sum("arc_llm_billed_cost_dollars"), 1e-9)
			assert.InDelta(c, 1000+1+500_000+10_000+1, page.sum("arc_llm_billed_usage"), 0)
			found := compared(c, p)
			name := day.Format(time.DateOnly)
			// Counting began today, on another day than the call that is counted.
			assert.Equal(c, row{name, "openai", "gpt-4o", "", "", 0.0025, 0.0025, 1}, found["openai gpt-4o"])
			assert.Equal(c, row{name, "openai", "", "web search tool calls", "not_counting", 0, 0.01, 0}, found["openai web search tool calls"])
			assert.InDelta(c, 1.5, found["anthropic claude-sonnet-4-5"].Billed, 1e-9)
			assert.Len(c, found, 4)
			_, html := fetch(c, "http://"+p.dashboard+"/")
			assert.Contains(c, html, "Counted and billed")
			assert.Contains(c, html, "web search tool calls")
		}, time.Minute, 200*time.Millisecond)
	}

	p, process := start()
	event := strings.Replace(llmEvent(call{model: "gpt-4o", input: 1000, output: 0}, 1), `"model"`, `"provider":"openai","model"`, 1)
	event = strings.Replace(event, time.Now().UTC().Format("2006-01-02T"), day.Format("2006-01-02T"), 1)
	postEvents(t, "http://"+p.arc, security{}, lines(event))
	check(p)
	// The export has the same cost, divided by the kinds of usage.
	status, export := fetch(t, fmt.Sprintf("http://%s/api/usage/focus?from=%[2]s&to=%[2]s", p.dashboard, day.Format(time.DateOnly)))
	require.Equal(t, http.StatusOK, status, export)
	table, err := csv.NewReader(strings.NewReader(export)).ReadAll()
	require.NoError(t, err)
	require.Len(t, table, 2, "a model, a kind")
	charge := map[string]string{}
	for i, id := range table[0] {
		charge[id] = table[1][i]
	}
	assert.Equal(t, []string{"OpenAI", "openai/gpt-4o/input", "0.0025", "0.0025", "2.5", day.Format(time.RFC3339)},
		[]string{charge["ProviderName"], charge["SkuId"], charge["EffectiveCost"], charge["ListCost"], charge["ListUnitPrice"], charge["ChargePeriodStart"]})
	status, export = fetch(t, "http://"+p.dashboard+"/api/usage/focus?format=parquet&from="+day.Format(time.DateOnly))
	require.Equal(t, http.StatusOK, status)
	assert.True(t, strings.HasPrefix(export, "PAR1") && strings.HasSuffix(export, "PAR1"))
	asked := len(api.Requests())
	process.Terminate(t, 20*time.Second)

	p, process = start()
	check(p)
	assert.Len(t, api.Requests(), asked, "the interval is not over")
	process.Terminate(t, 20*time.Second)
}
