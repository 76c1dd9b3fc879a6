// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
)

// bedrock has what AWS Cost Explorer reports of Amazon Bedrock. An extension signs the
// requests (sigv4auth, service ce, region us-east-1), so no key is needed. AWS bills
// $0.01 for each request.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html
var bedrock = Provider{
	Name: "bedrock", Endpoint: "https://ce.us-east-1.amazonaws.com", MaxDays: 366,
	Key: "the extension sigv4auth under auth::authenticator", Scope: "ce:GetCostAndUsage",
	Costs: bedrockCosts,
}

type costAndUsage struct {
	TimePeriod    timePeriod
	Granularity   string
	Metrics       []string
	GroupBy       []groupDefinition
	NextPageToken string `json:",omitempty"`
}

type timePeriod struct{ Start, End string }

type groupDefinition struct{ Type, Key string }

type costAndUsageResults struct {
	ResultsByTime []struct {
		TimePeriod timePeriod
		Groups     []struct {
			Keys    []string
			Metrics map[string]struct{ Amount, Unit string }
		}
	}
	NextPageToken string
}

// unblended is the metric of what is on the bill before the amortization of purchases.
const unblended = "UnblendedCost"

func bedrockCosts(ctx context.Context, api API, of Days) (costs []Cost, err error) {
	err = pages(func(page string) (string, error) {
		body, err := json.Marshal(costAndUsage{
			TimePeriod:  timePeriod{DayOf(of.From), DayOf(of.To)}, // the end is exclusive
			Granularity: "DAILY",
			Metrics:     []string{unblended},
			// Claude and others are services of the marketplace with names of their own,
			// which a filter by the service would have to list.
			GroupBy:       []groupDefinition{{"DIMENSION", "SERVICE"}, {"DIMENSION", "USAGE_TYPE"}},
			NextPageToken: page,
		})
		if err != nil {
			return "", err
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(api.Endpoint, "/")+"/", bytes.NewReader(body))
		if err != nil {
			return "", err
		}
		request.Header.Set("Content-Type", "application/x-amz-json-1.1")
		request.Header.Set("X-Amz-Target", "AWSInsightsIndexService.GetCostAndUsage")
		var results costAndUsageResults
		if err := api.Client.Do(ctx, request, &results); err != nil {
			return "", err
		}
		for _, result := range results.ResultsByTime {
			for _, group := range result.Groups {
				item, ok := itemOfBedrock(group.Keys)
				if !ok {
					continue
				}
				amount, err := parseAmount(group.Metrics[unblended].Amount, group.Metrics[unblended].Unit)
				if err != nil {
					return "", err
				}
				costs = append(costs, Cost{Day: result.TimePeriod.Start, Item: item, Dollars: amount})
			}
		}
		return results.NextPageToken, nil
	})
	return Merge(costs), err
}

const edition = " (Amazon Bedrock Edition)"

// itemOfBedrock returns the model, or the usage type, of what is Bedrock's. Models of
// others are services: "Claude Sonnet 4.5 (Amazon Bedrock Edition)". AWS' own are usage
// types: "USE1-NovaLite-input-tokens".
func itemOfBedrock(keys []string) (item string, ok bool) {
	if len(keys) != 2 {
		return "", false
	}
	service, usageType := keys[0], keys[1]
	if model, is := strings.CutSuffix(service, edition); is {
		return strings.NewReplacer(" ", "-", ".", "-").Replace(strings.ToLower(model)), true
	}
	if service != "Amazon Bedrock" {
		return "", false
	}
	if region, rest, has := strings.Cut(usageType, "-"); has && region == strings.ToUpper(region) {
		usageType = rest
	}
	return usageType, true
}
