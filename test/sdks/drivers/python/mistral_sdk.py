"""Mistral's SDK: chat, streamed and not, embeddings, a failure."""
import telemetry
from telemetry import MODELS, call

telemetry.start()
try:
    from mistralai.client import Mistral
except ImportError:
    from mistralai import Mistral

client = Mistral(api_key="standin", server_url=MODELS)
MODEL = "mistral-large-latest"


def chat(text="hello"):
    return client.chat.complete(model=MODEL, messages=[{"role": "user", "content": text}]).id


call("chat", chat)
call("chat again", chat)
call("stream", lambda: len(list(client.chat.stream(model=MODEL, messages=[{"role": "user", "content": "hello"}]))))
call("embeddings", lambda: client.embeddings.create(model="mistral-embed", inputs=["x"]).model)
call("400", lambda: chat("FAIL400"))
telemetry.stop()
