// Coding agents that run in a terminal, asked one question each: Claude Code, Codex and Gemini CLI. Their telemetry is
// log records and metrics, switched on as their documents say.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const { MODELS, INSTRUMENT, OTEL_EXPORTER_OTLP_ENDPOINT: OTLP, HOME } = process.env;
const bin = join(dirname(fileURLToPath(import.meta.url)), 'node_modules', '.bin');

function write(path, content) {
  mkdirSync(dirname(join(HOME, path)), { recursive: true });
  writeFileSync(join(HOME, path), content);
}

const agents = {
  'claude-code': () => ({
    command: ['claude', '-p', 'hello', '--model', 'claude-sonnet-4-5'],
    env: {
      ANTHROPIC_BASE_URL: MODELS, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1',
      CLAUDE_CODE_ENABLE_TELEMETRY: '1', OTEL_LOGS_EXPORTER: 'otlp', OTEL_METRICS_EXPORTER: 'otlp', OTEL_LOGS_EXPORT_INTERVAL: '500',
    },
  }),
  'codex': () => {
    write('.codex/config.toml', `
model = "gpt-5-mini"
model_provider = "standin"
[model_providers.standin]
name = "standin"
base_url = "${MODELS}/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
[otel]
exporter = { otlp-http = { endpoint = "${OTLP}/v1/logs", protocol = "binary" } }
`);
    return { command: ['codex', 'exec', '--skip-git-repo-check', 'hello'], env: {} };
  },
  'gemini-cli': () => {
    write('.gemini/settings.json', JSON.stringify({
      telemetry: { enabled: true, target: 'local', otlpEndpoint: OTLP, otlpProtocol: 'http', logPrompts: false },
      security: { auth: { selectedType: 'gemini-api-key' } },
    }));
    return { command: ['gemini', '-m', 'gemini-2.5-flash', '-p', 'hello'], env: { GOOGLE_GEMINI_BASE_URL: MODELS, GEMINI_CLI_TRUST_WORKSPACE: 'true' } };
  },
};

const { command, env } = agents[INSTRUMENT]();
const child = spawn(join(bin, command[0]), command.slice(1), { env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'inherit'] });
const timeout = setTimeout(() => child.kill(), 100_000);
child.on('exit', (code) => {
  clearTimeout(timeout);
  process.exitCode = code ?? 1;
});
