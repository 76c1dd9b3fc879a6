// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// openRouter has the activity of the account by model, for the last 30 completed days (UTC).
// https://openrouter.ai/docs/api/api-reference/analytics/get-user-activity
var openRouter = Provider{
	Name: "openrouter", Endpoint: "https://openrouter.ai", MaxDays: 30,
	Key: "a management key", Scope: "a management key (keys for inference cannot read the activity)",
	Authorize: func(r *http.Request, key string) { r.Header.Set("Authorization", "Bearer "+key) },
	Costs:     openRouterCosts, Usage: openRouterUsage,
}

type openRouterItem struct {
	Date string `json:"date"` // 2025-08-24, with a time of day in some responses
	// Model is as it is called, Permaslug with its date.
	Model            string      `json:"model"`
	Permaslug        string      `json:"model_permaslug"`
	Dollars          json.Number `json:"usage"`
	Requests         int64       `json:"requests"`
	PromptTokens     int64       `json:"prompt_tokens"`
	CompletionTokens int64       `json:"completion_tokens"`
	ReasoningTokens  int64       `json:"reasoning_tokens"`
}

// openRouterCosts leaves out what other providers bill for keys of the user's own
// (byok_usage_inference).
func openRouterCosts(ctx context.Context, api API, of Days) (costs []Cost, err error) {
	err = openRouterActivity(ctx, api, of, func(day string, item *openRouterItem) error {
		amount, err := parseAmount(item.Dollars.String(), "USD")
		if err != nil {
			return err
		}
		costs = append(costs, Cost{Day: day, Item: item.Model, Dollars: amount})
		return nil
	})
	return Merge(costs), err
}

func openRouterUsage(ctx context.Context, api API, of Days) (usage []Usage, err error) {
	err = openRouterActivity(ctx, api, of, func(day string, item *openRouterItem) error {
		each := Usage{Day: day, Model: item.Model}
		usage = each.add(usage, input, item.PromptTokens)
		usage = each.add(usage, output, item.CompletionTokens-item.ReasoningTokens)
		usage = each.add(usage, reasoning, item.ReasoningTokens)
		usage = each.add(usage, requests, item.Requests)
		return nil
	})
	return usage, err
}

// openRouterActivity asks for all days at once: the endpoint has no pages, and a filter for
// one day alone.
func openRouterActivity(ctx context.Context, api API, of Days, add func(day string, item *openRouterItem) error) error {
	var body struct {
		Data []openRouterItem `json:"data"`
	}
	if err := api.get(ctx, "/api/v1/activity", nil, &body); err != nil {
		return err
	}
	for i := range body.Data {
		item := &body.Data[i]
		if len(item.Date) < len(time.DateOnly) {
			return fmt.Errorf("%.64q is not a date", item.Date)
		}
		day, err := time.Parse(time.DateOnly, item.Date[:len(time.DateOnly)])
		if err != nil {
			return fmt.Errorf("%.64q is not a date", item.Date)
		}
		if day.Before(of.From) || !day.Before(of.To) {
			continue
		}
		if err := add(DayOf(day), item); err != nil {
			return err
		}
	}
	return nil
}
