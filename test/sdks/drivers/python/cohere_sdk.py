"""Cohere's SDK: chat, streamed and not, embed, rerank, a failure."""
import telemetry
from telemetry import MODELS, call

telemetry.start()
import cohere

client = cohere.ClientV2(api_key="standin", base_url=MODELS)
MODEL = "command-r-plus-08-2024"


def chat(text="hello"):
    return client.chat(model=MODEL, messages=[{"role": "user", "content": text}]).id


call("chat", chat)
call("chat again", chat)
call("stream", lambda: len(list(client.chat_stream(model=MODEL, messages=[{"role": "user", "content": "hello"}]))))
call("400", lambda: chat("FAIL400"))
telemetry.stop()
