"""LiteLLM's SDK: completions of OpenAI and Anthropic, streamed and not, responses, embeddings, failures."""
import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import telemetry
from telemetry import INSTRUMENT, MODELS, call

telemetry.start()
import litellm

if "litellm-otel" in INSTRUMENT:
    litellm.callbacks = ["otel"]
hello = [{"role": "user", "content": "hello"}]
more = {"metadata": {}}


def chat(text="hello", **more):
    return litellm.completion(model="openai/gpt-4o", messages=[{"role": "user", "content": text}], api_base=MODELS + "/v1", num_retries=0, max_retries=0, **more)


def claude(text="hello", **more):
    return litellm.completion(model="anthropic/claude-sonnet-4-5", messages=[{"role": "user", "content": text}], api_base=MODELS, num_retries=0, max_retries=0, **more)


async def asynchronous():
    return (await litellm.acompletion(model="openai/gpt-4o", messages=hello, api_base=MODELS + "/v1")).id


def drain(stream):
    return len(list(stream))


call("chat", lambda: chat().id)
call("chat stream", lambda: drain(chat(stream=True, stream_options={"include_usage": True})))
call("async", asynchronous)
call("responses", lambda: litellm.responses(model="openai/gpt-5-mini", input="hello", api_base=MODELS + "/v1").id)
call("embeddings", lambda: litellm.embedding(model="openai/text-embedding-3-small", input=["x"], api_base=MODELS + "/v1").model)
for _ in range(2):
    call("claude", lambda: claude().id)
for _ in range(2):
    call("claude stream", lambda: drain(claude(stream=True, stream_options={"include_usage": True})))
call("gemini", lambda: litellm.completion(model="gemini/gemini-2.5-flash", messages=hello, api_base=MODELS, api_key="standin").id)
call("429", lambda: chat("FAIL429"))
call("claude 500", lambda: claude("FAIL500"))
import time

time.sleep(2)  # its callbacks run in threads of their own, which nothing waits for
telemetry.stop()
