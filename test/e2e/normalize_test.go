// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/golden"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// config/policies/normalize.yaml gives spans of other conventions the attributes of
// OpenTelemetry's, and the ledger is the same with it before llm_cost, as without it.
func TestNormalize(t *testing.T) {
	for name, order := range map[string]string{
		"shipped":         "",
		"before llm_cost": "service::pipelines::traces::processors=[memory_limiter, transform/normalize, llm_cost, alert]",
	} {
		for _, convention := range []string{"openinference", "openllmetry", "otel-before-1.37"} {
			t.Run(name+"/"+convention, func(t *testing.T) {
				folder := filepath.Join(collector.Root(), "processor", "llmcostprocessor", "testdata", "traces", convention)
				td, err := golden.ReadTraces(filepath.Join(folder, "input.yaml"))
				require.NoError(t, err)
				raw, err := os.ReadFile(filepath.Join(folder, "totals.yaml"))
				require.NoError(t, err)
				var totals map[string]float64
				require.NoError(t, yaml.Unmarshal(raw, &totals))
				require.NotEmpty(t, totals)

				o := double.NewOTLP(t, "", "api-key", "a-license-key")
				p, options := adding(t, []string{"destinations/newrelic.yaml", "policies/normalize.yaml"},
					"NEW_RELIC_OTLP_ENDPOINT=http://"+o.HTTP, "NEW_RELIC_LICENSE_KEY=a-license-key")
				if order != "" {
					options.Set = append(options.Set, order)
				}
				process := collector.Start(t, options)
				body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
				require.NoError(t, err)
				require.True(t, postTraces(t.Context(), "http://"+p.http+"/v1/traces", body))

				calls, dollars := 0.0, 0.0
				for series, value := range totals {
					switch nameOfTotal(series) {
					case "arc_llm_calls_total":
						calls += value
					case "arc_llm_cost_dollars":
						dollars += value
					}
				}
				require.Positive(t, calls)
				require.EventuallyWithT(t, func(c *assert.CollectT) {
					found := scrape(c, "http://"+p.page+"/metrics")
					assert.Equal(c, calls, found.sum("arc_llm_calls_total"))
					assert.InDelta(c, dollars, found.sum("arc_llm_cost_dollars"), 1e-12)
					normalized := 0.0
					for _, span := range o.Spans() {
						attributes := span.Attributes()
						_, operation := attributes.Get("gen_ai.operation.name")
						_, provider := attributes.Get("gen_ai.provider.name")
						_, input := attributes.Get("gen_ai.usage.input_tokens")
						// A call that failed has no usage.
						if operation && provider && (input || span.Status().Code() == ptrace.StatusCodeError) {
							normalized++
						}
					}
					assert.GreaterOrEqual(c, normalized, calls)
				}, 30*time.Second, 200*time.Millisecond)
				process.Terminate(t, 20*time.Second)
			})
		}
	}
}

// nameOfTotal is the name in a series such as arc_llm_calls_total{model=gpt-4o}.
func nameOfTotal(series string) string {
	for i, r := range series {
		if r == '{' {
			return series[:i]
		}
	}
	return series
}
