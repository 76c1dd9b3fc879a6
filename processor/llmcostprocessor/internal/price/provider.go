// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import "strings"

// Provider identifiers that rules depend on.
const (
	Anthropic = "anthropic"
	Bedrock   = "bedrock"
	// local stands for all that run models on the user's own machines, where a
	// price per token of somebody else's would be wrong.
	local = "local"
)

// providers maps what telemetry and model names call a provider to the
// identifier in price files.
var providers = map[string]string{
	"openai":               "openai",
	"azure":                "azure",
	"azure_ai":             "azure",
	"azure_openai":         "azure",
	"azure-openai":         "azure",
	"az.ai.openai":         "azure",
	"az.ai.inference":      "azure",
	"azure.ai.openai":      "azure",
	"azure.ai.inference":   "azure",
	"anthropic":            Anthropic,
	"bedrock":              Bedrock,
	"aws":                  Bedrock,
	"aws_bedrock":          Bedrock,
	"aws.bedrock":          Bedrock,
	"amazon-bedrock":       Bedrock,
	"bedrock_converse":     Bedrock,
	"google":               "google",
	"gemini":               "google",
	"gcp.gemini":           "google",
	"gcp.gen_ai":           "google",
	"gcp.vertex_ai":        "google",
	"vertex_ai":            "google",
	"vertexai":             "google",
	"vertex":               "google",
	"google-gla":           "google",
	"google-vertex":        "google",
	"google_vertexai":      "google",
	"google_genai":         "google",
	"google.generative-ai": "google",
	"mistral":              "mistral",
	"mistralai":            "mistral",
	"mistral_ai":           "mistral",
	"cohere":               "cohere",
	"cohere_chat":          "cohere",
	"groq":                 "groq",
	"deepseek":             "deepseek",
	"xai":                  "xai",
	"x_ai":                 "xai",
	"x-ai":                 "xai",
	"voyage":               "voyage",
	"voyageai":             "voyage",
	"moonshot":             "moonshot",
	"moonshotai":           "moonshot",
	"moonshot_ai":          "moonshot",
	"perplexity":           "perplexity",
	"zai":                  "zai",
	"minimax":              "minimax",
	"ai21":                 "ai21",
	"dashscope":            "dashscope",
	"fireworks":            "fireworks",
	"fireworks_ai":         "fireworks",
	"together":             "together",
	"together_ai":          "together",
	"togetherai":           "together",
	"deepinfra":            "deepinfra",
	"cerebras":             "cerebras",
	"nebius":               "nebius",
	"novita":               "novita",
	"baseten":              "baseten",
	"databricks":           "databricks",
	"snowflake":            "snowflake",
	"replicate":            "replicate",
	"cloudflare":           "cloudflare",
	"vercel_ai_gateway":    "vercel_ai_gateway",
	"watsonx":              "watsonx",
	"ibm.watsonx.ai":       "watsonx",
	"oci":                  "oci",
	"openrouter":           "openrouter",
	"litellm":              "litellm",
	"litellm_proxy":        "litellm",
	"ollama":               local,
	"ollama_chat":          local,
	"vllm":                 local,
	"hosted_vllm":          local,
	"lm_studio":            local,
	"lmstudio":             local,
	"llamafile":            local,
	"llama_cpp":            local,
	"llama.cpp":            local,

	// Claude on Vertex, at Anthropic's prices, and counted as its API does.
	"vertex.anthropic.messages": Anthropic,
}

// CanonicalProvider returns the identifier that price files use for a provider
// as telemetry writes it. What is unknown is returned in lower case, up to a dot
// when that part is known, since some name an API behind it: openai.chat.
func CanonicalProvider(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if id, known := providers[name]; known {
		return id
	}
	if head, _, dotted := strings.Cut(name, "."); dotted {
		if id, known := providers[head]; known {
			return id
		}
	}
	return name
}
