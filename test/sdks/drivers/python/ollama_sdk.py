"""Ollama's SDK, whose models cost nothing: chat and generate, streamed and not, embed, a failure."""
import telemetry
from telemetry import MODELS, call

telemetry.start()
import ollama

client = ollama.Client(host=MODELS)
MODEL = "llama3.2"
hello = [{"role": "user", "content": "hello"}]
call("chat", lambda: client.chat(model=MODEL, messages=hello).done)
call("chat stream", lambda: len(list(client.chat(model=MODEL, messages=hello, stream=True))))
call("generate", lambda: client.generate(model=MODEL, prompt="hello").done)
call("embed", lambda: client.embed(model="nomic-embed-text", input="x").model)
call("500", lambda: client.chat(model=MODEL, messages=[{"role": "user", "content": "FAIL500"}]))
telemetry.stop()
