// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import "strings"

// Sellers that rules depend on.
const (
	Anthropic = "anthropic"
	Bedrock   = "bedrock"
	// Google is the Gemini API, and Vertex the cloud: two sellers, with prices of their own.
	Google = "google"
	Vertex = "vertex"

	azure      = "azure"
	openRouter = "openrouter"
	// local stands for all that run models on the user's own machines, where a
	// price per token of somebody else's would be wrong.
	local = "local"
	// nobody stands for those that are no sellers: frameworks and proxies, which
	// write the seller into the model's name, if anywhere.
	nobody = ""
)

// sellers maps what telemetry and model names call a seller to its identifier in
// price files. The keys are in the form of squeeze: gcp.vertex_ai, GCP Vertex AI and
// gcp-vertex-ai are one name.
var sellers = names(map[string]string{
	"openai":     "openai, openai_responses, openai_chat, text_completion_openai",
	azure:        "azure, azure_ai, azure_openai, az.ai.openai, az.ai.inference, azure.ai.openai, azure.ai.inference, azure_ai_inference, azure_ai_foundry, azure_foundry, microsoft_foundry, azure_openai_responses, azure_text, azure_cognitive_services, microsoft.azure, azure_ai_openai, az.ai.agents, azure.ai.agents",
	Anthropic:    "anthropic, claude, claude_code, anthropic_messages",
	Bedrock:      "bedrock, aws, aws_bedrock, amazon_bedrock, amazon, bedrock_converse, bedrock_runtime, aws_bedrock_runtime, bedrock_mantle, aws_bedrock_converse, bedrock_chat, aws.anthropic",
	Google:       "google, gemini, gcp.gemini, gcp.gen_ai, google_gla, google_genai, google_generative_ai, google_ai, google_ai_studio, google_gemini, google_palm, gemini_api, gen_ai",
	Vertex:       "vertex, vertex_ai, gcp.vertex_ai, google_vertex, google_vertexai, google_vertex_ai, vertex_ai_beta, vertex_anthropic, google_vertex_anthropic, gcp_vertex, vertex_ai_anthropic_models, vertex_ai_language_models, google_anthropic_vertex, google_cloud_vertex_ai, gcp.anthropic",
	"mistral":    "mistral, mistralai, mistral_ai, text_completion_codestral, codestral",
	"cohere":     "cohere, cohere_chat, cohere_ai",
	"groq":       "groq, groq_cloud",
	"deepseek":   "deepseek, deepseek_ai",
	"xai":        "xai, x_ai, grok",
	"voyage":     "voyage, voyageai, voyage_ai",
	"moonshot":   "moonshot, moonshotai, moonshot_ai, kimi",
	"perplexity": "perplexity, perplexity_ai, pplx",
	"zai":        "zai, z_ai, z.ai, zai_org",
	"bigmodel":   "bigmodel, zhipu, zhipuai, zhipu_ai",
	"minimax":    "minimax, minimaxai, minimax_ai",
	"ai21":       "ai21, ai21_labs, ai21_chat",
	"dashscope":  "dashscope, alibaba, alibaba_cloud, aliyun, qwen, tongyi, dashscope_intl, alibaba_dashscope",
	"fireworks":  "fireworks, fireworks_ai",
	"together":   "together, together_ai, togetherai, together_computer",
	"deepinfra":  "deepinfra, deep_infra",
	"cerebras":   "cerebras, cerebras_ai",
	"sambanova":  "sambanova, samba_nova, sambanova_cloud",
	"nebius":     "nebius, nebius_ai, nebius_token_factory",
	"novita":     "novita, novita_ai",
	"baseten":    "baseten",
	"databricks": "databricks, databricks_ai",
	"snowflake":  "snowflake, snowflake_cortex, cortex",
	"replicate":  "replicate",
	"cloudflare": "cloudflare, cloudflare_workers_ai, workers_ai, workersai",
	"watsonx":    "watsonx, ibm.watsonx.ai, ibm_watsonx, watsonx_ai, ibm, watsonx_text",
	"oci":        "oci, oci_genai, oracle, oracle_oci, oci_generative_ai",
	openRouter:   "openrouter, open_router",
	"friendli":   "friendli, friendliai",
	"jina_ai":    "jina, jina_ai, jinaai",
	"volcengine": "volcengine, volcengine_ark, ark, doubao",
	"lambda_ai":  "lambda, lambda_ai, lambda_labs",

	"vercel_ai_gateway": "vercel_ai_gateway, vercel, ai_gateway, gateway, vercel_gateway",

	local: "local, ollama, ollama_chat, vllm, hosted_vllm, lm_studio, lmstudio, llamafile, llama_cpp, llama.cpp, sglang, tgi, text_generation_inference, triton, localai, xinference, mlx, gpt4all, koboldcpp, openllm, docker_model_runner, self_hosted",
	nobody: "litellm, litellm_proxy, unknown, other, _other, none, null, undefined, " +
		"langchain, langgraph, llamaindex, llama_index, strands, strands_agents, agno, crewai, autogen, ag2, haystack, semantic_kernel, pydantic_ai, smolagents, dspy, mastra, microsoft.agent_framework, agent_framework, google_adk, adk, ai_sdk, vercel_ai_sdk, instructor, letta, camel, beeai, spring_ai, langchain4j, genkit, openinference, agentscope, dify, veadk, langflow, flowise, n8n, openai_agents, claude_agent_sdk, voltagent, quarkus, " +
		"portkey, helicone, kong, envoy, envoy_ai_gateway, agentgateway, tensorzero, bifrost, traceloop, plano",
})

// names turns a list by seller into a map by name.
func names(lists map[string]string) map[string]string {
	byName := map[string]string{}
	for seller, list := range lists {
		for name := range strings.SplitSeq(list, ", ") {
			byName[squeeze(name)] = seller
		}
	}
	return byName
}

// squeeze brings the spellings of a name together: letters and digits, in lower case.
func squeeze(name string) string {
	var out strings.Builder
	for _, r := range strings.ToLower(name) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			out.WriteRune(r)
		}
	}
	return out.String()
}

// SellerOf returns the identifier that price files use for a seller as telemetry
// writes it, and whether the name is known. An API behind a dot is cut off
// (openai.chat). What names no seller is "".
func SellerOf(name string) (id string, known bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "" {
		return nobody, true
	}
	for rest := name; ; {
		if id, known := sellers[squeeze(rest)]; known {
			return id, true
		}
		i := strings.LastIndexByte(rest, '.')
		if i < 0 {
			return name, false
		}
		rest = rest[:i]
	}
}

// CanonicalProvider returns whose API a provider's name means. For Vertex it is the
// maker's, whose usage it passes on.
func CanonicalProvider(name string) string {
	id, _ := SellerOf(name)
	if id != Vertex {
		return id
	}
	if strings.Contains(strings.ToLower(name), Anthropic) {
		return Anthropic
	}
	return Google
}

// orgs are the makers of models as routers and hubs write them before a model:
// meta-llama/Llama-3.3-70B-Instruct. They say who made it, not who sells it.
var orgs = map[string]string{
	"openai": "openai", "anthropic": Anthropic, "google": Google, "x-ai": "xai", "xai-org": "xai", "xai": "xai",
	"mistralai": "mistral", "mistral": "mistral", "deepseek-ai": "deepseek", "deepseek": "deepseek", "qwen": "dashscope", "alibaba": "dashscope",
	"moonshotai": "moonshot", "z-ai": "zai", "zai-org": "zai", "thudm": "zai", "zai": "zai", "minimaxai": "minimax", "minimax": "minimax",
	"cohere": "cohere", "coherelabs": "cohere", "cohereforai": "cohere", "perplexity": "perplexity", "ai21": "ai21", "ai21labs": "ai21",
	"amazon": "", "meta": "", "meta-llama": "", "microsoft": "", "nvidia": "", "ibm": "", "ibm-granite": "", "nousresearch": "", "stepfun-ai": "", "bytedance": "",
}

// onlyOrgs are the makers above whose names are no route of a framework: without a
// seller, models of open weights with them may run anywhere.
var onlyOrgs = map[string]bool{
	"x-ai": true, "xai-org": true, "mistralai": true, "deepseek-ai": true, "qwen": true, "moonshotai": true, "z-ai": true,
	"zai-org": true, "thudm": true, "minimaxai": true, "coherelabs": true, "cohereforai": true, "ai21labs": true, "google": true, "openai": true, "alibaba": true,
}
