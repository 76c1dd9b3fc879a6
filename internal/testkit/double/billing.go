// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package double

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Billed is what the providers of a [BillingAPI] billed for a model on a day.
type Billed struct {
	Provider, Project, Model string
	Day                      time.Time // midnight UTC
	// Item is for what is not a model, such as web searches.
	Item    string
	Dollars float64
	// Input excludes cached tokens; Tier is "" for the standard one.
	Input, Cached, Output, Requests int64
	Tier                            string
}

// BillingAPI stands in for the cost and usage reports of OpenAI, Anthropic, OpenRouter and
// AWS Cost Explorer, with the schemas, parameters, pages and errors that they document:
//
//   - https://platform.openai.com/docs/api-reference/usage
//   - https://platform.claude.com/docs/en/api/admin-api/usage-cost/get-cost-report
//   - https://openrouter.ai/docs/api/api-reference/analytics/get-user-activity
//   - https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html
type BillingAPI struct {
	URL string
	// Key is the only one that is accepted.
	Key string

	mu       sync.Mutex
	billed   []Billed
	respond  func(http.ResponseWriter, *http.Request) (done bool)
	requests []string
}

// NewBillingAPI starts the double; it ends with the test.
func NewBillingAPI(tb testing.TB) *BillingAPI {
	tb.Helper()
	b := &BillingAPI{Key: "sk-admin-of-the-double"}
	server := httptest.NewServer(b)
	tb.Cleanup(server.Close)
	b.URL = server.URL
	return b
}

// Set sets all that was billed.
func (b *BillingAPI) Set(billed ...Billed) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.billed = billed
}

// Respond sets a function that may respond instead; nil for none.
func (b *BillingAPI) Respond(respond func(http.ResponseWriter, *http.Request) (done bool)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.respond = respond
}

// Requests are the paths that were asked for, with their queries.
func (b *BillingAPI) Requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.requests)
}

// ServeHTTP responds to a request for a report.
func (b *BillingAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests = append(b.requests, r.URL.String())
	if b.respond != nil && b.respond(w, r) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/v1/organization/costs", "/v1/organization/usage/completions", "/v1/organization/usage/embeddings":
		b.openAI(w, r)
	case "/v1/organizations/cost_report", "/v1/organizations/usage_report/messages":
		b.anthropic(w, r)
	case "/api/v1/activity":
		b.openRouter(w, r)
	case "/":
		b.costExplorer(w, r)
	default:
		http.NotFound(w, r)
	}
}

// bucketsPerPage is less than what the providers have, so that a few days have pages.
const bucketsPerPage = 3

// page cuts the days of [from, to) that a page has. Its token is opaque to clients.
func page(token string, from, to time.Time, limit int) (days []time.Time, next string) {
	if content, err := base64.RawURLEncoding.DecodeString(token); err == nil && token != "" {
		if at, err := time.Parse(time.DateOnly, string(content)); err == nil {
			from = at
		}
	}
	for at := from.Truncate(24 * time.Hour); at.Before(to); at = at.AddDate(0, 0, 1) {
		if len(days) == min(limit, bucketsPerPage) {
			return days, base64.RawURLEncoding.EncodeToString([]byte(at.Format(time.DateOnly)))
		}
		days = append(days, at)
	}
	return days, ""
}

func (b *BillingAPI) of(provider string, day time.Time) (found []Billed) {
	for _, each := range b.billed {
		if each.Provider == provider && each.Day.Equal(day) {
			found = append(found, each)
		}
	}
	return found
}

func write(w http.ResponseWriter, status int, body any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

type object = map[string]any

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func (b *BillingAPI) openAI(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+b.Key {
		write(w, http.StatusUnauthorized, object{"error": object{
			"message": "Incorrect API key provided: " + strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ") + ".", "type": "invalid_request_error", "code": "invalid_api_key",
		}})
		return
	}
	query := r.URL.Query()
	from, to, err := seconds(query.Get("start_time"), query.Get("end_time"))
	limit, _ := strconv.Atoi(query.Get("limit"))
	costs := r.URL.Path == "/v1/organization/costs"
	most := 31
	if costs {
		most = 180
	}
	if err != nil || limit < 1 || limit > most || query.Get("bucket_width") != "1d" {
		write(w, http.StatusBadRequest, object{"error": object{"message": "invalid parameters " + r.URL.RawQuery, "type": "invalid_request_error"}})
		return
	}
	days, next := page(query.Get("page"), from, to, limit)
	buckets := []object{}
	for _, day := range days {
		results := []object{}
		for _, each := range b.of("openai", day) {
			switch {
			case costs:
				for _, item := range lineItems(&each) {
					results = append(results, object{
						"object": "organization.costs.result", "amount": object{"value": item.dollars, "currency": "usd"},
						"line_item": item.name, "project_id": orNull(each.Project), "organization_id": "org-1",
					})
				}
			case strings.HasSuffix(r.URL.Path, "/completions") && each.Model != "":
				tier := each.Tier
				if tier == "" || tier == "batch" {
					tier = "default"
				}
				results = append(results, object{
					"object": "organization.usage.completions.result", "input_tokens": each.Input + each.Cached, "output_tokens": each.Output,
					"input_cached_tokens": each.Cached, "input_audio_tokens": 0, "output_audio_tokens": 0, "num_model_requests": each.Requests,
					"project_id": orNull(each.Project), "user_id": nil, "api_key_id": nil, "model": each.Model, "batch": each.Tier == "batch", "service_tier": tier,
				})
			}
		}
		buckets = append(buckets, object{"object": "bucket", "start_time": day.Unix(), "end_time": day.AddDate(0, 0, 1).Unix(), "results": results})
	}
	write(w, http.StatusOK, object{"object": "page", "data": buckets, "has_more": next != "", "next_page": orNull(next)})
}

type lineItem struct {
	name    string
	dollars any
}

// lineItems splits what a model cost as OpenAI does: 30 % for cached input as a string, the
// form in which small amounts come, and the rest in two numbers.
func lineItems(b *Billed) []lineItem {
	if b.Model == "" {
		return []lineItem{{b.Item, b.Dollars}}
	}
	prefix := ""
	if b.Tier == "priority" || b.Tier == "batch" {
		prefix = b.Tier + " | "
	}
	return []lineItem{
		{prefix + b.Model + ", input", b.Dollars / 4},
		{prefix + b.Model + ", cached input", strconv.FormatFloat(b.Dollars/4, 'f', -1, 64)},
		{prefix + b.Model + ", output", b.Dollars / 2},
	}
}

func seconds(from, to string) (start, end time.Time, err error) {
	a, err := strconv.ParseInt(from, 10, 64)
	if err != nil {
		return start, end, err
	}
	z, err := strconv.ParseInt(to, 10, 64)
	return time.Unix(a, 0).UTC(), time.Unix(z, 0).UTC(), err
}

func (b *BillingAPI) anthropic(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Api-Key") != b.Key || r.Header.Get("Anthropic-Version") == "" {
		write(w, http.StatusUnauthorized, object{"type": "error", "error": object{"type": "authentication_error", "message": "invalid x-api-key"}})
		return
	}
	query := r.URL.Query()
	from, err := time.Parse(time.RFC3339, query.Get("starting_at"))
	to, errTo := time.Parse(time.RFC3339, query.Get("ending_at"))
	limit, _ := strconv.Atoi(query.Get("limit"))
	if err != nil || errTo != nil || limit < 1 || limit > 31 || query.Get("bucket_width") != "1d" || len(query["group_by[]"]) == 0 {
		write(w, http.StatusBadRequest, object{"type": "error", "error": object{"type": "invalid_request_error", "message": "invalid parameters " + r.URL.RawQuery}})
		return
	}
	days, next := page(query.Get("page"), from, to, limit)
	buckets := []object{}
	for _, day := range days {
		results := []object{}
		for _, each := range b.of("anthropic", day) {
			if strings.HasSuffix(r.URL.Path, "/cost_report") {
				results = append(results, anthropicCosts(&each)...)
			} else if each.Model != "" {
				results = append(results, object{
					"uncached_input_tokens": each.Input, "cache_read_input_tokens": each.Cached, "output_tokens": each.Output,
					"cache_creation":  object{"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
					"server_tool_use": object{"web_search_requests": 0}, "api_key_id": nil, "workspace_id": orNull(each.Project),
					"model": each.Model, "service_tier": tierOf(&each), "context_window": nil,
				})
			}
		}
		buckets = append(buckets, object{"starting_at": day.Format(time.RFC3339), "ending_at": day.AddDate(0, 0, 1).Format(time.RFC3339), "results": results})
	}
	write(w, http.StatusOK, object{"data": buckets, "has_more": next != "", "next_page": orNull(next)})
}

// anthropicCosts has a result for each kind of token. Amounts are cents.
func anthropicCosts(b *Billed) (results []object) {
	cents := func(part float64) string { return strconv.FormatFloat(b.Dollars*part*100, 'f', -1, 64) }
	if b.Model == "" {
		return []object{{"currency": "USD", "amount": cents(1), "workspace_id": orNull(b.Project), "description": "Web Search Usage", "cost_type": b.Item, "model": nil, "service_tier": nil, "token_type": nil, "context_window": nil}}
	}
	for kind, part := range map[string]float64{"uncached_input_tokens": .5, "output_tokens": .5} {
		results = append(results, object{
			"currency": "USD", "amount": cents(part), "workspace_id": orNull(b.Project), "description": b.Model + " Usage", "cost_type": "tokens",
			"model": b.Model, "service_tier": tierOf(b), "token_type": kind, "context_window": "0-200k",
		})
	}
	return results
}

func tierOf(b *Billed) string {
	if b.Tier == "" {
		return "standard"
	}
	return b.Tier
}

func (b *BillingAPI) openRouter(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+b.Key {
		write(w, http.StatusForbidden, object{"error": object{"code": 403, "message": "Only management keys can perform this operation"}})
		return
	}
	items := []object{}
	for _, each := range b.billed {
		if each.Provider != "openrouter" {
			continue
		}
		items = append(items, object{
			"date": each.Day.Format(time.DateOnly), "model": each.Model, "model_permaslug": each.Model + "-2026-01-01", "endpoint_id": "550e8400-e29b-41d4-a716-446655440000",
			"provider_name": "OpenAI", "usage": each.Dollars, "byok_usage_inference": 0.0, "requests": each.Requests,
			"prompt_tokens": each.Input + each.Cached, "completion_tokens": each.Output, "reasoning_tokens": 0,
		})
	}
	write(w, http.StatusOK, object{"data": items})
}

// costExplorer has two groups a page.
func (b *BillingAPI) costExplorer(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.Header.Get("Authorization"), "/us-east-1/ce/aws4_request") {
		write(w, http.StatusBadRequest, object{"__type": "AccessDeniedException", "Message": "the request is not signed for ce"})
		return
	}
	var query struct {
		TimePeriod    struct{ Start, End string }
		Granularity   string
		NextPageToken string
	}
	if err := json.NewDecoder(r.Body).Decode(&query); err != nil || query.Granularity != "DAILY" || r.Header.Get("X-Amz-Target") != "AWSInsightsIndexService.GetCostAndUsage" {
		write(w, http.StatusBadRequest, object{"__type": "ValidationException", "Message": fmt.Sprint("invalid request: ", err)})
		return
	}
	from, _ := time.Parse(time.DateOnly, query.TimePeriod.Start)
	to, _ := time.Parse(time.DateOnly, query.TimePeriod.End)
	days, next := page(query.NextPageToken, from, to, 366)
	results := []object{}
	for _, day := range days {
		groups := []object{{"Keys": []string{"Amazon Simple Storage Service", "USE1-Requests"}, "Metrics": object{"UnblendedCost": object{"Amount": "12.5", "Unit": "USD"}}}}
		for _, each := range b.of("bedrock", day) {
			keys := []string{"Amazon Bedrock", each.Item}
			if each.Model != "" {
				keys = []string{each.Model + " (Amazon Bedrock Edition)", "USE1-MP:USE1_InputTokenCount-Units"}
			}
			groups = append(groups, object{"Keys": keys, "Metrics": object{"UnblendedCost": object{"Amount": strconv.FormatFloat(each.Dollars, 'f', -1, 64), "Unit": "USD"}}})
		}
		results = append(results, object{
			"TimePeriod": object{"Start": day.Format(time.DateOnly), "End": day.AddDate(0, 0, 1).Format(time.DateOnly)}, "Estimated": true, "Total": object{}, "Groups": groups,
		})
	}
	body := object{"ResultsByTime": results, "DimensionValueAttributes": []any{}}
	if next != "" {
		body["NextPageToken"] = next
	}
	write(w, http.StatusOK, body)
}
