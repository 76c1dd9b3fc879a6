// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"context"
	"encoding/json"
	"math/big"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// openAI has the organization's costs and usage.
// https://platform.openai.com/docs/api-reference/usage
var openAI = Provider{
	Name: "openai", Endpoint: "https://api.openai.com", MaxDays: 180,
	Key: "an admin key (sk-admin-…) of the organization", Scope: "api.usage.read",
	Authorize: func(r *http.Request, key string) { r.Header.Set("Authorization", "Bearer "+key) },
	Costs:     openAICosts, Usage: openAIUsage,
}

// openAIBucket is a day. Times are seconds since 1970.
type openAIBucket[T any] struct {
	StartTime int64 `json:"start_time"`
	Results   []T   `json:"results"`
}

func (b openAIBucket[T]) results() (day string, all []T) {
	return DayOf(time.Unix(b.StartTime, 0)), b.Results
}

type openAICost struct {
	Amount struct {
		// Value comes as a number and as a string.
		Value    json.RawMessage `json:"value"`
		Currency string          `json:"currency"`
	} `json:"amount"`
	LineItem  string `json:"line_item"`
	ProjectID string `json:"project_id"`
}

func openAICosts(ctx context.Context, api API, of Days) (costs []Cost, err error) {
	query := of.openAIQuery([]string{"project_id", "line_item"}, 180)
	err = readBuckets[openAIBucket[openAICost]](ctx, api, "/v1/organization/costs", query, func(day string, r *openAICost) error {
		amount, err := parseAmount(unquote(r.Amount.Value), r.Amount.Currency)
		if err != nil {
			return err
		}
		costs = append(costs, Cost{Day: day, Project: r.ProjectID, Item: modelOfLineItem(r.LineItem), Dollars: amount})
		return nil
	})
	return Merge(costs), err
}

func unquote(value json.RawMessage) string { return strings.Trim(string(value), "\"") }

// modelOfLineItem returns the model of a line item, or the line item where it has none.
// They are written "gpt-5.5-2026-04-23, cached input", "priority | gpt-5.5, output",
// "gpt-image-2 image, output", "web search tool calls".
func modelOfLineItem(item string) string {
	model, kind, ok := strings.Cut(item, ", ")
	if !ok || kind == "" {
		return item
	}
	if i := strings.LastIndex(model, " | "); i >= 0 {
		model = model[i+len(" | "):]
	}
	for _, modality := range [...]string{" image", " text", " audio", " video"} {
		model = strings.TrimSuffix(model, modality)
	}
	if model == "" || strings.Contains(model, " ") {
		return item
	}
	return model
}

type openAITokens struct {
	Input       int64  `json:"input_tokens"`
	Cached      int64  `json:"input_cached_tokens"`
	InputAudio  int64  `json:"input_audio_tokens"`
	Output      int64  `json:"output_tokens"`
	OutputAudio int64  `json:"output_audio_tokens"`
	Requests    int64  `json:"num_model_requests"`
	ProjectID   string `json:"project_id"`
	Model       string `json:"model"`
	Batch       *bool  `json:"batch"`
	ServiceTier string `json:"service_tier"`
}

// openAIUsage asks for completions, which include responses, and embeddings.
func openAIUsage(ctx context.Context, api API, of Days) (usage []Usage, err error) {
	for path, groups := range map[string][]string{
		"/v1/organization/usage/completions": {"project_id", "model", "batch", "service_tier"},
		"/v1/organization/usage/embeddings":  {"project_id", "model"},
	} {
		err = readBuckets[openAIBucket[openAITokens]](ctx, api, path, of.openAIQuery(groups, 31), func(day string, r *openAITokens) error {
			tier := r.ServiceTier
			if tier == "default" {
				tier = "standard"
			}
			if r.Batch != nil && *r.Batch {
				tier = "batch"
			}
			each := Usage{Day: day, Project: r.ProjectID, Model: r.Model, Tier: tier}
			// input_tokens and output_tokens include the others.
			usage = each.add(usage, input, r.Input-r.Cached-r.InputAudio)
			usage = each.add(usage, cacheRead, r.Cached)
			usage = each.add(usage, audioInput, r.InputAudio)
			usage = each.add(usage, output, r.Output-r.OutputAudio)
			usage = each.add(usage, audioOutput, r.OutputAudio)
			usage = each.add(usage, requests, r.Requests)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return usage, nil
}

func (u Usage) add(to []Usage, kind string, amount int64) []Usage {
	if amount <= 0 || u.Model == "" {
		return to
	}
	u.Kind, u.Amount = kind, amount
	return append(to, u)
}

// openAIQuery asks for days in groups, and for at most a number of days on a page.
func (d Days) openAIQuery(groups []string, limit int) url.Values {
	return url.Values{
		"group_by":     groups,
		"limit":        {strconv.Itoa(limit)},
		"bucket_width": {"1d"},
		"start_time":   {strconv.FormatInt(d.From.Unix(), 10)},
		"end_time":     {strconv.FormatInt(d.To.Unix(), 10)},
	}
}

var centsPerDollar = big.NewRat(100, 1)
