"""The LiteLLM proxy with its OpenTelemetry callback, in front of OpenAI's and Anthropic's models: chat, streamed and not, a failure."""
import os
import socket
import subprocess
import sys
import time
import urllib.request

import openai

MODELS = os.environ["MODELS"]
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
with open("config.yaml", "w") as file:
    file.write(f"""
model_list:
  - model_name: gpt-4o
    litellm_params: {{model: openai/gpt-4o, api_base: "{MODELS}/v1", api_key: sk-standin, max_retries: 0}}
  - model_name: claude
    litellm_params: {{model: anthropic/claude-sonnet-4-5, api_base: "{MODELS}", api_key: sk-standin, max_retries: 0}}
general_settings: {{master_key: sk-standin-of-the-proxy}}
litellm_settings: {{callbacks: [otel], num_retries: 0}}
""")
command = [os.path.join(os.path.dirname(sys.executable), "litellm"), "--config", "config.yaml", "--host", "127.0.0.1", "--port", str(port)]
env = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "OTEL_EXPORTER": "otlp_http", "OTEL_ENDPOINT": os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"]}
proxy = subprocess.Popen([sys.executable, *command], env=env)
try:
    for _ in range(900):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/liveliness", timeout=2)
            break
        except OSError:
            time.sleep(0.1)
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="sk-standin-of-the-proxy", max_retries=0)

    def chat(model="gpt-4o", text="hello", **more):
        return client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}], **more)

    for model in ("gpt-4o", "claude"):
        for _ in range(2):
            print(model, chat(model).id)
        for _ in range(2):
            print(model, "stream", len(list(chat(model, stream=True, stream_options={"include_usage": True}))))
    try:
        chat(text="FAIL429")
    except openai.APIError as error:
        print("429", type(error).__name__)
    time.sleep(6)  # the proxy sends what it has in its own time
finally:
    proxy.terminate()
    proxy.wait(20)
