// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// The limits of the soak, instead of the defaults, so that what is sent goes beyond each of
// them within a third of an hour.
const (
	soakRows       = 20_000 // default 1,000,000
	soakDayRows    = 10_000 // 4,000,000
	soakModels     = 200    // 1,000
	soakSeries     = 2_000  // 5,000
	soakCalls      = 20_000 // 50,000
	soakRecords    = 30_000 // 100,000
	soakSamples    = 20_000 // 100,000 series of alert
	soakArcSeries  = 500    // 2,000
	soakResendIDs  = 10_000 // 100,000
	soakRetention  = "1h"   // 840h; older hours become days
	soakExpiration = "2m"   // 24h, of series on the Prometheus page
)

// soakConfig is config/default.yaml with config/policies/state.yaml in the directory, the
// limits above, a budget of each user and a Slack at the address.
func soakConfig(root, state, slack string) (settings, error) {
	c, err := defaults(root)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(root, "config", "policies", "state.yaml"))
	if err != nil {
		return nil, err
	}
	text = variable.ReplaceAllFunc(text, func(reference []byte) []byte {
		if string(variable.FindSubmatch(reference)[1]) == "OTELCOL_ARC_STATE" {
			return []byte(state)
		}
		return reference
	})
	var persistent settings
	if err := yaml.Unmarshal(text, &persistent); err != nil {
		return nil, err
	}
	merge(c, persistent)
	scrape := part(c, "receivers", "prometheus/self", "config")["scrape_configs"].([]any)[0].(settings)
	scrape["static_configs"] = []any{settings{"targets": []any{at(portTelemetry)}}}
	set(c, []any{settings{"pull": settings{"exporter": settings{"prometheus": settings{
		"host": "localhost", "port": portTelemetry + offset, "without_type_suffix": false, "without_units": false, "without_scope_info": false,
	}}}}}, "service", "telemetry", "metrics", "readers")

	cost := part(c, "processors", "llm_cost")
	maps.Copy(cost, settings{
		"metrics_interval": "15s",
		"max_rows":         soakRows,
		"max_day_rows":     soakDayRows,
		"max_models":       soakModels,
		"max_series":       soakSeries,
		"retention":        soakRetention,
		"calls":            settings{"max_entries": soakCalls},
		"dedup":            settings{"max_entries": soakRecords},
	})
	cost["budgets"] = append(cost["budgets"].([]any), settings{"name": "user", "window": "day", "by": []any{"user.id"}, "limit": 0.05})
	set(c, soakSamples, "processors", "alert", "storage", "max_series")
	set(c, soakArcSeries, "receivers", "arc", "max_series")
	set(c, soakResendIDs, "receivers", "arc", "max_resend_ids")
	set(c, soakExpiration, "exporters", "prometheus", "metric_expiration")
	set(c, slack, "exporters", "slack", "webhook_url")
	return profiled(c), nil
}

// merge overwrites with what is in from, key by key.
func merge(into, from settings) {
	for key, value := range from {
		inner, ok := value.(settings)
		if outer, both := into[key].(settings); ok && both {
			merge(outer, inner)
			continue
		}
		into[key] = value
	}
}
