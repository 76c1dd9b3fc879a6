// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFind(t *testing.T) {
	table, err := Embedded()
	require.NoError(t, err)
	for _, tt := range []struct {
		name, provider, model string
		want                  string // PROVIDER/NAME, empty: not found
	}{
		{"exact", "openai", "gpt-4o", "openai/gpt-4o"},
		{"exact, provider unsaid", "", "gpt-4o", "openai/gpt-4o"},
		{"a longer name is another model", "openai", "gpt-4o-mini", "openai/gpt-4o-mini"},
		{"a shorter name is another model", "openai", "gpt-4", "openai/gpt-4"},
		{"a name that only begins like a known one", "openai", "gpt-4o-ultra", ""},
		{"a name that a known one begins like", "openai", "gpt", ""},
		{"upper case", "OpenAI", "GPT-4o", "openai/gpt-4o"},
		{"alias", "openai", "gpt-4o-2024-08-06", "openai/gpt-4o"},
		{"a dated name with a price of its own", "openai", "gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13"},
		{"a date the table does not know", "openai", "gpt-4o-mini-2031-01-31", "openai/gpt-4o-mini"},
		{"a date of eight digits", "anthropic", "claude-3-5-sonnet-20301231", "anthropic/claude-3-5-sonnet"},
		{"latest", "anthropic", "claude-3-5-sonnet-latest", "anthropic/claude-3-5-sonnet"},
		{"a latest with prices of its own", "mistral_ai", "mistral-large-latest", "mistral/mistral-large-latest"},
		{"four digits are not a date", "mistral_ai", "mistral-large-9912", ""},
		{"OpenAI route", "", "openai/gpt-4o-mini", "openai/gpt-4o-mini"},
		{"Anthropic route", "", "anthropic/claude-3-haiku-20240307", "anthropic/claude-3-haiku"},
		{"OpenRouter's dots", "openrouter", "anthropic/claude-3.5-sonnet", "openrouter/anthropic/claude-3.5-sonnet"},
		{"two routes", "", "openrouter/openai/gpt-4o", "openrouter/openai/gpt-4o"},
		{"a free variant is not the paid one", "openrouter", "openai/gpt-4o:free", "openrouter/openai/gpt-4o"},
		{"unknown route", "", "acme/gpt-4o", ""},
		{"Azure route", "", "azure/gpt-4o", "azure/gpt-4o"},
		{"Azure provider", "azure.ai.openai", "gpt-4o-2024-11-20", "azure/gpt-4o"},
		{"Azure's name", "azure.ai.openai", "gpt-35-turbo", "azure/gpt-35-turbo"},
		{"Google's resource", "gcp.gemini", "models/gemini-2.5-pro", "google/gemini-2.5-pro"},
		{"Vertex resource", "gcp.vertex_ai", "projects/p/locations/l/publishers/google/models/gemini-2.5-flash", "vertex/gemini-2.5-flash"},
		{"Vertex date", "", "vertex_ai/claude-3-5-sonnet@20241022", "vertex/claude-3-5-sonnet"},
		{"Bedrock", "aws.bedrock", "anthropic.claude-3-5-sonnet-20241022-v2:0", "bedrock/claude-3-5-sonnet"},
		{"Bedrock profile", "aws.bedrock", "us.anthropic.claude-3-5-sonnet-20241022-v2:0", "bedrock/claude-3-5-sonnet"},
		{"Bedrock, long context", "", "anthropic.claude-3-haiku-20240307-v1:0:200k", "bedrock/claude-3-haiku"},
		{"Bedrock, version alone", "", "global.anthropic.claude-opus-4-6-v1", "bedrock/claude-opus-4-6"},
		{"Bedrock premium of a region", "aws.bedrock", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock/claude-sonnet-4-5"},
		{"Bedrock without the premium", "aws.bedrock", "global.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock/claude-sonnet-4-5"},
		{"Bedrock route", "", "bedrock/converse/us.amazon.nova-pro-v1:0", "bedrock/nova-pro"},
		{"Bedrock's name with its maker as provider", "anthropic", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock/claude-sonnet-4-5"},
		{"ARN with its maker as provider", "anthropic", "arn:aws:bedrock:us-east-2:1:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock/claude-sonnet-4-5"},
		{"Bedrock's name at another maker", "openai", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", ""},
		{"Bedrock's name at another seller", "azure.ai.openai", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", ""},
		{"LiteLLM's bridge to an API", "openai", "openai/responses/gpt-4o", "openai/gpt-4o"},
		{"LiteLLM's bridge to an API, of Azure", "azure", "responses/gpt-4o", "azure/gpt-4o"},
		{"ARN of a model", "", "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0", "bedrock/claude-3-haiku"},
		{"ARN of a profile", "", "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock/claude-sonnet-4-5"},
		{"ARN that names no model", "", "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/a1b2c3", ""},
		{"ARN without a resource", "", "arn:aws:bedrock", ""},
		{"fine-tuned", "openai", "ft:gpt-4o-2024-08-06:org::id", "openai/ft:gpt-4o-2024-08-06"},
		{"fine-tuned mini", "openai", "ft:gpt-4o-mini-2024-07-18:org:suffix:id", "openai/ft:gpt-4o-mini-2024-07-18"},
		{"fine-tuned of an unknown base", "openai", "ft:gpt-5:org::id", ""},
		{"host's price with the host named", "groq", "openai/gpt-oss-120b", "groq/openai/gpt-oss-120b"},
		{"host's price without the maker", "groq", "gpt-oss-120b", "groq/openai/gpt-oss-120b"},
		{"host's price by route", "", "groq/llama-3.3-70b-versatile", "groq/llama-3.3-70b-versatile"},
		{"host's price without the host", "", "openai/gpt-oss-120b", ""},
		{"host's price with another host", "anyscale", "openai/gpt-oss-120b", ""},
		{"own machine", "ollama", "gpt-4o", ""},
		{"own machine by route", "", "ollama/gpt-4o", ""},
		{"own machine, weights of a provider", "vllm", "mistralai/mistral-small-latest", ""},
		{"own machine, route to another provider", "hosted_vllm", "openai/gpt-4o", ""},
		{"own machine, tag of a model", "", "mistral:7b", ""},
		{"provider and model as a framework writes them", "", "anthropic:claude-sonnet-4-5", "anthropic/claude-sonnet-4-5"},
		{"the same, with a region behind", "", "bedrock:eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock/claude-sonnet-4-5"},
		{"Vertex version", "gcp.vertex_ai", "claude-3-5-sonnet-v2@20241022", "vertex/claude-3-5-sonnet"},
		{"a dated name that the lists know by a pattern", "gcp.gemini", "gemini-2.5-pro-preview-06-05", "google/gemini-2.5-pro"},
		{"Bedrock profile of India", "aws.bedrock", "in.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock/claude-sonnet-4-5"},
		{"Claude Code's mark of a long context", "anthropic", "claude-sonnet-4-5-20250929[1m]", "anthropic/claude-sonnet-4-5"},
		{"provider with the API behind it", "openai.chat", "gpt-4o", "openai/gpt-4o"},
		{"a maker's name at another seller's route", "openai", "openrouter/openai/gpt-4o", ""},
		{"a maker's route at another maker", "openai", "anthropic/claude-sonnet-4-5", ""},
		{"a resold model at its maker", "anthropic", "anthropic/claude-sonnet-4-5", "anthropic/claude-sonnet-4-5"},
		{"a resold model at the reseller", "perplexity", "anthropic/claude-sonnet-4-5", "perplexity/anthropic/claude-sonnet-4-5"},
		{"maker of the route", "", "x-ai/grok-4-0709", "xai/grok-4-0709"},
		{"an open model on an unknown host", "", "mistralai/mistral-small-2506", ""},
		{"proxy before the route", "litellm", "litellm_proxy/azure/gpt-4o", "azure/gpt-4o"},
		{"profile and maker cut off", "aws.bedrock", "nova-lite-v1:0", "bedrock/nova-lite"},
		{"deployment of Azure", "azure.ai.openai", "our-chat", ""},
		{"nothing", "openai", "", ""},
		{"slashes alone", "", "///", ""},
		{"dots alone", "", "us.anthropic.", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for range 2 { // resolved, then remembered
				m, ok := table.Find(tt.provider, tt.model)
				if tt.want == "" {
					assert.False(t, ok)
					continue
				}
				if assert.True(t, ok) {
					assert.Equal(t, tt.want, m.Provider+"/"+m.Name)
				}
			}
		})
	}
}
