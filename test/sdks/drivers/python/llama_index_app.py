"""LlamaIndex: complete, chat and stream of OpenAI's model, and a failure."""
import telemetry
from telemetry import MODELS, call

telemetry.start()
from llama_index.core.llms import ChatMessage
from llama_index.llms.openai import OpenAI

openai = OpenAI(model="gpt-4o", api_base=MODELS + "/v1", max_retries=0)
hello = [ChatMessage(role="user", content="hello")]
call("chat", lambda: openai.chat(hello).message.content)
call("complete", lambda: openai.complete("hello").text)
call("stream", lambda: len(list(openai.stream_chat(hello))))
call("async", lambda: openai.achat(hello))
call("400", lambda: openai.chat([ChatMessage(role="user", content="FAIL400")]))
telemetry.stop()
