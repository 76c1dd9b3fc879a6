// Vercel's AI SDK, versions 5 to 7: text and streams of OpenAI, Anthropic and Gemini, a tool loop, an embedding, failures.
import { AGENT, INSTRUMENT, MODELS, SESSION, USER, call, drain, start } from './telemetry.mjs';

const sdk = start();
const ai = await import('ai');
const { createOpenAI } = await import('@ai-sdk/openai');
const { createAnthropic } = await import('@ai-sdk/anthropic');
const { createGoogleGenerativeAI } = await import('@ai-sdk/google');
const { z } = await import('zod');

const openai = createOpenAI({ baseURL: MODELS + '/v1', apiKey: 'standin' });
const anthropic = createAnthropic({ baseURL: MODELS + '/v1', apiKey: 'standin' });
const google = createGoogleGenerativeAI({ baseURL: MODELS + '/v1beta', apiKey: 'standin' });

const settings = { isEnabled: true, functionId: AGENT, metadata: { userId: USER, sessionId: SESSION } };
// Version 7 has telemetry as an integration of its own, under another name.
const telemetry = INSTRUMENT.includes('vercel-telemetry') ? { telemetry: settings } : { experimental_telemetry: settings };
if (INSTRUMENT.includes('vercel-otel')) {
  const { OpenTelemetry } = await import('@ai-sdk/otel');
  (ai.registerTelemetry ?? ai.registerTelemetryIntegration)(new OpenTelemetry());
}
const common = { ...telemetry, maxRetries: 0 };
const tools = {
  get_weather: ai.tool({ description: 'the weather of a city', inputSchema: z.object({ city: z.string() }), execute: async () => 'sunny' }),
};
const stopWhen = (ai.stepCountIs ?? ai.isStepCount)(5);
const models = { responses: openai('gpt-5-mini'), chat: openai.chat('gpt-4o'), anthropic: anthropic('claude-sonnet-4-5'), gemini: google('gemini-2.5-flash') };

for (const [name, model] of Object.entries(models)) {
  const prompt = 'hello AS-AGENT AS-USER';
  await call(name, async () => (await ai.generateText({ model, prompt, ...common })).text);
  await call(name + ' tool', async () => (await ai.generateText({ model, prompt: 'USE-TOOL AS-AGENT AS-USER weather', tools, stopWhen, ...common })).text);
  await call(name + ' stream', async () => drain(ai.streamText({ model, prompt, onError: () => {}, ...common }).textStream));
  await call(name + ' 429', async () => (await ai.generateText({ model, prompt: 'FAIL429', ...common })).text);
}
await call('flaky', async () => (await ai.generateText({ model: models.chat, prompt: 'FLAKY', ...telemetry, maxRetries: 2 })).text);
await call('embedding', async () => (await ai.embed({ model: (openai.textEmbeddingModel ?? openai.embedding)('text-embedding-3-small'), value: 'x', ...telemetry })).usage.tokens);
await sdk.shutdown();
