// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package source

import "strings"

// sellers are what the lists call a seller, where our price files have another
// name for it.
var sellers = map[string]string{
	"aws": "bedrock", "bedrock_converse": "bedrock", "bedrock_mantle": "bedrock", "amazon-bedrock": "bedrock",
	"azure_ai": "azure", "azure_text": "azure", "azure-cognitive-services": "azure",
	"text-completion-openai": "openai",
	"gemini":                 "google",
	"cohere_chat":            "cohere",
	"x-ai":                   "xai",
	"voyageai":               "voyage",
	"moonshotai":             "moonshot", "moonshotai-cn": "moonshot_cn",
	"fireworks_ai": "fireworks", "fireworks_ai-embedding-models": "fireworks", "fireworks-ai": "fireworks",
	"together_ai": "together", "togetherai": "together",
	"text-completion-codestral": "mistral", "codestral": "mistral",
	"text-completion-inception": "inception",
	"zhipuai":                   "bigmodel", "zai-coding-plan": "", "zhipuai-coding-plan": "",
	"alibaba": "dashscope", "google-vertex": "vertex", "google-vertex-anthropic": "vertex",
	"vercel": "vercel_ai_gateway", "cloudflare-workers-ai": "cloudflare",
	"friendliai": "friendli", "nebius-ai": "nebius", "novita-ai": "novita", "github-models": "github_models",
}

// sellerOf returns our name of a seller.
func sellerOf(id string) string {
	id = strings.ToLower(id)
	if strings.HasPrefix(id, "vertex_ai") {
		return "vertex"
	}
	if ours, ok := sellers[id]; ok {
		return ours
	}
	return id
}

// planned are those that sell plans or local models instead of calls, or whose
// entries are of another trade (searches, parsing).
var planned = map[string]bool{
	"ollama": true, "sagemaker": true, "custom": true, "github_copilot": true, "github-copilot": true, "chatgpt": true,
	"lemonade": true, "cursor": true, "microsoft_365_copilot": true, "github_models": true, "opencode_go": true,
}
