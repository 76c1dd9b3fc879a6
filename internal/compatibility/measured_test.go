// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package compatibility

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The table can be read, and names each instrumentation with a version.
func TestTable(t *testing.T) {
	all, err := measured()
	require.NoError(t, err)
	require.NotEmpty(t, all)
	for i := range all {
		assert.NotEmpty(t, all[i].Scope)
		assert.NotEmpty(t, all[i].Version, all[i].Scope)
		assert.NotEmpty(t, all[i].Title, all[i].Scope)
	}
}

// The longest name that fits counts, up to a dot.
func TestScopes(t *testing.T) {
	for scope, want := range map[string]string{
		"opentelemetry.instrumentation.cohere":                   "opentelemetry.instrumentation.cohere",
		"opentelemetry.instrumentation.openai.v1":                "opentelemetry.instrumentation.openai",
		"opentelemetry.instrumentation.openai_agents":            "opentelemetry.instrumentation.openai_agents",
		"opentelemetry.instrumentation.botocore.bedrock-runtime": "opentelemetry.instrumentation.botocore",
		"@arizeai/openinference-instrumentation-openai":          "@arizeai/openinference-instrumentation-openai",
	} {
		found := Of(scope)
		if assert.NotEmpty(t, found, scope) {
			assert.Equal(t, want, found[0].Scope, scope)
		}
	}
	assert.Empty(t, Of(""))
	assert.Empty(t, Of("opentelemetry"))
	assert.Empty(t, Of("opentelemetry.instrumentation.openaix"))
	assert.NotEmpty(t, Of("opentelemetry.instrumentation.cohere")[0].Problems, "it sends no calls")
}
