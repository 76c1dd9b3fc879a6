// What the drivers share: the OpenTelemetry SDK, and the calls. The runner sets MODELS, INSTRUMENT and the OTEL_* variables.
import { NodeSDK } from '@opentelemetry/sdk-node';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';

export const MODELS = process.env.MODELS;
export const INSTRUMENT = (process.env.INSTRUMENT ?? '').split(',').filter(Boolean);
export const AGENT = 'weather_agent', USER = 'user-4711', SESSION = 'session-0815';

// start sets the global tracer provider; more are further options of the SDK.
export function start(more = {}) {
  const sdk = new NodeSDK({ traceExporter: new OTLPTraceExporter(), metricReaders: [], ...more });
  sdk.start();
  return sdk;
}

// call makes a call; one that fails, as some are meant to, does not end the driver.
export async function call(what, make) {
  try {
    console.log(what, 'ok', String(await make()).slice(0, 100));
  } catch (error) {
    console.log(what, error.name, String(error.message).slice(0, 300));
  }
}

export async function drain(stream) {
  let parts = 0;
  for await (const _ of stream) parts++;
  return parts;
}
