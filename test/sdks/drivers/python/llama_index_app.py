"""LlamaIndex: complete, chat and stream of OpenAI's and Anthropic's models, and a failure."""
import telemetry
from telemetry import MODELS, call

telemetry.start()
from llama_index.core.llms import ChatMessage
from llama_index.llms.anthropic import Anthropic
from llama_index.llms.openai import OpenAI

openai = OpenAI(model="gpt-4o", api_base=MODELS + "/v1", max_retries=0)
claude = Anthropic(model="claude-sonnet-4-5", base_url=MODELS, max_retries=0)
hello = [ChatMessage(role="user", content="hello")]
for model in (openai, claude):
    call("chat", lambda: model.chat(hello).message.content)
    call("complete", lambda: model.complete("hello").text)
    call("stream", lambda: len(list(model.stream_chat(hello))))
    call("async", lambda: model.achat(hello))
    call("400", lambda: model.chat([ChatMessage(role="user", content="FAIL400")]))
telemetry.stop()
