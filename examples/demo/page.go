// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// arcSeries are the series of the cost by model and of the budget on the /metrics endpoint;
// none until there is a cost.
func arcSeries(ctx context.Context, address string) ([]string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s", response.Status)
	}
	if !strings.Contains(string(page), "arc_llm_cost_dollars{") {
		return nil, nil
	}
	var series []string
	for line := range strings.Lines(string(page)) {
		for _, name := range []string{"arc_llm_cost_dollars", "arc_llm_budget_used_ratio"} {
			if strings.HasPrefix(line, name+"{") {
				series = append(series, strings.TrimSpace(line))
			}
		}
	}
	slices.Sort(series)
	return series, nil
}
