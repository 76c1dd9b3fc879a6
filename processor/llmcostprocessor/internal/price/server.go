// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import "strings"

// hosts are the addresses of sellers' APIs; those with a dot before them are the ends
// of addresses.
var hosts = map[string]string{
	"api.openai.com": "openai", ".api.openai.com": "openai",
	"api.anthropic.com": Anthropic,
	".openai.azure.com": azure, ".services.ai.azure.com": azure, ".cognitiveservices.azure.com": azure, ".inference.ai.azure.com": azure, ".models.ai.azure.com": azure, ".openai.azure.us": azure,
	"generativelanguage.googleapis.com": Google,
	"aiplatform.googleapis.com":         Vertex, ".aiplatform.googleapis.com": Vertex, "-aiplatform.googleapis.com": Vertex,
	"api.mistral.ai": "mistral", "codestral.mistral.ai": "mistral",
	"api.cohere.com": "cohere", "api.cohere.ai": "cohere",
	"api.groq.com": "groq", "api.deepseek.com": "deepseek", "api.x.ai": "xai", ".api.x.ai": "xai", "api.voyageai.com": "voyage",
	"api.moonshot.ai": "moonshot", "api.moonshot.cn": "moonshot_cn",
	"api.perplexity.ai": "perplexity", "api.z.ai": "zai", "open.bigmodel.cn": "bigmodel",
	"api.minimax.io": "minimax", "api.minimaxi.com": "minimax_cn",
	"api.ai21.com": "ai21", "dashscope-intl.aliyuncs.com": "dashscope", "dashscope-us.aliyuncs.com": "dashscope", "dashscope.aliyuncs.com": "dashscope_cn",
	"api.fireworks.ai": "fireworks", "api.together.xyz": "together", "api.together.ai": "together",
	"api.deepinfra.com": "deepinfra", "api.cerebras.ai": "cerebras", "api.sambanova.ai": "sambanova",
	"api.studio.nebius.ai": "nebius", "api.studio.nebius.com": "nebius", "api.tokenfactory.nebius.com": "nebius",
	"api.novita.ai": "novita", "inference.baseten.co": "baseten", ".cloud.databricks.com": "databricks", ".azuredatabricks.net": "databricks", ".gcp.databricks.com": "databricks",
	".snowflakecomputing.com": "snowflake", "api.replicate.com": "replicate", "ai-gateway.vercel.sh": "vercel_ai_gateway",
	"openrouter.ai": openRouter, ".openrouter.ai": openRouter, "router.huggingface.co": "huggingface",
	"models.github.ai": "github_models", "models.inference.ai.azure.com": "github_models", "api.githubcopilot.com": "github_copilot", ".githubcopilot.com": "github_copilot",
	"api.friendli.ai": "friendli", "api.jina.ai": "jina_ai", "ark.cn-beijing.volces.com": "volcengine", "api.lambda.ai": "lambda_ai",
	"api.hyperbolic.xyz": "hyperbolic", "api.inference.wandb.ai": "wandb", "api.siliconflow.com": "siliconflow", "api.siliconflow.cn": "siliconflow",
	"integrate.api.nvidia.com": "nvidia_nim",
}

// serverOf returns the seller whose API has that address, and the region that the
// address names. Both are "" for an address that is not known.
func serverOf(address string) (seller, region string) {
	host := hostOf(address)
	if strings.HasPrefix(host, "bedrock") && (strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn") || strings.HasSuffix(host, ".api.aws")) {
		// bedrock-runtime.us-east-1.amazonaws.com, bedrock-runtime-fips.us-gov-west-1.amazonaws.com
		parts := strings.Split(host, ".")
		return Bedrock, parts[1]
	}
	if id := hosts[host]; id != "" {
		if id == Vertex {
			return id, "global"
		}
		return id, ""
	}
	for i := 1; i < len(host); i++ {
		if host[i] != '.' && host[i] != '-' {
			continue
		}
		if id := hosts[host[i:]]; id != "" {
			// eu.api.openai.com, europe-west1-aiplatform.googleapis.com
			return id, host[:i]
		}
	}
	return "", ""
}

// hostOf is the host of an address that may be a URL or have a port.
func hostOf(address string) string {
	address = strings.ToLower(strings.TrimSpace(address))
	if _, rest, ok := strings.Cut(address, "://"); ok {
		address = rest
	}
	if i := strings.IndexAny(address, "/?#"); i >= 0 {
		address = address[:i]
	}
	if host, port, ok := strings.Cut(address, ":"); ok && digits(port) {
		address = host
	}
	return address
}
