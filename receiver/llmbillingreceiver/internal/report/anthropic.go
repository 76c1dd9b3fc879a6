// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// anthropic has the organization's cost report and usage report.
// https://platform.claude.com/docs/en/api/admin-api/usage-cost/get-cost-report
// https://platform.claude.com/docs/en/api/admin-api/usage-cost/get-messages-usage-report
// Costs of the priority tier are not part of the cost report.
var anthropic = Provider{
	Name: "anthropic", Endpoint: "https://api.anthropic.com", MaxDays: 366,
	Key: "an admin key (sk-ant-admin…) of the organization", Scope: "the role admin",
	Authorize: func(r *http.Request, key string) {
		r.Header.Set("X-Api-Key", key)
		r.Header.Set("Anthropic-Version", "2023-06-01")
	},
	Costs: anthropicCosts, Usage: anthropicUsage,
}

// anthropicBucket is a day.
type anthropicBucket[T any] struct {
	StartingAt time.Time `json:"starting_at"`
	Results    []T       `json:"results"`
}

func (b anthropicBucket[T]) results() (day string, all []T) { return DayOf(b.StartingAt), b.Results }

type anthropicCost struct {
	// Amount is in cents, with decimals: "123.45" is $1.2345.
	Amount      string `json:"amount"`
	Currency    string `json:"currency"`
	WorkspaceID string `json:"workspace_id"`
	Description string `json:"description"`
	CostType    string `json:"cost_type"`
	Model       string `json:"model"`
}

func anthropicCosts(ctx context.Context, api API, of Days) (costs []Cost, err error) {
	query := of.anthropicQuery("workspace_id", "description")
	err = readBuckets[anthropicBucket[anthropicCost]](ctx, api, "/v1/organizations/cost_report", query, func(day string, r *anthropicCost) error {
		amount, err := parseAmount(r.Amount, r.Currency)
		if err != nil {
			return err
		}
		cost := Cost{Day: day, Project: r.WorkspaceID, Item: r.Model, Dollars: amount.Quo(amount, centsPerDollar)}
		switch {
		case r.Model != "":
		case r.CostType != "":
			cost.Item = r.CostType // web_search, code_execution, session_usage
		default:
			cost.Item = r.Description
		}
		costs = append(costs, cost)
		return nil
	})
	return Merge(costs), err
}

type anthropicTokens struct {
	Input         int64 `json:"uncached_input_tokens"`
	CacheRead     int64 `json:"cache_read_input_tokens"`
	CacheCreation struct {
		FiveMinutes int64 `json:"ephemeral_5m_input_tokens"`
		Hour        int64 `json:"ephemeral_1h_input_tokens"`
	} `json:"cache_creation"`
	Output        int64 `json:"output_tokens"`
	ServerToolUse struct {
		WebSearches int64 `json:"web_search_requests"`
	} `json:"server_tool_use"`
	WorkspaceID string `json:"workspace_id"`
	Model       string `json:"model"`
	ServiceTier string `json:"service_tier"`
}

func anthropicUsage(ctx context.Context, api API, of Days) (usage []Usage, err error) {
	query := of.anthropicQuery("workspace_id", "model", "service_tier")
	err = readBuckets[anthropicBucket[anthropicTokens]](ctx, api, "/v1/organizations/usage_report/messages", query, func(day string, r *anthropicTokens) error {
		each := Usage{Day: day, Project: r.WorkspaceID, Model: r.Model, Tier: r.ServiceTier}
		usage = each.add(usage, input, r.Input)
		usage = each.add(usage, cacheRead, r.CacheRead)
		usage = each.add(usage, cacheWrite, r.CacheCreation.FiveMinutes)
		usage = each.add(usage, cacheWrite1h, r.CacheCreation.Hour)
		usage = each.add(usage, output, r.Output)
		usage = each.add(usage, webSearches, r.ServerToolUse.WebSearches)
		return nil
	})
	return usage, err
}

// anthropicQuery asks for days in groups.
func (d Days) anthropicQuery(groups ...string) url.Values {
	return url.Values{
		"group_by[]":   groups,
		"limit":        {"31"},
		"bucket_width": {"1d"},
		"starting_at":  {d.From.UTC().Format(time.RFC3339)},
		"ending_at":    {d.To.UTC().Format(time.RFC3339)},
	}
}
