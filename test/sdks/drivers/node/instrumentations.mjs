// OpenAI's and Anthropic's SDKs and LangChain in Node, with what INSTRUMENT names: chat, responses, messages, streams, failures.
import { createRequire } from 'node:module';

import { AGENT, INSTRUMENT, MODELS, SESSION, USER, call, drain, start } from './telemetry.mjs';

const on = (name) => INSTRUMENT.includes(name);
let options = {};
if (on('langfuse')) {
  const { LangfuseSpanProcessor } = await import('@langfuse/otel');
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
  const processor = new LangfuseSpanProcessor({ publicKey: 'pk-standin', secretKey: 'sk-standin', exporter: new OTLPTraceExporter() });
  options = { traceExporter: undefined, spanProcessors: [processor] };
}
if (on('official-openai')) {
  const { OpenAIInstrumentation } = await import('@opentelemetry/instrumentation-openai');
  options = { instrumentations: [new OpenAIInstrumentation()] };
}
const sdk = start(options);
// The official instrumentation wraps what is loaded with require.
const OpenAI = createRequire(import.meta.url)('openai').default;
const { default: Anthropic } = await import('@anthropic-ai/sdk');
const callbackManager = await import('@langchain/core/callbacks/manager');

if (on('openinference-openai')) new (await import('@arizeai/openinference-instrumentation-openai')).OpenAIInstrumentation().manuallyInstrument(OpenAI);
if (on('openinference-anthropic')) new (await import('@arizeai/openinference-instrumentation-anthropic')).AnthropicInstrumentation().manuallyInstrument(Anthropic);
if (on('openinference-langchain')) new (await import('@arizeai/openinference-instrumentation-langchain')).LangChainInstrumentation().manuallyInstrument(callbackManager);
if (on('traceloop-openai')) new (await import('@traceloop/instrumentation-openai')).OpenAIInstrumentation().manuallyInstrument(OpenAI);
if (on('traceloop-anthropic')) new (await import('@traceloop/instrumentation-anthropic')).AnthropicInstrumentation().manuallyInstrument({ Anthropic });
if (on('traceloop-langchain')) new (await import('@traceloop/instrumentation-langchain')).LangChainInstrumentation().manuallyInstrument({ callbackManagerModule: callbackManager });

const ask = (content) => [{ role: 'user', content }];

async function openai() {
  let client = new OpenAI({ baseURL: MODELS + '/v1', maxRetries: 0 });
  if (on('langfuse')) client = (await import('@langfuse/openai')).observeOpenAI(client, { userId: USER, sessionId: SESSION });
  const chat = (content, more) => client.chat.completions.create({ model: 'gpt-4o', messages: ask(content), ...more });
  await call('chat', async () => (await chat('hello')).id);
  await call('chat stream', async () => drain(await chat('hello', { stream: true, stream_options: { include_usage: true } })));
  await call('chat with reasoning', async () => (await chat('hello', { model: 'gpt-5-mini' })).id);
  await call('responses', async () => (await client.responses.create({ model: 'gpt-5-mini', input: 'hello' })).id);
  await call('responses stream', async () => drain(await client.responses.create({ model: 'gpt-5-mini', input: 'hello', stream: true })));
  await call('embeddings', async () => (await client.embeddings.create({ model: 'text-embedding-3-small', input: 'x' })).model);
  await call('chat 429', async () => chat('FAIL429'));
}

async function anthropic() {
  const client = new Anthropic({ baseURL: MODELS, maxRetries: 0 });
  const message = (content, more) => client.messages.create({ model: 'claude-sonnet-4-5', max_tokens: 100, messages: ask(content), ...more });
  for (let i = 0; i < 2; i++) await call('message', async () => (await message('hello')).id);
  for (let i = 0; i < 2; i++) await call('stream', async () => drain(await message('hello', { stream: true })));
  await call('429', async () => message('FAIL429'));
}

async function langchain() {
  const { ChatOpenAI } = await import('@langchain/openai');
  const { ChatAnthropic } = await import('@langchain/anthropic');
  const { createAgent, tool } = await import('langchain');
  const { z } = await import('zod');
  const model = (more) => new ChatOpenAI({ model: 'gpt-4o', maxRetries: 0, configuration: { baseURL: MODELS + '/v1' }, ...more });
  const claude = new ChatAnthropic({ model: 'claude-sonnet-4-5', maxRetries: 0, anthropicApiUrl: MODELS });
  await call('invoke', async () => (await model().invoke('hello')).content);
  await call('stream', async () => drain(await model().stream('hello')));
  await call('responses', async () => (await model({ model: 'gpt-5-mini', useResponsesApi: true }).invoke('hello')).id);
  await call('429', async () => (await model().invoke('FAIL429')).content);
  for (let i = 0; i < 2; i++) await call('claude', async () => (await claude.invoke('hello')).content);
  const weather = tool(async () => 'sunny', { name: 'get_weather', description: 'the weather of a city', schema: z.object({ city: z.string() }) });
  await call('agent', async () => {
    const agent = createAgent({ model: model(), tools: [weather], name: AGENT });
    const state = await agent.invoke({ messages: ask('USE-TOOL AS-AGENT AS-USER weather') }, { metadata: { user_id: USER, session_id: SESSION } });
    return state.messages.at(-1).content;
  });
}

const clients = { openai, anthropic, langchain };
for (const name of process.env.CLIENTS.split(',')) await clients[name]();
await new Promise((resolve) => setTimeout(resolve, 300)); // some end their spans after the response
await sdk.shutdown();
