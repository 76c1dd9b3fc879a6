// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package focus

import "strings"

// providers are names of providers as people know them, by their names in price files.
var providers = map[string]string{
	"openai": "OpenAI", "anthropic": "Anthropic", "google": "Google", "vertex": "Google Cloud", "azure": "Microsoft", "bedrock": "AWS",
	"mistral": "Mistral AI", "cohere": "Cohere", "deepseek": "DeepSeek", "xai": "xAI", "perplexity": "Perplexity", "groq": "Groq",
	"openrouter": "OpenRouter", "together": "Together AI", "fireworks": "Fireworks AI", "moonshot": "Moonshot AI", "dashscope": "Alibaba Cloud",
	"voyage": "Voyage AI", "ai21": "AI21 Labs", "databricks": "Databricks", "huggingface": "Hugging Face", "cerebras": "Cerebras",
}

// services are those of providers that sell models of others by a name of their own.
var services = map[string]string{
	"bedrock": "Amazon Bedrock", "azure": "Azure AI Foundry Models", "vertex": "Vertex AI", "google": "Gemini API",
}

// publishers are who made a model, by how its name begins.
var publishers = []struct{ prefix, name string }{
	{"claude", "Anthropic"},
	{"gpt", "OpenAI"},
	{"chatgpt", "OpenAI"},
	{"o1", "OpenAI"},
	{"o3", "OpenAI"},
	{"o4", "OpenAI"},
	{"text-embedding-3", "OpenAI"},
	{"text-embedding-ada", "OpenAI"},
	{"dall-e", "OpenAI"},
	{"whisper", "OpenAI"},
	{"tts", "OpenAI"},
	{"sora", "OpenAI"},
	{"davinci", "OpenAI"},
	{"babbage", "OpenAI"},
	{"gemini", "Google"},
	{"gemma", "Google"},
	{"imagen", "Google"},
	{"veo", "Google"},
	{"llama", "Meta"},
	{"mistral", "Mistral AI"},
	{"ministral", "Mistral AI"},
	{"mixtral", "Mistral AI"},
	{"magistral", "Mistral AI"},
	{"codestral", "Mistral AI"},
	{"devstral", "Mistral AI"},
	{"pixtral", "Mistral AI"},
	{"command", "Cohere"},
	{"nova", "Amazon"},
	{"titan", "Amazon"},
	{"deepseek", "DeepSeek"},
	{"qwen", "Alibaba Cloud"},
	{"qwq", "Alibaba Cloud"},
	{"grok", "xAI"},
	{"kimi", "Moonshot AI"},
	{"glm", "Z.ai"},
	{"minimax", "MiniMax"},
	{"sonar", "Perplexity"},
	{"jamba", "AI21 Labs"},
	{"phi", "Microsoft"},
}

const unknown = "Unknown"

func providerName(provider string) string {
	if provider == "" {
		return unknown
	}
	if name, known := providers[provider]; known {
		return name
	}
	return provider
}

func serviceName(provider string) string {
	if name, known := services[provider]; known {
		return name
	}
	return providerName(provider) + " API"
}

// publisherName is who made the model; the provider, where that is not known.
func publisherName(provider, model string) string {
	name := model
	for _, cut := range []string{"/", "."} { // a route, and the maker in names of Bedrock
		if i := strings.LastIndex(name, cut); i >= 0 && i+1 < len(name) && name[i+1] >= 'a' {
			name = name[i+1:]
		}
	}
	for _, p := range publishers {
		if strings.HasPrefix(name, p.prefix) {
			return p.name
		}
	}
	return providerName(provider)
}
